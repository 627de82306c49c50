import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.kernel.kit import limits
from backline.kernel.kit.errors import TooMany
from backline.kernel.kit.limits import MemoryCounter, PostgresCounter, RateLimit, RedisCounter
from backline.kernel.kit.models import RateState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_limit_is_read_and_written() -> None:
    assert RateLimit.parse("10/5m") == RateLimit(10, 300)
    assert RateLimit.parse("3/s") == RateLimit(3, 1)
    assert str(RateLimit(10, 300)) == "10/5m"
    assert str(RateLimit(7, 3600)) == "7/h"
    for text in ("", "10", "0/5m", "10/0m", "-1/m", "10/5y", "ten/m"):
        with pytest.raises(ValueError, match="must look like"):
            RateLimit.parse(text)


@given(st.integers(1, 20), st.integers(1, 600))
def test_exactly_so_many_fit_at_once_and_one_more_after_the_wait(count: int, period_s: int) -> None:
    clock, limit = Clock(), RateLimit(count, period_s)
    counter = MemoryCounter(clock=clock)

    served = [counter.hit("k", limit) for _ in range(count)]
    wait_s = counter.hit("k", limit)

    assert served == [0.0] * count
    assert 0 < wait_s <= limit.spacing_s + 1e-6
    clock.now += wait_s + 1e-6
    assert counter.hit("k", limit) == 0.0
    assert counter.hit("k", limit) > 0


def test_memory_forgets_the_least_used_when_full() -> None:
    counter, limit = MemoryCounter(capacity=2), RateLimit(1, 60)

    for key in ("a", "b", "c"):
        assert counter.hit(key, limit) == 0.0

    assert counter.hit("a", limit) == 0.0
    assert counter.hit("c", limit) > 0


@pytest.mark.django_db
def test_postgres_counts_exactly_and_a_refusal_changes_nothing() -> None:
    counter, limit = PostgresCounter(), RateLimit(3, 60)

    assert [counter.hit("k", limit) for _ in range(3)] == [0.0, 0.0, 0.0]
    before = RateState.objects.get(key="k").next_at
    wait_s = counter.hit("k", limit)

    assert 0 < wait_s <= 20
    assert RateState.objects.get(key="k").next_at == before
    assert counter.hit("other", limit) == 0.0


@pytest.mark.django_db
def test_the_subject_is_kept_as_a_hash_only() -> None:
    limits.count("r", "email", "ada@example.org", RateLimit(1, 60), using=PostgresCounter())

    key = RateState.objects.get().key
    assert "ada" not in key
    assert key.startswith("r:email:")
    with pytest.raises(TooMany) as refused:
        limits.count("r", "email", "ada@example.org", RateLimit(1, 60), using=PostgresCounter())
    assert 1 <= refused.value.retry_after_s <= 60


def test_memory_takes_over_when_redis_is_gone() -> None:
    counter = RedisCounter("redis://127.0.0.1:1/0")

    assert counter.hit("k", RateLimit(1, 60)) == 0.0
    assert counter.hit("k", RateLimit(1, 60)) > 0
