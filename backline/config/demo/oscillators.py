"""The raw material of every demo voice: single-cycle waves, envelopes and shaped noise.

Waves are built from their harmonics and stop below half the sample rate, so nothing aliases and a
low-pass filter is only a choice of harmonics. Noise comes from PCG64 with a fixed seed per sound. Nothing
depends on time, threads or the hash seed: the same call gives the same samples.
"""

import enum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]

_CYCLE = 16384


class Shape(enum.Enum):
    """How the strength of a wave's harmonics falls off."""

    SAW = "saw"
    SQUARE = "square"
    PULSE = "pulse"
    TRIANGLE = "triangle"


@lru_cache(maxsize=512)
def cycle(shape: Shape, hz: float, cutoff_hz: float, rate_hz: int) -> Wave:
    """One cycle of a wave at pitch `hz`, softened above `cutoff_hz` (12 dB per octave), free of aliases."""
    count = max(1, min(int(0.45 * rate_hz / hz), 200))
    k = np.arange(1, count + 1, dtype=np.float64)
    strength = {
        Shape.SAW: 1.0 / k,
        Shape.SQUARE: np.where(k % 2 == 1, 1.0 / k, 0.0),
        Shape.PULSE: np.sin(np.pi * k * 0.25) / k,
        Shape.TRIANGLE: np.where(k % 2 == 1, 1.0 / k**2, 0.0),
    }[shape]
    return from_harmonics(strength / (1.0 + (k * hz / cutoff_hz) ** 2))


def from_harmonics(strength: npt.NDArray[np.float64]) -> Wave:
    """One cycle with the given strength of harmonics 1, 2, 3 …, its peak at 1."""
    spectrum = np.zeros(_CYCLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(strength) + 1] = -1j * strength
    table = np.fft.irfft(spectrum, _CYCLE)
    wave: Wave = (table / np.abs(table).max()).astype(np.float32)
    return wave


def oscillate(
    table: Wave, hz: float | npt.NDArray[np.float64], samples: int, rate_hz: int, *, phase: float = 0.0
) -> Wave:
    """Play a cycle for so many samples at a fixed or moving pitch, beginning at `phase` (0..1)."""
    if isinstance(hz, np.ndarray):
        turns = np.cumsum(hz[:samples] / rate_hz) + phase
    else:
        turns = np.arange(samples, dtype=np.float64) * (hz / rate_hz) + phase
    turns *= _CYCLE
    wave: Wave = table[turns.astype(np.int64) & (_CYCLE - 1)]
    return wave


def sine(hz: float, samples: int, rate_hz: int) -> Wave:
    """A plain sine that begins at zero."""
    wave: Wave = np.sin(ramp(samples, rate_hz) * np.float32(2.0 * np.pi * hz))
    return wave


def ramp(samples: int, rate_hz: int) -> Wave:
    """Seconds since the first sample."""
    return np.arange(samples, dtype=np.float32) / np.float32(rate_hz)


def decay(samples: int, rate_hz: int, seconds: float) -> Wave:
    """A fall from 1 that reaches a thousandth after `seconds`."""
    fall: Wave = np.exp(ramp(samples, rate_hz) * np.float32(-6.9 / seconds))
    return fall


def envelope(samples: int, rate_hz: int, *, attack: float, fall: float, sustain: float, release: float) -> Wave:
    """Attack, decay to `sustain`, release; times in seconds; the release is inside the given length."""
    length = samples / rate_hz
    release = min(release, 0.6 * length)
    attack = min(attack, 0.4 * (length - release))
    bend = min(attack + fall, length - release)
    times = np.array([0.0, attack, max(bend, attack), length - release, length])
    levels = np.array([0.0, 1.0, sustain, sustain, 0.0])
    line = np.interp(np.arange(samples) / rate_hz, times, levels)
    curve: Wave = (line * line * (3.0 - 2.0 * line)).astype(np.float32)
    return curve


@lru_cache(maxsize=64)
def noise(seed: int, samples: int, rate_hz: int, low_hz: float, high_hz: float) -> Wave:
    """White noise from `seed` kept between two frequencies, its RMS at 1/4."""
    raw = np.random.Generator(np.random.PCG64(seed)).standard_normal(samples)
    spectrum = np.fft.rfft(raw)
    hz = np.fft.rfftfreq(samples, 1.0 / rate_hz)
    spectrum *= 1.0 / (1.0 + (low_hz / np.maximum(hz, 1.0)) ** 4) / (1.0 + (hz / high_hz) ** 4)
    spectrum[0] = 0.0
    shaped = np.fft.irfft(spectrum, samples)
    wave: Wave = (shaped * (0.25 / np.sqrt(np.mean(shaped**2)))).astype(np.float32)
    return wave


def vibrato(
    hz: float, samples: int, rate_hz: int, *, depth_cents: float, scoop_cents: float
) -> npt.NDArray[np.float64]:
    """A pitch curve that rises into the note from below and begins to waver after a third of a second."""
    t = np.arange(samples, dtype=np.float64) / rate_hz
    cents = depth_cents * np.clip((t - 0.25) / 0.4, 0.0, 1.0) * np.sin(2 * np.pi * 5.2 * t)
    cents -= scoop_cents * np.exp(-t / 0.035)
    return hz * np.exp2(cents / 1200.0)
