"""Lists are paged by cursor: the place where the last page ended, not a number of rows to skip.

A cursor stays right while rows arrive, costs the same on page one and page one thousand, and is opaque to clients.
Every list answers `{"items": [...], "next_cursor": "..."}`; the last page's cursor is null.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson
from django.db import models
from django.db.models import Q

from backline.kernel.kit.errors import Malformed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)


class BadCursor(Malformed):
    """The cursor was not made by this list."""

    code = "bad_cursor"
    title = "That cursor does not belong to this list: start again without one"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and the cursor of the next one (None: this is the last)."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(at: datetime, id_: UUID) -> str:
    """The cursor of a row in a list sorted by (instant, id)."""
    raw = orjson.dumps([at.isoformat(), str(id_)])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The instant and id of a cursor. Raises BadCursor."""
    try:
        at, id_ = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise BadCursor
        return instant, UUID(id_)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise BadCursor from error


def page_newest_first(rows: "models.QuerySet[M]", *, by: str, cursor: str | None, limit: int) -> Page[M]:
    """A page of `rows` ordered by the instant field `by`, then id, both descending: one query.

    Give the queryset an index on (by, id). `limit` is clamped to 1..MAX_LIMIT.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    ordered = rows.order_by(f"-{by}", "-id")
    if cursor:
        at, id_ = decode_cursor(cursor)
        ordered = ordered.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "id__lt": id_}))
    found = list(ordered[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    return Page(found[:limit], encode_cursor(getattr(last, by), last.pk))
