"""Money is a whole number of a currency's smallest unit, and two currencies never meet in one sum.

No float and no decimal column anywhere: `Money(700, Currency.USD)` is seven dollars. A share of an amount goes by
largest remainder, so that the parts always make the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Currency(StrEnum):
    """The currencies prices may be set in (ISO 4217)."""

    USD = "USD"
    EUR = "EUR"
    GBP = "GBP"
    JPY = "JPY"
    CAD = "CAD"
    AUD = "AUD"
    CHF = "CHF"
    SEK = "SEK"
    NOK = "NOK"
    DKK = "DKK"
    MXN = "MXN"
    BRL = "BRL"

    @property
    def exponent(self) -> int:
        """How many decimal digits the smallest unit stands for (ISO 4217, minor unit)."""
        return 0 if self is Currency.JPY else 2


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added or compared: always a programming error."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of its currency; negative amounts are debts."""

    amount: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"an amount is a whole number of the smallest unit, not {self.amount!r}")

    def _same(self, other: "Money") -> None:
        if self.currency is not other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __str__(self) -> str:
        digits = self.currency.exponent
        sign = "-" if self.amount < 0 else ""
        whole, part = divmod(abs(self.amount), 10**digits)
        return f"{sign}{whole}.{part:0{digits}d} {self.currency}" if digits else f"{sign}{whole} {self.currency}"

    def share(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """The amount divided in proportion to `weights` (not negative, not all zero) by largest remainder.

        The parts sum to the whole exactly; equal remainders are served in the order of the weights.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must not be negative, and one must be positive")
        sign = -1 if self.amount < 0 else 1
        exact = [abs(self.amount) * weight for weight in weights]
        parts = [value // total for value in exact]
        left = abs(self.amount) - sum(parts)
        by_remainder = sorted(range(len(parts)), key=lambda i: (-(exact[i] % total), i))
        for i in by_remainder[:left]:
            parts[i] += 1
        return tuple(Money(sign * part, self.currency) for part in parts)
