"""LRC is read as players read it, and an error names its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.catalog.media.errors import BadLyrics
from backline.core.catalog.media.lyrics import TimedLine, TimedLyrics, parse_lrc, plain_of, write_lrc


def test_headers_repeats_offsets_and_word_stamps() -> None:
    text = (
        "\ufeff[ti:Song]\r\n[offset:+500]\r\n\r\n[00:10.50][01:00]Chorus\r\n"
        "[00:05.250]<00:05.25>Verse <00:06.00>line\r\n[00:20:99]\r\n"
    )

    found = parse_lrc(text)

    assert found == TimedLyrics(
        (
            TimedLine(4750, "Verse line"),
            TimedLine(10_000, "Chorus"),
            TimedLine(20_490, ""),
            TimedLine(59_500, "Chorus"),
        )
    )
    assert plain_of(found) == "Verse line\nChorus\n\nChorus"


def test_a_line_before_the_beginning_is_due_at_once() -> None:
    assert parse_lrc("[offset:2000]\n[00:01.00]سلام").lines == (TimedLine(0, "سلام"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[00:01.00]fine\nno stamp", 2),
        ("[00:01.00]fine\n\n[00:99.00]no such second", 3),
        ("[offset:soon]\n[00:01.00]fine", 1),
        ("[9999:00.00]too late", 1),
        ("", None),
        ("[ti:Only a header]", None),
    ],
)
def test_errors_name_the_line(text: str, line: int | None) -> None:
    with pytest.raises(BadLyrics) as refused:
        parse_lrc(text)

    assert refused.value.data == {"line": line}
    assert line is None or f"Line {line}" in refused.value.detail


def test_too_much_is_refused() -> None:
    with pytest.raises(BadLyrics, match="100000"):
        parse_lrc("[00:01.00]x\n" * 20_000)


_WORDS = st.text(st.characters(categories=["L", "N"]), max_size=20)


@given(st.lists(st.tuples(st.integers(0, 86_000_000), _WORDS), min_size=1, max_size=30))
def test_writing_and_reading_gives_the_same_lyrics(pairs: list[tuple[int, str]]) -> None:
    lyrics = TimedLyrics(tuple(TimedLine(at_ms, text) for at_ms, text in sorted(pairs, key=lambda pair: pair[0])))

    assert parse_lrc(write_lrc(lyrics)) == lyrics
