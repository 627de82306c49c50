"""The fact log and the deliveries of each fact."""

from typing import ClassVar

from django.db import models

from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.models import Row
from backline.kernel.kit.rows import RowPolicies


class Fact(models.Model):
    """One thing that happened. Append-only, partitioned by month of `occurred_at`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    occurred_at = models.DateTimeField(default=now, editable=False)
    name = models.CharField(max_length=100)
    actor_id = models.UUIDField(null=True)
    topic = models.CharField(max_length=100, blank=True)
    data = models.JSONField()

    rows: ClassVar = RowPolicies(
        read="{staff} OR (topic <> '' AND topic = current_setting('backline.topic', true))",
        insert="actor_id IS NULL OR actor_id = {actor}",
        is_append_only=True,
    )

    class Meta:
        db_table = "outbox_fact"
        indexes = (
            models.Index(fields=("topic", "id"), name="outbox_fact_topic"),
            models.Index(fields=("name", "id"), name="outbox_fact_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class DeliveryState(models.TextChoices):
    """Where a delivery is: waiting (or being retried), done, or given up."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class Delivery(Row):
    """One fact on its way to one subscriber."""

    subscriber = models.CharField(max_length=100)
    fact_id = models.UUIDField()
    fact_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    # The web process only adds deliveries; reading and sending again is for the staff.
    rows: ClassVar = RowPolicies(read="{staff}", insert="true", update="{staff}")

    class Meta:
        db_table = "outbox_delivery"
        verbose_name_plural = "deliveries"
        constraints = (models.UniqueConstraint(fields=("subscriber", "fact_id"), name="outbox_delivery_once"),)
        indexes = (
            models.Index(fields=("-created_at",), name="outbox_delivery_dead", condition=models.Q(state="dead")),
        )

    def __str__(self) -> str:
        return f"{self.subscriber} <- {self.fact_id}"
