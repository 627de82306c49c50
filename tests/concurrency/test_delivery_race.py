"""Two workers with the same delivery: a job that was rescued while its first worker was only slow."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from unittest import mock

import pytest
from django.db import connection, models, transaction

from backline.kernel.outbox.deliveries import deliver
from backline.kernel.outbox.facts import Effect, Fact, publish, subscribe
from backline.kernel.outbox.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

rung: list[int] = []


@dataclass(frozen=True, slots=True)
class GongRang(Fact):
    """A gong rang, for these tests."""

    name: ClassVar = "tests.gong_rang"
    times: int


@subscribe(GongRang, "tests.slowly_hear_gong")
def slowly_hear_gong(fact: GongRang) -> None:
    time.sleep(0.3)  # long enough for the other worker to come in between
    rung.append(fact.times)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    rung.clear()
    yield
    rung.clear()


def deliver_twice_at_once() -> list[Effect]:
    with transaction.atomic():
        publish(GongRang(1))
    delivery = Delivery.objects.get()
    effects: list[Effect] = []
    both = threading.Barrier(2)

    def work() -> None:
        both.wait()
        try:
            effects.append(deliver(delivery.id))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(effects)


def test_the_effect_happens_once() -> None:
    assert deliver_twice_at_once() == [Effect.ALREADY_DONE, Effect.DONE]
    assert rung == [1]


def test_without_the_lock_it_would_happen_twice() -> None:
    def unlocked(self: "models.QuerySet[Delivery]", **options: object) -> "models.QuerySet[Delivery]":
        return self.all()

    with mock.patch.object(models.QuerySet, "select_for_update", unlocked):
        effects = deliver_twice_at_once()

    assert effects == [Effect.DONE, Effect.DONE]
    assert rung == [1, 1]
