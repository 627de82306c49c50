"""Numbers as people read them: times, sizes, money, dates. Pure; the templates' filters."""

from datetime import datetime

from backline.kernel.kit.money import Currency, Money


def clock(ms: int | None) -> str:
    """Milliseconds as "3:07", or "1:02:07" from an hour on; nothing for what is not known."""
    if ms is None:
        return ""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def seconds(ms: int | None) -> str:
    """Milliseconds as seconds with three decimals, for number fields."""
    return "" if ms is None else f"{ms / 1000:.3f}"


def size(count: int) -> str:
    """Bytes in decimal units, as file managers show them."""
    value, units = float(count), ["B", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" or value >= 100 else f"{value:.1f} {units[0]}"


def money(amount: int, currency: Currency | str) -> str:
    """An amount in the smallest unit, with its currency: "7.00 USD"."""
    return str(Money(amount, Currency(currency)))


def plain_amount(amount: int, currency: Currency | str) -> str:
    """The number of an amount alone, for number fields."""
    return money(amount, currency).split(" ", maxsplit=1)[0]


def day(instant: datetime | None) -> str:
    """The day of an instant, in UTC: "20 November 2026"."""
    return "" if instant is None else f"{instant.day} {instant:%B %Y}"


def hertz(rate: int | None) -> str:
    """A sample rate in kHz: "44.1 kHz"."""
    return "" if rate is None else f"{rate / 1000:g} kHz"


def counted(number: int, one: str, many: str) -> str:
    """A number and the word that fits it: "1 member", "2 members"."""
    return f"{number} {one if number == 1 else many}"
