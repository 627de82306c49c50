"""Timed lyrics in the LRC format: lines of text, each behind one or more time stamps.

A stamp is `[mm:ss]`, `[mm:ss.xx]` or `[mm:ss.xxx]`; a line with several stamps is sung several times.
`[offset:ms]` moves everything, a positive number making the words come sooner. Other bracketed headers are
about the file, not the song, and are dropped, as are word stamps (`<mm:ss.xx>`) inside a line.
"""

import re
from dataclasses import dataclass

from .errors import BadLyrics

MAX_TEXT = 100_000
MAX_LINES = 5_000
MAX_AT_MS = 24 * 60 * 60 * 1000

_STAMP = re.compile(r"\[(\d{1,4}):([0-5]?\d)(?:[.:](\d{1,3}))?\]")
_WORD_STAMP = re.compile(r"<\d{1,4}:[0-5]?\d(?:[.:]\d{1,3})?>\s?")
_HEADER = re.compile(r"\[([A-Za-z#][A-Za-z_#]*):([^\]]*)\]\s*")


@dataclass(frozen=True)
class TimedLine:
    """One line, and the millisecond at which it is due."""

    at_ms: int
    text: str


@dataclass(frozen=True)
class TimedLyrics:
    """The lines in the order in which they are sung."""

    lines: tuple[TimedLine, ...]


def parse_lrc(text: str) -> TimedLyrics:
    """Read LRC. Raises BadLyrics, whose sentence and `line` name the first line that cannot be read."""
    if len(text) > MAX_TEXT:
        raise BadLyrics(f"The lyrics have {len(text)} characters; {MAX_TEXT} is the most.", line=None)
    found: list[TimedLine] = []
    offset_ms = 0
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = "".join(character for character in raw if character.isprintable() or character == "\t").strip()
        header = _HEADER.fullmatch(line)
        if header is not None:
            if header[1].lower() == "offset":
                offset_ms = _offset(header[2], number)
        elif line:
            found.extend(_timed(line, number))
    if not found:
        raise BadLyrics("No line has a time stamp such as [01:23.45]. Paste them as plain lyrics instead.", line=None)
    if len(found) > MAX_LINES:
        raise BadLyrics(f"The lyrics have {len(found)} lines; {MAX_LINES} is the most.", line=None)
    moved = (TimedLine(max(0, line.at_ms - offset_ms), line.text) for line in found)
    return TimedLyrics(tuple(sorted(moved, key=lambda line: line.at_ms)))


def is_lrc(text: str) -> bool:
    """Whether somebody meant LRC: a line begins with a time stamp. Whether it can be read is for `parse_lrc`
    to say.
    """
    return any(_STAMP.match(line.strip()) for line in text.removeprefix("\ufeff").splitlines())


def write_lrc(lyrics: TimedLyrics) -> str:
    """LRC with one stamp to the millisecond on each line; reading it again gives the same lyrics."""
    return "".join(f"[{_stamp(line.at_ms)}]{line.text}\n" for line in lyrics.lines)


def plain_of(lyrics: TimedLyrics) -> str:
    """The words alone, one line per line."""
    return "\n".join(line.text for line in lyrics.lines)


def _timed(line: str, number: int) -> list[TimedLine]:
    stamps: list[int] = []
    at = 0
    while (stamp := _STAMP.match(line, at)) is not None:
        fraction = (stamp[3] or "0").ljust(3, "0")
        stamps.append((int(stamp[1]) * 60 + int(stamp[2])) * 1000 + int(fraction))
        at = stamp.end()
        while line[at : at + 1] in {" ", "\t"}:
            at += 1
    if not stamps:
        raise BadLyrics(f"Line {number} has no time stamp at its start; one looks like [01:23.45].", line=number)
    if max(stamps) > MAX_AT_MS:
        raise BadLyrics(f"Line {number} is timed later than a day into the song.", line=number)
    words = _WORD_STAMP.sub("", line[at:]).strip()
    return [TimedLine(at_ms, words) for at_ms in stamps]


def _offset(value: str, number: int) -> int:
    try:
        offset_ms = int(value.strip())
    except ValueError as error:
        raise BadLyrics(f"Line {number}: the offset must be a whole number of milliseconds.", line=number) from error
    if abs(offset_ms) > MAX_AT_MS:
        raise BadLyrics(f"Line {number}: the offset is longer than a day.", line=number)
    return offset_ms


def _stamp(at_ms: int) -> str:
    minutes, rest = divmod(at_ms, 60_000)
    return f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
