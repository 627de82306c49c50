"""What a demo song is before it sounds: key, tempo, metre, form, chords and melodies.

A song is sections of whole bars at one tempo, so every instant in it is arithmetic: where a chorus
begins, when a line of the lyric is due and where a hook may be cut all follow from the form. The chorus
has one set of chords and one melody, and returns with them.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from backline.config.demo.theory import Key, MelodyNote, parse_melody

TAIL_S = 2.5
"""Seconds after the last bar in which reverb and echoes die away."""


class SectionKind(enum.Enum):
    """The part a section plays in the form."""

    INTRO = "intro"
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    OUTRO = "outro"


class BandName(enum.Enum):
    """Which band plays: instruments and patterns are in `bands`."""

    DRIFT = "drift"
    PULSE = "pulse"
    FUNK = "funk"
    DISCO = "disco"
    WALTZ = "waltz"
    FOLK = "folk"


@dataclass(frozen=True, slots=True)
class Section:
    """So many bars of one kind; `shift` raises the whole section by semitones."""

    kind: SectionKind
    bars: int
    shift: int = 0


@dataclass(frozen=True)
class Song:
    """A composition; `chords` (one symbol per bar) and `melodies` repeat through a section."""

    seed: int
    band: BandName
    key: Key
    tempo_bpm: float
    form: tuple[Section, ...]
    chords: Mapping[SectionKind, str]
    melodies: Mapping[SectionKind, str]
    beats_per_bar: int = 4
    swing: float = 0.5
    voices: Mapping[str, str] = field(default_factory=dict)

    @property
    def beat_s(self) -> float:
        """Seconds of one beat."""
        return 60.0 / self.tempo_bpm

    @property
    def bar_s(self) -> float:
        """Seconds of one bar."""
        return self.beat_s * self.beats_per_bar

    @property
    def bars(self) -> int:
        """Bars of the whole form."""
        return sum(section.bars for section in self.form)

    @property
    def duration_s(self) -> float:
        """Seconds of the rendered song, the dying reverb included."""
        return self.bars * self.bar_s + TAIL_S

    @cached_property
    def parsed_melodies(self) -> Mapping[SectionKind, tuple[tuple[MelodyNote, ...], ...]]:
        """The melodies as notes, by kind of section."""
        return {kind: parse_melody(text) for kind, text in self.melodies.items()}

    def section_start_s(self, index: int) -> float:
        """Seconds from the beginning to the first beat of section `index`."""
        return sum(section.bars for section in self.form[:index]) * self.bar_s

    def sections_of(self, kind: SectionKind) -> tuple[int, ...]:
        """The positions in the form of the sections of one kind."""
        return tuple(index for index, section in enumerate(self.form) if section.kind is kind)
