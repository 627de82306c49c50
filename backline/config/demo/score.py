"""Turns a song and its band into notes: who plays which pitch, when (seconds), how long and how hard.

Chords are voiced so that each voice moves as little as possible; the bass walks to the next root;
melodies are the song's own, bent to the chord on strong beats. A verse that returns is varied a little, a
chorus returns as it was. Small deviations of time and strength come from the song's seed, as a hand would
make them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backline.config.demo.bands import BANDS, Band, Channel, Role
from backline.config.demo.song import Section, SectionKind, Song
from backline.config.demo.theory import Chord, Key, MelodyNote, fit_to_chord, lead_voices, spell_chord

_STEPS_PER_BEAT = 4
_STRENGTH = {"X": 1.0, "x": 0.78, "o": 0.42}
_LEVEL = {
    SectionKind.INTRO: 0.72,
    SectionKind.VERSE: 0.74,
    SectionKind.CHORUS: 1.0,
    SectionKind.BRIDGE: 0.74,
    SectionKind.OUTRO: 0.66,
}
_LOWEST_BASS = 31
_VARIED = 0.18
"""Share of longer verse notes that are split into two when the verse returns."""


@dataclass(frozen=True, slots=True)
class Note:
    """One sound: `pitch` is a MIDI note for pitched voices and the take for drums; `strength` is 0..1."""

    start_s: float
    seconds: float
    pitch: int
    strength: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar on the timeline: its place, its chord and the next one, the key it stands in."""

    number: int
    section: int
    kind: SectionKind
    bar_in_section: int
    is_last: bool
    key: Key
    chord: Chord
    next_chord: Chord


def write_score(song: Song) -> dict[str, tuple[Note, ...]]:
    """All notes by the name of their channel, in the order in which they sound."""
    band = BANDS[song.band]
    bars = tuple(lay_out_bars(song))
    score: dict[str, tuple[Note, ...]] = {}
    for index, channel in enumerate(band.channels):
        dice = np.random.Generator(np.random.PCG64([song.seed, index]))
        score[channel.name] = tuple(sorted(_play_channel(song, band, channel, bars, dice), key=_by_start))
    return score


def lay_out_bars(song: Song) -> Iterator[Bar]:
    """The bars of the whole form, each with its chord."""
    spelled = [
        (index, section, bar, *_chord_at(song, section, bar))
        for index, section in enumerate(song.form)
        for bar in range(section.bars)
    ]
    for number, (index, section, bar, key, chord) in enumerate(spelled):
        following = spelled[min(number + 1, len(spelled) - 1)][4]
        yield Bar(number, index, section.kind, bar, bar == section.bars - 1, key, chord, following)


def _chord_at(song: Song, section: Section, bar: int) -> tuple[Key, Chord]:
    key = Key(song.key.tonic + section.shift, song.key.scale)
    symbols = song.chords[section.kind].split()
    return key, spell_chord(symbols[bar % len(symbols)], key)


def _by_start(note: Note) -> tuple[float, int]:
    return note.start_s, note.pitch


def _play_channel(
    song: Song, band: Band, channel: Channel, bars: tuple[Bar, ...], dice: np.random.Generator
) -> Iterator[Note]:
    voicing: tuple[int, ...] | None = None
    for bar in bars:
        if channel.role in (Role.PAD, Role.COMP, Role.ARP):
            voicing = lead_voices(voicing, bar.chord, channel.centre)
        notes = _announcements(song, channel, bar)
        pattern = band.patterns[bar.kind].get(channel.name)
        if pattern is not None:
            notes = (*notes, *_play_bar(song, channel, bar, voicing or (), pattern, dice))
        for note in notes:
            yield _humanize(note, channel, dice)


def _humanize(note: Note, channel: Channel, dice: np.random.Generator) -> Note:
    """Late or early by a few milliseconds, softer or louder by a few percent; drums keep the time."""
    drift_s = 0.0015 if channel.role in (Role.DRUM, Role.BASS) else 0.005
    start_s = max(0.0, note.start_s + float(dice.normal(0.0, drift_s)))
    strength = note.strength * float(np.clip(dice.normal(1.0, 0.06), 0.85, 1.15))
    return Note(start_s, note.seconds, note.pitch, strength)


def _play_bar(
    song: Song, channel: Channel, bar: Bar, voicing: tuple[int, ...], pattern: str, dice: np.random.Generator
) -> Iterator[Note]:
    match channel.role:
        case Role.MELODY | Role.THIRDS | Role.OCTAVE:
            yield from _play_melody(song, channel.role, bar, dice)
        case Role.PAD:
            for pitch in voicing:
                yield Note(_at(song, bar, 0.0), song.bar_s, pitch, _LEVEL[bar.kind])
        case _:
            for step, steps, sign in _read_pattern(song, bar, pattern):
                start_s = _at(song, bar, step / _STEPS_PER_BEAT)
                seconds = steps * song.beat_s / _STEPS_PER_BEAT
                for pitch in _pitches(channel, bar, voicing, sign, step):
                    yield Note(start_s, seconds, pitch, _strength(channel, bar, sign, step))


def _read_pattern(song: Song, bar: Bar, pattern: str) -> Iterator[tuple[int, int, str]]:
    """(step, length in steps, sign) of each stroke of the pattern's bar that is due."""
    measures = pattern.split("|")
    measure = measures[bar.bar_in_section % len(measures)]
    if bar.is_last and bar.kind is not SectionKind.OUTRO and len(measures) > 1:
        measure = measures[-1]
    for step in range(song.beats_per_bar * _STEPS_PER_BEAT):
        sign = measure[step % len(measure)]
        if sign in ".-":
            continue
        steps = 1
        while step + steps < len(measure) and measure[step + steps] == "-":
            steps += 1
        yield step, steps, sign


def _at(song: Song, bar: Bar, beat: float) -> float:
    """Seconds of a beat within a bar; swing delays what falls between the eighths."""
    whole, inside = divmod(beat * 2.0, 1.0)
    swung = inside * 2.0 * song.swing if inside <= 0.5 else 1.0 - (1.0 - inside) * 2.0 * (1.0 - song.swing)
    return bar.number * song.bar_s + (whole + swung) / 2.0 * song.beat_s


def _pitches(channel: Channel, bar: Bar, voicing: tuple[int, ...], sign: str, step: int) -> tuple[int, ...]:
    match channel.role:
        case Role.BASS:
            return (_bass_pitch(bar, sign),)
        case Role.ARP:
            octave, voice = divmod(int(sign), len(voicing))
            return (voicing[voice] + 12 * octave,)
        case Role.COMP:
            return voicing
        case _:
            return (step + bar.number,)


def _bass_pitch(bar: Bar, sign: str) -> int:
    root = _in_bass(bar.chord.root)
    match sign:
        case "3":
            return root + (bar.chord.tones[1] - bar.chord.root) % 12
        case "5":
            return root + 7
        case "8":
            return root + 12
        case "a":
            target = _in_bass(bar.next_chord.root)
            below = target - 1
            return below if bar.key.has(below) else target - 2
        case _:
            return root


def _in_bass(pitch_class: int) -> int:
    return _LOWEST_BASS + (pitch_class - _LOWEST_BASS) % 12


def _strength(channel: Channel, bar: Bar, sign: str, step: int) -> float:
    level = _LEVEL[bar.kind]
    if channel.role is Role.DRUM:
        return _STRENGTH[sign] * (0.6 + 0.4 * level)
    return level * (1.0 if step % _STEPS_PER_BEAT == 0 else 0.85)


def _play_melody(song: Song, role: Role, bar: Bar, dice: np.random.Generator) -> Iterator[Note]:
    beat = 0.0
    for written in _melody_bar(song, bar, dice):
        if written.step is not None:
            is_strong = beat == 0.0 or (written.beats >= 1.0 and beat == 2.0)
            step = written.step - (2 if role is Role.THIRDS else 0)
            pitch = fit_to_chord(step, bar.key, bar.chord, is_strong=is_strong)
            pitch += 12 if role is Role.OCTAVE else 0
            seconds = written.beats * song.beat_s * 0.95
            yield Note(_at(song, bar, beat), seconds, pitch, _LEVEL[bar.kind])
        beat += written.beats


def _melody_bar(song: Song, bar: Bar, dice: np.random.Generator) -> tuple[MelodyNote, ...]:
    """The melody's bar that is due: a bridge recalls the chorus slowly, a returning verse is varied."""
    melodies = song.parsed_melodies
    if bar.kind is SectionKind.BRIDGE and SectionKind.BRIDGE not in melodies:
        return _half_speed(melodies[SectionKind.CHORUS], bar.bar_in_section, song.beats_per_bar)
    melody = melodies[bar.kind]
    notes = melody[bar.bar_in_section % len(melody)]
    is_return = song.sections_of(bar.kind)[0] != bar.section
    if bar.kind is SectionKind.VERSE and is_return:
        return tuple(part for note in notes for part in _vary(note, dice))
    return notes


def _half_speed(melody: tuple[tuple[MelodyNote, ...], ...], bar: int, beats_per_bar: int) -> tuple[MelodyNote, ...]:
    """Half of one bar of the melody, every note twice as long; notes across the cut are held."""
    whole = melody[(bar // 2) % len(melody)]
    begin = (bar % 2) * beats_per_bar / 2
    end = begin + beats_per_bar / 2
    found = []
    beat = 0.0
    for note in whole:
        start, stop = max(beat, begin), min(beat + note.beats, end)
        if stop > start:
            is_tied = beat < begin
            found.append(MelodyNote(None if is_tied else note.step, 2 * (stop - start)))
        beat += note.beats
    return tuple(found)


def _vary(note: MelodyNote, dice: np.random.Generator) -> tuple[MelodyNote, ...]:
    """Now and then a note of a beat or more is reached through its upper neighbour."""
    if note.step is None or note.beats < 1.0 or dice.random() > _VARIED:
        return (note,)
    half = note.beats / 2
    return MelodyNote(note.step + 1, half), MelodyNote(note.step, half)


def _announcements(song: Song, channel: Channel, bar: Bar) -> tuple[Note, ...]:
    """What leads into a chorus: the riser and the fill before it, the crash upon it."""
    following = song.form[bar.section + 1].kind if bar.section + 1 < len(song.form) else None
    if channel.name == "crash" and bar.kind is SectionKind.CHORUS and bar.bar_in_section % 8 == 0:
        return (Note(_at(song, bar, 0.0), 2.0, bar.number, 1.0),)
    if following is not SectionKind.CHORUS or not bar.is_last:
        return ()
    if channel.name == "riser":
        return (Note(_at(song, bar, 0.0) + song.bar_s - 2.0, 2.0, 0, 1.0),)
    if channel.name in ("snare", "tom"):
        first = (song.beats_per_bar - 2) * _STEPS_PER_BEAT + 2
        steps = range(first, song.beats_per_bar * _STEPS_PER_BEAT)
        return tuple(
            Note(_at(song, bar, step / _STEPS_PER_BEAT), 0.1, step, 0.35 + 0.09 * (step - first)) for step in steps
        )
    return ()
