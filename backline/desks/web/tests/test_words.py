from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.desks.web import words
from backline.kernel.kit.money import Currency


@pytest.mark.parametrize(
    ("ms", "text"),
    [(None, ""), (0, "0:00"), (999, "0:00"), (61_000, "1:01"), (3_599_999, "59:59"), (3_727_000, "1:02:07")],
)
def test_clock(ms: int | None, text: str) -> None:
    assert words.clock(ms) == text


@given(st.integers(min_value=0, max_value=24 * 3600 * 1000))
def test_clock_loses_less_than_a_second(ms: int) -> None:
    parts = [int(part) for part in words.clock(ms).split(":")]

    total = sum(part * 60**power for power, part in enumerate(reversed(parts)))

    assert total == ms // 1000


@given(st.integers(min_value=0, max_value=3 * 3600 * 1000))
def test_seconds_of_a_number_field_keep_every_millisecond(ms: int) -> None:
    assert round(float(words.seconds(ms)) * 1000) == ms


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (524_288_000, "524 MB"), (2_500_000_000, "2.5 GB")],
)
def test_size(count: int, text: str) -> None:
    assert words.size(count) == text


def test_money_and_its_number_alone() -> None:
    assert words.money(700, Currency.USD) == "7.00 USD"
    assert words.plain_amount(700, "USD") == "7.00"
    assert words.plain_amount(700, "JPY") == "700"


def test_small_words() -> None:
    assert words.hertz(44_100) == "44.1 kHz"
    assert words.day(datetime(2026, 3, 5, tzinfo=UTC)) == "5 March 2026"
    assert [words.counted(number, "member", "members") for number in (0, 1, 2)] == [
        "0 members",
        "1 member",
        "2 members",
    ]
