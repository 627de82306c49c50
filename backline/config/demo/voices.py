"""The pitched instruments of the demo bands.

A voice turns a pitch and a length into samples: one row (mono) or two (left, right). Sounds that are wide
in real music are wide here (pads, reeds, brass); basses stay in the middle. Every voice comes out with
its peak at 1, so the balance is decided in `bands` and nowhere else.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from backline.config.demo.oscillators import (
    Shape,
    Wave,
    cycle,
    decay,
    envelope,
    from_harmonics,
    noise,
    oscillate,
    ramp,
    sine,
    vibrato,
)

Player = Callable[[float, float, int], Wave]
"""Pitch in hertz, length in seconds, sample rate: samples."""

_VOWELS = {"a": ((750, 1.0), (1150, 0.6), (2700, 0.25)), "o": ((420, 1.0), (780, 0.55), (2600, 0.12))}


def hertz(pitch: int) -> float:
    """Frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12.0))


def _count(seconds: float, rate_hz: int) -> int:
    return max(int(seconds * rate_hz), 64)


def _spread(table: Wave, hz: float, samples: int, rate_hz: int, cents: tuple[float, ...]) -> npt.NDArray[np.float32]:
    """Detuned copies of a wave, the odd ones more to the left, the even ones more to the right."""
    out = np.zeros((2, samples), dtype=np.float32)
    for index, offset in enumerate(cents):
        copy = oscillate(table, hz * 2 ** (offset / 1200), samples, rate_hz, phase=(index * 0.381966) % 1.0)
        near = index % 2
        out[near] += copy
        out[1 - near] += copy * np.float32(0.35)
    return out


def warm_pad(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Slow detuned strings that open a little as they swell."""
    samples = _count(seconds + 0.9, rate_hz)
    dark = _spread(cycle(Shape.SAW, hz, 500.0, rate_hz), hz, samples, rate_hz, (-7, 6, -2, 9))
    bright = _spread(cycle(Shape.SAW, hz, 2200.0, rate_hz), hz, samples, rate_hz, (-5, 4))
    swell = envelope(samples, rate_hz, attack=0.9, fall=1.2, sustain=0.3, release=0.9)
    return (dark + bright * swell) * envelope(samples, rate_hz, attack=0.45, fall=0.5, sustain=0.85, release=1.2)


def air_pad(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Octaves of almost pure tone with breath around them."""
    samples = _count(seconds + 1.2, rate_hz)
    table = from_harmonics(np.array([1.0, 0.35, 0.05, 0.14, 0.0, 0.03, 0.0, 0.05]))
    tone = _spread(table, hz, samples, rate_hz, (-4, 5, 1201))
    breath = noise(11, 65536, rate_hz, 2500.0, 7000.0)
    tone += np.resize(breath, samples) * np.float32(0.05)
    return tone * envelope(samples, rate_hz, attack=0.8, fall=0.3, sustain=0.9, release=1.5)


def strings(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A quick, bright ensemble for the disco band."""
    samples = _count(seconds + 0.25, rate_hz)
    table = cycle(Shape.SAW, hz, 3200.0, rate_hz)
    tone = _spread(table, hz, samples, rate_hz, (-9, 8, -3, 4))
    return tone * envelope(samples, rate_hz, attack=0.09, fall=0.3, sustain=0.8, release=0.3)


def brass(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Synthetic horns: the sound opens with the attack and closes behind it."""
    samples = _count(seconds + 0.12, rate_hz)
    dark = _spread(cycle(Shape.SAW, hz, 600.0, rate_hz), hz, samples, rate_hz, (-5, 5))
    bright = _spread(cycle(Shape.SAW, hz, 4200.0, rate_hz), hz, samples, rate_hz, (-6, 6))
    opening = envelope(samples, rate_hz, attack=0.045, fall=0.2, sustain=0.35, release=0.1)
    return (dark + bright * opening) * envelope(samples, rate_hz, attack=0.02, fall=0.2, sustain=0.8, release=0.12)


def electric_piano(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Tine piano by frequency modulation: a bell at the touch, a round body after it."""
    samples = _count(seconds + 0.3, rate_hz)
    bite = sine(hz, samples, rate_hz) * decay(samples, rate_hz, 0.9) * np.float32(1.6)
    body = np.sin(ramp(samples, rate_hz) * np.float32(2 * np.pi * hz) + bite)
    tine = sine(hz * 7.01, samples, rate_hz) * decay(samples, rate_hz, 0.25) * np.float32(0.16)
    fall = decay(samples, rate_hz, 4.0)
    return (body * fall + tine) * envelope(samples, rate_hz, attack=0.003, fall=0.4, sustain=0.85, release=0.25)


def glass(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A bell of inharmonic frequency modulation that rings past its written length."""
    samples = _count(max(seconds, 0.4) + 1.2, rate_hz)
    bite = sine(hz * 3.507, samples, rate_hz) * decay(samples, rate_hz, 0.7) * np.float32(0.9)
    tone = np.sin(ramp(samples, rate_hz) * np.float32(2 * np.pi * hz) + bite)
    tone += sine(hz * 2.0, samples, rate_hz) * decay(samples, rate_hz, 1.0) * np.float32(0.25)
    return (
        tone
        * decay(samples, rate_hz, 2.2)
        * envelope(samples, rate_hz, attack=0.002, fall=0.1, sustain=0.9, release=0.4)
    )


def _struck(
    hz: float, samples: int, rate_hz: int, *, ring: float, damping: float, partials: int, stretch: float
) -> Wave:
    """A plucked or struck string: partial k fades faster than partial k - 1 and is a little sharp."""
    t = ramp(samples, rate_hz)
    tone = np.zeros(samples, dtype=np.float32)
    for k in range(1, partials + 1):
        partial_hz = hz * k * (1.0 + stretch * k * k)
        if partial_hz > 0.45 * rate_hz:
            break
        weight = abs(np.sin(np.pi * k * 0.21)) / k
        fall = np.exp(t * np.float32(-6.9 / ring * (1.0 + damping * (k - 1))))
        tone += np.sin(t * np.float32(2 * np.pi * partial_hz)) * fall * np.float32(weight)
    return tone * envelope(samples, rate_hz, attack=0.002, fall=0.05, sustain=1.0, release=0.08)


def nylon(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A soft guitar string."""
    samples = _count(seconds + 0.5, rate_hz)
    return _struck(hz, samples, rate_hz, ring=2.4, damping=0.6, partials=9, stretch=0.00004)


def music_box(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A comb of steel teeth, an octave up in character."""
    samples = _count(seconds + 0.8, rate_hz)
    return _struck(hz, samples, rate_hz, ring=1.8, damping=1.4, partials=5, stretch=0.004)


def clavinet(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A short, nasal keyboard for the funk band."""
    samples = _count(min(seconds, 0.5) + 0.06, rate_hz)
    table = cycle(Shape.PULSE, hz, 3000.0, rate_hz)
    body = oscillate(table, hz, samples, rate_hz) * decay(samples, rate_hz, 0.8)
    return body * envelope(samples, rate_hz, attack=0.002, fall=0.06, sustain=0.6, release=0.04)


def sub_bass(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Round and low, with just enough overtones to be heard on a phone."""
    samples = _count(seconds + 0.05, rate_hz)
    table = from_harmonics(np.array([1.0, 0.42, 0.2, 0.12, 0.06, 0.04]))
    return oscillate(table, hz, samples, rate_hz) * envelope(
        samples, rate_hz, attack=0.012, fall=0.3, sustain=0.8, release=0.08
    )


def funk_bass(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A bass whose filter snaps shut after each note begins."""
    samples = _count(seconds + 0.02, rate_hz)
    dark = oscillate(cycle(Shape.SAW, hz, 220.0, rate_hz), hz, samples, rate_hz)
    bright = oscillate(cycle(Shape.SAW, hz, 2600.0, rate_hz), hz, samples, rate_hz)
    snap = decay(samples, rate_hz, 0.35) * np.float32(0.9)
    return (dark + (bright - dark) * snap) * envelope(
        samples, rate_hz, attack=0.003, fall=0.25, sustain=0.75, release=0.03
    )


def upright_bass(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A plucked double bass."""
    samples = _count(seconds + 0.25, rate_hz)
    return _struck(hz, samples, rate_hz, ring=1.6, damping=0.9, partials=7, stretch=0.00008)


def saw_lead(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A singing synthesizer with late vibrato."""
    samples = _count(seconds + 0.08, rate_hz)
    curve = vibrato(hz, samples, rate_hz, depth_cents=14, scoop_cents=45)
    table = cycle(Shape.SAW, hz, 2600.0, rate_hz)
    tone = oscillate(table, curve, samples, rate_hz)
    tone = tone + oscillate(table, curve * 1.004, samples, rate_hz, phase=0.4)
    return tone * envelope(samples, rate_hz, attack=0.015, fall=0.2, sustain=0.8, release=0.1)


def chip_lead(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A quarter pulse, as old game machines had it."""
    samples = _count(seconds + 0.03, rate_hz)
    curve = vibrato(hz, samples, rate_hz, depth_cents=18, scoop_cents=0)
    tone = oscillate(cycle(Shape.PULSE, hz, 6000.0, rate_hz), curve, samples, rate_hz)
    return tone * envelope(samples, rate_hz, attack=0.004, fall=0.15, sustain=0.65, release=0.04)


def flute(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A breathy near-sine, for melodies that float."""
    samples = _count(seconds + 0.18, rate_hz)
    curve = vibrato(hz, samples, rate_hz, depth_cents=11, scoop_cents=30)
    table = from_harmonics(np.array([1.0, 0.3, 0.16, 0.05, 0.02]))
    tone = oscillate(table, curve, samples, rate_hz)
    tone += np.resize(noise(12, 65536, rate_hz, 1500.0, 6000.0), samples) * np.float32(0.06)
    return tone * envelope(samples, rate_hz, attack=0.06, fall=0.2, sustain=0.85, release=0.2)


def reed(hz: float, seconds: float, rate_hz: int) -> Wave:
    """Accordion: two reeds a little apart, so that they beat."""
    samples = _count(seconds + 0.05, rate_hz)
    tone = _spread(cycle(Shape.PULSE, hz, 1800.0, rate_hz), hz, samples, rate_hz, (-5, 6))
    return tone * envelope(samples, rate_hz, attack=0.03, fall=0.1, sustain=0.85, release=0.07)


def singer(hz: float, seconds: float, rate_hz: int) -> Wave:
    """A wordless voice that opens from 'o' to 'a': harmonics weighted by the vowels' formants."""
    samples = _count(seconds + 0.12, rate_hz)
    curve = vibrato(hz, samples, rate_hz, depth_cents=22, scoop_cents=70)
    closed, opened = (oscillate(_vowel(hz, rate_hz, _VOWELS[vowel]), curve, samples, rate_hz) for vowel in ("o", "a"))
    opening = envelope(samples, rate_hz, attack=0.22, fall=0.3, sustain=0.7, release=0.15)
    tone = closed + (opened - closed) * opening
    tone += np.resize(noise(13, 65536, rate_hz, 3000.0, 8000.0), samples) * np.float32(0.03)
    return tone * envelope(samples, rate_hz, attack=0.05, fall=0.2, sustain=0.88, release=0.14)


def _vowel(hz: float, rate_hz: int, formants: tuple[tuple[float, float], ...]) -> Wave:
    k = np.arange(1, max(2, min(int(0.45 * rate_hz / hz), 60)) + 1) * hz
    weight: npt.NDArray[np.float64] = np.zeros(len(k))
    for centre, gain in formants:
        weight += gain / (1.0 + ((k - centre) / (0.09 * centre + 45.0)) ** 2)
    return from_harmonics((weight + 0.06) * (hz / k) ** 0.5)


PITCHED: dict[str, Player] = {
    player.__name__: player
    for player in (
        warm_pad,
        air_pad,
        strings,
        brass,
        electric_piano,
        glass,
        nylon,
        music_box,
        clavinet,
        sub_bass,
        funk_bass,
        upright_bass,
        saw_lead,
        chip_lead,
        flute,
        reed,
        singer,
    )
}
"""The pitched voices by the name that songs and bands use."""


def play(voice: str, pitch: int, seconds: float, rate_hz: int) -> Wave:
    """One note, its peak at 1 and its mean at 0. Raises KeyError for a voice that does not exist."""
    wave = PITCHED[voice](hertz(pitch), seconds, rate_hz)
    scaled: Wave = (wave / np.abs(wave).max()).astype(np.float32)
    return scaled
