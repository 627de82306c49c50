import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.kernel.kit.money import Currency, CurrencyMismatch, Money


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=30).filter(any),
)
def test_parts_make_the_whole_and_none_is_a_unit_away(amount: int, weights: list[int]) -> None:
    parts = Money(amount, Currency.EUR).share(weights)

    assert sum(part.amount for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount - amount * weight / sum(weights)) < 1


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    assert [part.amount for part in Money(100, Currency.USD).share([1, 1, 1])] == [34, 33, 33]
    assert [part.amount for part in Money(10, Currency.USD).share([70, 20, 10])] == [7, 2, 1]
    assert [part.amount for part in Money(-100, Currency.USD).share([1, 1, 1])] == [-34, -33, -33]


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, Currency.USD) + Money(1, Currency.EUR)
    with pytest.raises(CurrencyMismatch):
        assert Money(1, Currency.USD) < Money(1, Currency.EUR)


def test_no_float_is_money() -> None:
    with pytest.raises(TypeError):
        Money(1.5, Currency.USD)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True, Currency.USD)


def test_weights_must_mean_something() -> None:
    for weights in ([0, 0], [-1, 2]):
        with pytest.raises(ValueError, match="weights"):
            Money(10, Currency.USD).share(weights)


def test_how_money_reads() -> None:
    assert str(Money(700, Currency.USD)) == "7.00 USD"
    assert str(Money(-5, Currency.USD)) == "-0.05 USD"
    assert str(Money(700, Currency.JPY)) == "700 JPY"
