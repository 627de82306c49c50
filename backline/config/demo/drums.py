"""The unpitched half of the demo bands: drums, hand percussion, and the noises that announce a chorus.

Each piece is one short sound, synthesized once per song and struck many times. A piece has a few takes
that differ by their noise, so that repeated hats do not sound like a machine gun.
"""

from collections.abc import Callable

import numpy as np

from backline.config.demo.oscillators import Wave, decay, envelope, noise, ramp, sine

TAKES = 3
"""How many different strokes of each piece there are."""

Strike = Callable[[int, int], Wave]
"""Take (0..TAKES-1), sample rate: samples."""


def _tuned_drop(samples: int, rate_hz: int, low_hz: float, high_hz: float, seconds: float) -> Wave:
    """A sine that falls from `high_hz` to `low_hz`: the skin of a drum."""
    t = ramp(samples, rate_hz)
    fall = np.float32(seconds)
    turns = t * np.float32(low_hz) + np.float32(high_hz - low_hz) * fall * (1 - np.exp(-t / fall))
    skin: Wave = np.sin(turns * np.float32(2 * np.pi))
    return skin


def kick(take: int, rate_hz: int) -> Wave:
    """Bass drum with a click of the beater."""
    samples = int(0.42 * rate_hz)
    skin = _tuned_drop(samples, rate_hz, 48.0, 190.0, 0.035) * decay(samples, rate_hz, 0.55)
    click = noise(21 + take, samples, rate_hz, 1500.0, 6000.0) * decay(samples, rate_hz, 0.02)
    return (skin + click * np.float32(0.5)) * _closing(samples, rate_hz)


def soft_kick(take: int, rate_hz: int) -> Wave:
    """A felt beater: no click, slower fall."""
    samples = int(0.5 * rate_hz)
    skin = _tuned_drop(samples, rate_hz, 45.0, 95.0, 0.05) * decay(samples, rate_hz, 0.6)
    return skin * envelope(samples, rate_hz, attack=0.004 + 0.001 * take, fall=0.1, sustain=1.0, release=0.1)


def snare(take: int, rate_hz: int) -> Wave:
    """Two modes of the skin and the rattle of the wires."""
    samples = int(0.32 * rate_hz)
    skin = _tuned_drop(samples, rate_hz, 182.0, 260.0, 0.02) * decay(samples, rate_hz, 0.16)
    ring = sine(331.0, samples, rate_hz) * decay(samples, rate_hz, 0.1) * np.float32(0.4)
    wires = noise(31 + take, samples, rate_hz, 1800.0, 9000.0) * decay(samples, rate_hz, 0.24)
    both: Wave = skin * np.float32(0.7) + ring + wires * np.float32(2.2)
    return both * _closing(samples, rate_hz)


def clap(take: int, rate_hz: int) -> Wave:
    """Several hands, a few milliseconds apart."""
    samples = int(0.3 * rate_hz)
    burst = noise(41 + take, samples, rate_hz, 900.0, 4200.0)
    shape = decay(samples, rate_hz, 0.22) * np.float32(0.7)
    for late_ms in (0, 11, 23):
        start = late_ms * rate_hz // 1000
        shape[start:] += decay(samples - start, rate_hz, 0.025)
    return burst * shape * _closing(samples, rate_hz)


def rim(take: int, rate_hz: int) -> Wave:
    """A stick across the rim."""
    samples = int(0.09 * rate_hz)
    tone = sine(1720.0 + 9 * take, samples, rate_hz) + sine(842.0, samples, rate_hz) * np.float32(0.7)
    return tone * decay(samples, rate_hz, 0.06) * _closing(samples, rate_hz)


def hat(take: int, rate_hz: int) -> Wave:
    """Closed hi-hat."""
    samples = int(0.08 * rate_hz)
    return noise(51 + take, samples, rate_hz, 7000.0, 15000.0) * decay(samples, rate_hz, 0.07)


def open_hat(take: int, rate_hz: int) -> Wave:
    """Open hi-hat."""
    samples = int(0.36 * rate_hz)
    hiss = noise(61 + take, samples, rate_hz, 6000.0, 14000.0)
    return hiss * decay(samples, rate_hz, 0.45) * _closing(samples, rate_hz)


def shaker(take: int, rate_hz: int) -> Wave:
    """Seeds in a tube: the sound arrives a little after the hand."""
    samples = int(0.11 * rate_hz)
    seeds = noise(71 + take, samples, rate_hz, 4500.0, 10000.0)
    return seeds * envelope(samples, rate_hz, attack=0.03, fall=0.03, sustain=0.3, release=0.05)


def tambourine(take: int, rate_hz: int) -> Wave:
    """Jingles: noise with a few metallic lines in it."""
    samples = int(0.2 * rate_hz)
    tone = noise(81 + take, samples, rate_hz, 6500.0, 12000.0).copy()
    for hz in (5230.0, 6870.0, 8110.0):
        tone += sine(hz, samples, rate_hz) * np.float32(0.12)
    return tone * decay(samples, rate_hz, 0.18) * _closing(samples, rate_hz)


def tom(take: int, rate_hz: int) -> Wave:
    """A tom, each take a third lower than the one before."""
    samples = int(0.4 * rate_hz)
    low_hz = 150.0 / 1.22**take
    skin = _tuned_drop(samples, rate_hz, low_hz, low_hz * 1.7, 0.04) * decay(samples, rate_hz, 0.4)
    return skin * _closing(samples, rate_hz)


def crash(take: int, rate_hz: int) -> Wave:
    """A cymbal that opens a chorus."""
    samples = int(2.2 * rate_hz)
    wash = noise(91 + take, samples, rate_hz, 3200.0, 13000.0) * decay(samples, rate_hz, 2.4)
    return wash * _closing(samples, rate_hz)


def riser(take: int, rate_hz: int) -> Wave:
    """Wind that grows for two seconds and stops where the chorus begins."""
    samples = int(2.0 * rate_hz)
    wind = noise(101 + take, samples, rate_hz, 900.0, 5000.0)
    high = noise(111 + take, samples, rate_hz, 4000.0, 12000.0)
    growth = (ramp(samples, rate_hz) / np.float32(2.0)) ** 2
    rise: Wave = (wind * (1 - growth) + high * growth) * growth
    return rise * _closing(samples, rate_hz)


def _closing(samples: int, rate_hz: int) -> Wave:
    """One until the last 20 ms, then down to zero, so that no stroke ends in a click."""
    return envelope(samples, rate_hz, attack=0.0, fall=0.0, sustain=1.0, release=0.02)


DRUMS: dict[str, Strike] = {
    piece.__name__: piece
    for piece in (kick, soft_kick, snare, clap, rim, hat, open_hat, shaker, tambourine, tom, crash, riser)
}
"""The unpitched sounds by the name that bands use."""


def strike(piece: str, take: int, rate_hz: int) -> Wave:
    """One stroke, its peak at 1. Raises KeyError for a piece that does not exist."""
    wave = DRUMS[piece](take % TAKES, rate_hz)
    scaled: Wave = (wave / np.abs(wave).max()).astype(np.float32)
    return scaled
