"""Which bytes a request asks for (RFC 9110, section 14), and whether it has them already (section 13).

One range is answered with 206: from-to, from-on, or the last so-many bytes. A range that begins after the
end is 416. What is no byte range, or asks for several at once, is ignored and the whole file is sent, which
the RFC always allows: players never ask for several, and nginx is configured to do the same. Nothing here
knows a file or a socket.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from backline.kernel.kit.asgi import matches_etag

_PLAIN: Final = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})", re.ASCII)
_SPEC: Final = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
# Beyond every file there is; keeps a hundred-digit number from becoming a hundred-digit integer.
_FAR: Final = 10**18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, not including, `end`; never empty."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Whole:
    """The field is absent, malformed, or not worth following: send everything."""


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """A well-formed range of which the file has no byte."""


Selection = ByteRange | Whole | Unsatisfiable

WHOLE: Final = Whole()
UNSATISFIABLE: Final = Unsatisfiable()


def select(field: str | None, size: int) -> Selection:
    """What a Range field selects of a file of `size` bytes (RFC 9110, sections 14.1.2 and 14.2)."""
    if field is None:
        return WHOLE
    plain = _PLAIN.fullmatch(field)
    if plain is not None:  # what players send
        return _from(int(plain[1]), int(plain[2] or _FAR), size)
    unit, separator, listed = field.partition("=")
    if not separator or unit.strip(" \t").lower() != "bytes":
        return WHOLE
    specs = [spec.strip(" \t") for spec in listed.split(",")]
    present = [spec for spec in specs if spec]  # empty list elements count for nothing (section 5.6.1)
    if len(present) != 1:
        return WHOLE
    found = _SPEC.fullmatch(present[0])
    if found is None or present[0] == "-":
        return WHOLE
    first, last = found.groups()
    return _suffix(_number(last), size) if not first else _from(_number(first), _number(last or _FAR), size)


def _suffix(length: int, size: int) -> Selection:
    if length == 0:
        return UNSATISFIABLE
    if size == 0:
        return WHOLE  # satisfiable by section 14.1.2, yet no Content-Range can name a part of nothing
    return ByteRange(max(0, size - length), size)


def _from(first: int, last: int, size: int) -> Selection:
    if last < first:
        return WHOLE  # an invalid range set
    if first >= size:
        return UNSATISFIABLE
    return ByteRange(first, min(last + 1, size))


def _number(digits: str | int) -> int:
    text = str(digits).lstrip("0")
    return _FAR if len(text) > 18 else int(text or "0")


def if_range_holds(field: str | None, *, etag: str, modified_at: datetime | None) -> bool:
    """Whether a Range may be followed in spite of an If-Range field (RFC 9110, section 13.1.5).

    A strong entity tag must be ours, a date must be exactly that of the last change (whole seconds). Weak
    tags never hold.
    """
    if field is None:
        return True
    text = field.strip(" \t")
    if text.endswith('"'):
        return text == etag
    return modified_at is not None and _date(text) == modified_at.replace(microsecond=0)


def is_known(
    if_none_match: str | None, if_modified_since: str | None, *, etag: str, modified_at: datetime | None
) -> bool:
    """Whether the client has this very file, so that 304 is the answer (RFC 9110, section 13.2.2)."""
    if if_none_match is not None:
        return matches_etag(if_none_match, etag)
    if if_modified_since is None or modified_at is None:
        return False
    since = _date(if_modified_since)
    return since is not None and modified_at.replace(microsecond=0) <= since


def http_date(at: datetime) -> str:
    """An instant as HTTP writes it, in GMT (RFC 9110, section 5.6.7)."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
