"""Job entry points of the outbox: deliver one fact, rescue what a killed worker left, keep the tables tidy."""

import structlog
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from backline.kernel.kit import limits, partitions
from backline.kernel.kit.clock import now
from backline.kernel.outbox import models
from backline.kernel.outbox.deliveries import deliver
from backline.kernel.outbox.facts import Effect
from backline.kernel.outbox.jobs import job_manager

log = structlog.get_logger("outbox")

HEARTBEAT_S = 3.0
STALLED_AFTER_S = 15.0


class DeliveryFailed(Exception):
    """A handler raised; the delivery holds the cause and will be tried again."""


@app.task(name="outbox.deliver", retry=RetryStrategy(max_attempts=20, exponential_wait=3))
def deliver_fact(delivery_id: str) -> None:
    """Deliver one fact to one subscriber; raises DeliveryFailed so that the queue tries again later."""
    if deliver(delivery_id) is Effect.FAILED:
        raise DeliveryFailed(delivery_id)


def rescue_stalled_jobs() -> int:
    """Put back jobs whose worker stopped sending its heartbeat (it was killed); returns how many."""
    rescued = 0
    manager = job_manager()
    for job in async_to_sync(manager.get_stalled_jobs)(seconds_since_heartbeat=STALLED_AFTER_S):
        async_to_sync(manager.retry_job)(job, retry_at=now())
        log.warning("outbox.job_rescued", job_id=job.id, task=job.task_name)
        rescued += 1
    return rescued


@app.periodic(cron="* * * * * */10")  # the last field is seconds
@app.task(name="outbox.rescue_stalled", queueing_lock="outbox.rescue_stalled")
def rescue_stalled(timestamp: int) -> None:
    """Every ten seconds: rescue the jobs of workers that died."""
    rescue_stalled_jobs()


@app.periodic(cron="17 3 * * *")
@app.task(name="outbox.tidy", queueing_lock="outbox.tidy")
def tidy(timestamp: int) -> None:
    """Every night: make next months' partitions, forget finished jobs older than a week and old counters."""
    for table in partitions.partitioned_tables():
        partitions.add_months(table, now().date(), 12)
    limits.forget_old_counters()
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE status = 'succeeded' AND NOT EXISTS (SELECT 1 FROM"
            " procrastinate_events e WHERE e.job_id = j.id AND e.at > clock_timestamp() - interval '7 days')"
        )


def dead_letters() -> int:
    """How many deliveries were given up and wait for a person."""
    return models.Delivery.objects.filter(state=models.DeliveryState.DEAD).count()
