"""The little music theory that the demo songs use: scales, chords, voice leading, melodies.

A degree is a step of the scale counted from 1, as musicians count; a pitch is a MIDI note number (69 = A
at 440 Hz). Chords are spelled from the scale by stacking thirds, so a song in D minor is written with the
same symbols as one in A minor. Melodies use a notation close to LilyPond: degree, octave marks, length
(`5'q.` is the fifth, an octave up, one and a half beats).
"""

import enum
import re
from dataclasses import dataclass

_CHORD = re.compile(r"(?P<flat>b?)(?P<degree>[1-7])(?P<third>[Mms]?)(?P<extension>[79]?)")
_MELODY_TOKEN = re.compile(r"(?P<degree>[r1-7])(?P<octave>[,']*)(?P<length>[whqes])(?P<dot>\.?)")
_BEATS = {"w": 4.0, "h": 2.0, "q": 1.0, "e": 0.5, "s": 0.25}


class Scale(enum.Enum):
    """Semitones above the tonic of the seven steps of a scale."""

    MAJOR = (0, 2, 4, 5, 7, 9, 11)
    LYDIAN = (0, 2, 4, 6, 7, 9, 11)
    MIXOLYDIAN = (0, 2, 4, 5, 7, 9, 10)
    DORIAN = (0, 2, 3, 5, 7, 9, 10)
    MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (MIDI pitch, around middle C) and the scale upon it."""

    tonic: int
    scale: Scale

    def pitch(self, step: int) -> int:
        """The pitch of a step counted from 0 at the tonic; steps below 0 and above 6 change octave."""
        octave, position = divmod(step, 7)
        return self.tonic + 12 * octave + self.scale.value[position]

    def has(self, pitch: int) -> bool:
        """Whether the pitch belongs to the scale, in any octave."""
        return (pitch - self.tonic) % 12 in self.scale.value


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord as pitch classes (0 to 11, C = 0), its root first."""

    tones: tuple[int, ...]

    @property
    def root(self) -> int:
        """The pitch class of the root."""
        return self.tones[0]


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """One note of a melody as written: a step of the key (None is a rest) and its length in beats."""

    step: int | None
    beats: float


def spell_chord(symbol: str, key: Key) -> Chord:
    """The chord of a symbol in a key: `1`, `4M` (major third), `5s` (suspended), `27`, `19`, `b7`.

    Raises ValueError for a symbol that is none of these.
    """
    match = _CHORD.fullmatch(symbol)
    if match is None:
        raise ValueError(f"{symbol!r} is not a chord symbol")
    step = int(match["degree"]) - 1
    root = key.pitch(step) - (1 if match["flat"] else 0)
    thirds = {"M": root + 4, "m": root + 3, "s": key.pitch(step + 3), "": key.pitch(step + 2)}
    third = root + 4 if match["flat"] and not match["third"] else thirds[match["third"]]
    fifth = root + 7 if match["flat"] else key.pitch(step + 4)
    pitches = {
        "": (root, third, fifth),
        "7": (root, third, fifth, key.pitch(step + 6)),
        "9": (root, third, key.pitch(step + 6), key.pitch(step + 8)),
    }[match["extension"]]
    return Chord(tuple(pitch % 12 for pitch in pitches))


def lead_voices(previous: tuple[int, ...] | None, chord: Chord, centre: int) -> tuple[int, ...]:
    """The position of a chord that moves least from the previous one and stays near `centre`."""

    def cost(voicing: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        drift = abs(sum(voicing) / len(voicing) - centre)
        if previous is None:
            return drift, voicing
        movement = sum(min(abs(pitch - old) for old in previous) for pitch in voicing)
        return movement + 0.4 * drift, voicing

    return min(_positions(chord, centre), key=cost)


def _positions(chord: Chord, centre: int) -> list[tuple[int, ...]]:
    """Every inversion near `centre`, in close position and with the second voice from the top dropped."""
    found = []
    for base in range(centre - 12, centre + 6):
        if base % 12 not in chord.tones:
            continue
        above = sorted((tone - base) % 12 for tone in chord.tones)
        close = tuple(base + interval for interval in above)
        found.append(close)
        found.append(tuple(sorted((*close[:-2], close[-2] - 12, close[-1]))))
    return found


def parse_melody(text: str) -> tuple[tuple[MelodyNote, ...], ...]:
    """The bars of a melody, `|` between them.

    Raises ValueError for a token that is no note or rest.
    """
    return tuple(tuple(_parse_note(token) for token in bar.split()) for bar in text.split("|"))


def _parse_note(token: str) -> MelodyNote:
    match = _MELODY_TOKEN.fullmatch(token)
    if match is None:
        raise ValueError(f"{token!r} is not a note")
    beats = _BEATS[match["length"]] * (1.5 if match["dot"] else 1.0)
    if match["degree"] == "r":
        return MelodyNote(None, beats)
    octave = match["octave"].count("'") - match["octave"].count(",")
    return MelodyNote(int(match["degree"]) - 1 + 7 * octave, beats)


def fit_to_chord(step: int, key: Key, chord: Chord, *, is_strong: bool) -> int:
    """The pitch at which a melody step sounds over a chord.

    On a strong beat the nearest chord tone within a step is taken. Elsewhere the written step sounds, except
    where the chord alters that very step (the leading tone over a major dominant in minor): it is followed.
    """
    written = key.pitch(step)
    if is_strong:
        for candidate in (written, key.pitch(step - 1), key.pitch(step + 1)):
            if candidate % 12 in chord.tones:
                return candidate
    for altered in (written + 1, written - 1):
        if altered % 12 in chord.tones and not key.has(altered):
            return altered
    return written
