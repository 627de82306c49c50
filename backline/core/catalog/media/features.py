"""What the hook is chosen by: how the energy of a track moves, where things begin, and which parts resemble
each other.

Everything is computed block by block from a mono mix at about 11 kHz and kept as short vectors, so that three
hours of sound cost a few megabytes. Energy is the mean square of 5 ms bins; *flux* is how much louder the
bands became since the last spectrum (an onset is a peak of it); the *colour* of every half second is its mean
band spectrum and its mean chroma.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decode import Samples, Shape

Series = NDArray[np.float32]

TARGET_RATE_HZ = 11_025
WINDOW = 1024
HOP = 512
BANDS = 32
PITCH_CLASSES = 12
COLOUR_HOPS = 11
_LOWEST_BAND_HZ = 60.0
_CHROMA_RANGE_HZ = (200.0, 2000.0)
_A4_HZ = 440.0
_FLOOR = 1e-7


@dataclass(frozen=True)
class Features:
    """Short series that describe a track. Times are milliseconds; index i of a series stands for i times its
    step.
    """

    energy: Series
    energy_step_ms: float
    flux: Series
    flux_step_ms: float
    flux_offset_ms: float
    colours: Series
    colour_step_ms: float


def decimation_of(sample_rate_hz: int) -> int:
    """By which whole number to divide the sample rate to come near TARGET_RATE_HZ."""
    return max(1, sample_rate_hz // TARGET_RATE_HZ)


class FeatureExtractor:
    """Feed it every block in order, then ask `finish`. Blocks are whole multiples of the decimation, but the
    last.
    """

    def __init__(self, shape: Shape) -> None:
        self._decimation = decimation_of(shape.sample_rate_hz)
        self._rate = shape.sample_rate_hz / self._decimation
        self._rest: Series = np.zeros(0, dtype=np.float32)
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        self._to_bands = _band_matrix(self._rate)
        self._to_chroma = _chroma_matrix(self._rate)
        self._last_bands: Series | None = None
        self._flux: list[Series] = []
        self._colours: list[Series] = []
        self._pending = np.zeros((0, BANDS + PITCH_CLASSES), dtype=np.float32)

    def hear(self, block: Samples) -> None:
        """Describe one more block."""
        usable = block.shape[1] // self._decimation * self._decimation
        mono = block[0, :usable].copy()
        for channel in block[1:]:
            mono += channel[:usable]
        mono = mono.reshape(-1, self._decimation) @ np.full(
            self._decimation, 1 / (self._decimation * len(block)), dtype=np.float32
        )
        joined = np.concatenate((self._rest, mono))
        count = max(0, (len(joined) - WINDOW) // HOP + 1)
        self._rest = joined[count * HOP :]
        if count:
            self._describe(np.lib.stride_tricks.sliding_window_view(joined, WINDOW)[: count * HOP : HOP])

    def finish(self, energy: Series, energy_step_ms: float) -> Features:
        """The features of everything heard, with the energy series that the caller measured beside it."""
        if len(self._pending):
            self._colours.append(self._pending.mean(axis=0, keepdims=True))
        empty = np.zeros((0, BANDS + PITCH_CLASSES), dtype=np.float32)
        step_ms = HOP * 1000 / self._rate
        return Features(
            energy=energy,
            energy_step_ms=energy_step_ms,
            flux=np.concatenate(self._flux) if self._flux else np.zeros(0, dtype=np.float32),
            flux_step_ms=step_ms,
            flux_offset_ms=(WINDOW / 2) * 1000 / self._rate,
            colours=np.concatenate(self._colours) if self._colours else empty,
            colour_step_ms=step_ms * COLOUR_HOPS,
        )

    def _describe(self, windows: Series) -> None:
        spectra = np.fft.rfft(windows * self._window, axis=1)
        power = spectra.real**2 + spectra.imag**2
        bands = np.log(power @ self._to_bands + _FLOOR)
        chroma = np.sqrt(power @ self._to_chroma)
        before = self._last_bands if self._last_bands is not None else bands[:1]
        steps = np.diff(np.concatenate((before, bands)), axis=0)
        self._last_bands = bands[-1:]
        self._flux.append(np.maximum(steps, 0).mean(axis=1))
        pending = np.concatenate((self._pending, np.concatenate((bands, chroma), axis=1)))
        whole = len(pending) // COLOUR_HOPS
        if whole:
            grouped = pending[: whole * COLOUR_HOPS].reshape(whole, COLOUR_HOPS, -1)
            self._colours.append(grouped.mean(axis=1))
        self._pending = pending[whole * COLOUR_HOPS :]


def _band_matrix(rate: float) -> Series:
    """Triangular bands, evenly spaced on the mel scale up to the highest frequency there is."""
    mels = np.linspace(_mel(_LOWEST_BAND_HZ), _mel(rate / 2), BANDS + 2)
    edges = 700 * (np.power(10.0, mels / 2595) - 1)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / rate)
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0, None)
    nearest = np.argmin(np.abs(frequencies[:, None] - edges[1:-1]), axis=0)
    weights[nearest, np.arange(BANDS)] = np.maximum(weights[nearest, np.arange(BANDS)], 0.5)
    return np.asarray(weights / weights.sum(axis=0), dtype=np.float32)


def _mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))


def _chroma_matrix(rate: float) -> Series:
    """Which pitch class each frequency belongs to, counted from A."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / rate)
    matrix = np.zeros((len(frequencies), PITCH_CLASSES), dtype=np.float32)
    lowest, highest = _CHROMA_RANGE_HZ
    inside = np.flatnonzero((frequencies >= lowest) & (frequencies <= highest))
    classes = np.rint(PITCH_CLASSES * np.log2(frequencies[inside] / _A4_HZ)).astype(int) % PITCH_CLASSES
    matrix[inside, classes] = 1
    return matrix
