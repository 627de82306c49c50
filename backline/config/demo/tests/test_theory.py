"""Chords, voices and melodies of the demo songs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.config.demo.theory import (
    Chord,
    Key,
    MelodyNote,
    Scale,
    fit_to_chord,
    lead_voices,
    parse_melody,
    spell_chord,
)

A_MINOR = Key(57, Scale.MINOR)
C_MAJOR = Key(60, Scale.MAJOR)


@pytest.mark.parametrize(
    ("symbol", "key", "tones"),
    [
        ("1", C_MAJOR, (0, 4, 7)),
        ("57", C_MAJOR, (7, 11, 2, 5)),
        ("29", C_MAJOR, (2, 5, 0, 4)),
        ("5s", C_MAJOR, (7, 0, 2)),
        ("b7", C_MAJOR, (10, 2, 5)),
        ("1", A_MINOR, (9, 0, 4)),
        ("5M", A_MINOR, (4, 8, 11)),
    ],
)
def test_chord_symbols_are_spelled_from_the_scale(symbol: str, key: Key, tones: tuple[int, ...]) -> None:
    assert spell_chord(symbol, key).tones == tones


@pytest.mark.parametrize("symbol", ["", "8", "17x", "M5", "1 4"])
def test_an_unknown_chord_symbol_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="is not a chord symbol"):
        spell_chord(symbol, C_MAJOR)


def test_a_melody_is_read_by_the_bar() -> None:
    bars = parse_melody("1q 5'q. re | 7,h 2w")

    assert bars == (
        (MelodyNote(0, 1.0), MelodyNote(11, 1.5), MelodyNote(None, 0.5)),
        (MelodyNote(-1, 2.0), MelodyNote(1, 4.0)),
    )


def test_a_note_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'9q' is not a note"):
        parse_melody("1q 9q")


def test_a_strong_beat_takes_the_nearest_chord_tone() -> None:
    tonic = spell_chord("1", C_MAJOR)

    assert fit_to_chord(3, C_MAJOR, tonic, is_strong=True) == 64
    assert fit_to_chord(3, C_MAJOR, tonic, is_strong=False) == 65


def test_the_melody_follows_a_raised_leading_tone() -> None:
    dominant = spell_chord("5M", A_MINOR)

    assert fit_to_chord(6, A_MINOR, dominant, is_strong=False) == 68


chords = st.builds(Chord, st.lists(st.integers(0, 11), min_size=3, max_size=4, unique=True).map(tuple))


@given(first=chords, second=chords, centre=st.integers(48, 80))
def test_a_voicing_holds_every_tone_once_and_stays_near_its_centre(first: Chord, second: Chord, centre: int) -> None:
    voicing = lead_voices(lead_voices(None, first, centre), second, centre)

    assert sorted(pitch % 12 for pitch in voicing) == sorted(second.tones)
    assert list(voicing) == sorted(voicing)
    assert abs(sum(voicing) / len(voicing) - centre) <= 12
