"""What a fact is, how it is published, and how a module subscribes.

@dataclass(frozen=True, slots=True)
class TrackPublished(Fact):
    \"\"\"A track became audible to everyone.\"\"\"
    name: ClassVar = "catalog.track_published"
    track_id: UUID

@subscribe(TrackPublished, "social.tell_followers")
def tell_followers(fact: TrackPublished) -> None: ...
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from pydantic import TypeAdapter

from backline.kernel.kit.ids import instant_of, new_id
from backline.kernel.outbox import models
from backline.kernel.outbox.jobs import Lane, defer

NOTIFY_CHANNEL = "backline_facts"
NOTIFY_LIMIT = 7900  # bytes; Postgres refuses payloads of 8000 and more


@dataclass(frozen=True, slots=True)
class Fact:
    """The base of all facts: frozen, with values that JSON can carry."""

    name: ClassVar[str]

    @property
    def topic(self) -> str:
        """The live topic whose listeners hear this fact at once ("artist:<id>"); empty: none."""
        return ""


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who reacts to one kind of fact, in a lane, with a number of attempts before giving up."""

    name: str
    fact_type: type[Fact]
    handle: Callable[[Fact], None]
    lane: Lane
    max_attempts: int


class Effect(StrEnum):
    """What a delivery attempt came to."""

    DONE = "done"
    ALREADY_DONE = "already_done"
    FAILED = "failed"
    DEAD = "dead"


_by_fact: dict[str, list[Subscriber]] = {}
_by_name: dict[str, Subscriber] = {}


def subscribe(
    fact_type: type[F], name: str, *, lane: Lane = Lane.DEFAULT, max_attempts: int = 8
) -> Callable[[Callable[[F], None]], Callable[[F], None]]:
    """Register a handler under its dotted name. The handler must be idempotent and one step long.

    Registering the same name twice raises ValueError: names are keys in the database.
    """

    def register(handle: Callable[[F], None]) -> Callable[[F], None]:
        if name in _by_name:
            raise ValueError(f"two subscribers call themselves {name}")
        subscriber = Subscriber(name, fact_type, handle, lane, max_attempts)  # type: ignore[arg-type]
        _by_name[name] = subscriber
        _by_fact.setdefault(fact_type.name, []).append(subscriber)
        return handle

    return register


def subscriber_called(name: str) -> Subscriber | None:
    """The subscriber of that name, or None where the code that had it is gone."""
    return _by_name.get(name)


def load(fact_type: type[F], data: object) -> F:
    """A fact from its stored JSON. Raises pydantic.ValidationError when the shape has changed under it."""
    return TypeAdapter(fact_type).validate_python(data)


def publish(fact: Fact, *, actor_id: UUID | None = None) -> UUID:
    """Write the fact and a delivery and job for each subscriber, in the current transaction; returns the fact's id.

    Live listeners of its topic are told when the transaction commits, and never if it does not. Raises RuntimeError
    outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a fact is published inside the transaction that made it true")
    data = TypeAdapter(type(fact)).dump_python(fact, mode="json")
    fact_id = new_id()
    at = instant_of(fact_id)
    models.Fact.objects.create(
        id=fact_id, occurred_at=at, name=fact.name, actor_id=actor_id, topic=fact.topic, data=data
    )
    for subscriber in _by_fact.get(fact.name, ()):
        delivery = models.Delivery(subscriber=subscriber.name, fact_id=fact_id, fact_at=at)
        delivery.save(force_insert=True)
        defer("outbox.deliver", lane=subscriber.lane, delivery_id=str(delivery.id))
    if fact.topic:
        _notify(fact_id, fact, data)
    return fact_id


def _notify(fact_id: UUID, fact: Fact, data: object) -> None:
    payload = orjson.dumps({"id": str(fact_id), "topic": fact.topic, "name": fact.name, "data": data})
    if len(payload) > NOTIFY_LIMIT:
        payload = orjson.dumps({"id": str(fact_id), "topic": fact.topic, "name": fact.name, "data": None})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [NOTIFY_CHANNEL, payload.decode()])
