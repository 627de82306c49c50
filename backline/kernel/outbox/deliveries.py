"""One delivery of one fact to one subscriber: its effect happens once, or it says why not.

The handler runs in the transaction that marks the delivery done: either both happen or neither.
"""

from uuid import UUID

import structlog
from django.db import transaction

from backline.kernel.kit.clock import now
from backline.kernel.outbox import models
from backline.kernel.outbox.facts import Effect, Subscriber, load, subscriber_called
from backline.kernel.outbox.jobs import defer

log = structlog.get_logger("outbox")


def deliver(delivery_id: str | UUID) -> Effect:
    """Run the subscriber's handler unless that was done before; a failure is recorded, with its cause."""
    try:
        return _deliver_once(delivery_id)
    except Exception as error:
        log.exception("outbox.delivery_failed", delivery_id=str(delivery_id))
        return _record_failure(delivery_id, f"{type(error).__name__}: {error}")


@transaction.atomic
def _deliver_once(delivery_id: str | UUID) -> Effect:
    # Two workers can hold a job for the same delivery (a rescued job whose first worker was only slow): the row lock
    # makes the second wait until the first has marked it done, and then find nothing to do.
    delivery = models.Delivery.objects.select_for_update().get(id=delivery_id)
    if delivery.state == models.DeliveryState.DONE:
        return Effect.ALREADY_DONE
    subscriber = _subscriber_of(delivery)
    fact = models.Fact.objects.get(id=delivery.fact_id, occurred_at=delivery.fact_at)
    subscriber.handle(load(subscriber.fact_type, fact.data))
    delivery.state = models.DeliveryState.DONE
    delivery.done_at = now()
    delivery.attempts += 1
    delivery.save(update_fields=("state", "done_at", "attempts"))
    return Effect.DONE


class NoSuchSubscriber(Exception):
    """The code that subscribed is gone; the delivery becomes a dead letter."""


def _subscriber_of(delivery: models.Delivery) -> Subscriber:
    subscriber = subscriber_called(delivery.subscriber)
    if subscriber is None:
        raise NoSuchSubscriber(delivery.subscriber)
    return subscriber


@transaction.atomic
def _record_failure(delivery_id: str | UUID, cause: str) -> Effect:
    delivery = models.Delivery.objects.select_for_update().get(id=delivery_id)
    if delivery.state == models.DeliveryState.DONE:
        return Effect.ALREADY_DONE
    subscriber = subscriber_called(delivery.subscriber)
    delivery.attempts += 1
    delivery.last_error = cause[:2000]
    is_dead = subscriber is None or delivery.attempts >= subscriber.max_attempts
    if is_dead:
        delivery.state = models.DeliveryState.DEAD
    delivery.save(update_fields=("state", "attempts", "last_error"))
    return Effect.DEAD if is_dead else Effect.FAILED


@transaction.atomic
def send_again(delivery: models.Delivery) -> None:
    """Give a dead letter a new life: attempts start from zero."""
    locked = models.Delivery.objects.select_for_update().get(id=delivery.id)
    if locked.state != models.DeliveryState.DEAD:
        return
    subscriber = subscriber_called(locked.subscriber)
    if subscriber is None:
        raise NoSuchSubscriber(locked.subscriber)
    locked.state = models.DeliveryState.PENDING
    locked.attempts = 0
    locked.save(update_fields=("state", "attempts"))
    defer("outbox.deliver", lane=subscriber.lane, delivery_id=str(locked.id))
