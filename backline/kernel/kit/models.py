"""The shapes that rows share: a UUIDv7 id, the instant of birth, and deletion that keeps the row.

Content is never hard-deleted: `deleted_at` is set and the ordinary manager no longer sees it; `with_deleted` does.
Every model of ours carries `rows`, the declaration of who may read and write its rows (see `rows.py`).
"""

from typing import ClassVar

from django.db import models

from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.rows import RowPolicies


class Row(models.Model):
    """A row of ours: UUIDv7 id and `created_at`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True


class Content(Row):
    """A row that people make, change and delete; deletion is an instant, not an absence."""

    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class RateState(models.Model):
    """The one counter of a rate limit: the theoretical arrival time of the next request (see `limits.py`)."""

    key = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField(db_index=True)

    rows: ClassVar = RowPolicies(read="true", insert="true", update="true", worker_may_delete=True)

    class Meta:
        db_table = "kit_ratestate"

    def __str__(self) -> str:
        return self.key
