from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg.conninfo import make_conninfo

from backline.kernel.kit.ids import new_id
from backline.kernel.outbox import facts, models, tasks
from backline.kernel.outbox.deliveries import deliver, send_again
from backline.kernel.outbox.facts import Effect, publish, subscribe


@dataclass(frozen=True, slots=True)
class BellRang(facts.Fact):
    """A bell rang, for these tests."""

    name: ClassVar = "tests.bell_rang"
    bell_id: UUID
    times: int

    @property
    def topic(self) -> str:
        return f"bell:{self.bell_id}"


heard: list[BellRang] = []
broken: list[str] = []


@subscribe(BellRang, "tests.hear_bell", max_attempts=3)
def hear_bell(fact: BellRang) -> None:
    if broken:
        raise RuntimeError(broken[0])
    heard.append(fact)


@subscribe(BellRang, "tests.hear_bell_too")
def hear_bell_too(fact: BellRang) -> None:
    heard.append(fact)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    heard.clear()
    broken.clear()
    yield
    broken.clear()


def delivery_of(subscriber: str) -> models.Delivery:
    return models.Delivery.objects.get(subscriber=subscriber)


@pytest.mark.django_db
def test_a_fact_brings_one_delivery_and_one_job_per_subscriber() -> None:
    fact = BellRang(new_id(), 3)

    fact_id = publish(fact)

    stored = models.Fact.objects.get(id=fact_id)
    assert (stored.name, stored.data) == ("tests.bell_rang", {"bell_id": str(fact.bell_id), "times": 3})
    assert sorted(models.Delivery.objects.values_list("subscriber", flat=True)) == [
        "tests.hear_bell",
        "tests.hear_bell_too",
    ]
    assert ProcrastinateJob.objects.filter(task_name="outbox.deliver").count() == 2


@pytest.mark.django_db
def test_an_effect_happens_once_however_often_it_is_delivered() -> None:
    fact = BellRang(new_id(), 1)
    publish(fact)
    delivery = delivery_of("tests.hear_bell")

    assert [deliver(delivery.id), deliver(delivery.id)] == [Effect.DONE, Effect.ALREADY_DONE]

    assert heard == [fact]
    assert delivery_of("tests.hear_bell_too").state == "pending"


@pytest.mark.django_db
def test_what_keeps_failing_becomes_a_dead_letter_that_can_be_sent_again() -> None:
    publish(BellRang(new_id(), 1))
    delivery = delivery_of("tests.hear_bell")
    broken.append("no ears")

    effects = [deliver(delivery.id) for _ in range(3)]

    assert effects == [Effect.FAILED, Effect.FAILED, Effect.DEAD]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("dead", 3, "RuntimeError: no ears")
    assert tasks.dead_letters() == 1
    send_again(delivery)
    with pytest.raises(tasks.DeliveryFailed):
        tasks.deliver_fact(str(delivery.id))
    broken.clear()
    assert deliver(delivery.id) is Effect.DONE
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_published_nothing() -> None:
    jobs = ProcrastinateJob.objects.count()
    with transaction.atomic():
        publish(BellRang(new_id(), 1))
        transaction.set_rollback(True)

    assert models.Fact.objects.count() == 0
    assert models.Delivery.objects.count() == 0
    assert ProcrastinateJob.objects.count() == jobs


@pytest.mark.django_db(transaction=True)
def test_publishing_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        publish(BellRang(new_id(), 1))

    assert models.Fact.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_listeners_hear_a_fact_when_it_commits() -> None:
    fact = BellRang(new_id(), 2)
    with psycopg.connect(_conninfo(), autocommit=True) as listener:
        listener.execute("LISTEN backline_facts")
        with transaction.atomic():
            fact_id = publish(fact)
            assert list(listener.notifies(timeout=0, stop_after=1)) == []
        (notice,) = listener.notifies(timeout=5, stop_after=1)

    assert notice.payload == (
        f'{{"id":"{fact_id}","topic":"bell:{fact.bell_id}","name":"tests.bell_rang",'
        f'"data":{{"bell_id":"{fact.bell_id}","times":2}}}}'
    )


def _conninfo() -> str:
    values = connection.settings_dict
    return make_conninfo(
        dbname=values["NAME"],
        user=values["USER"],
        password=values["PASSWORD"],
        host=values["HOST"],
        port=values["PORT"],
    )


def test_two_subscribers_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two subscribers"):
        subscribe(BellRang, "tests.hear_bell")(hear_bell)
