"""How loud a track is: programme loudness, loudness range and true peak, as in EBU R128 (ITU-R BS.1770-4).

Loudness comes from FFmpeg's `ebur128` filter. Its own true peak resamples everything to 192 kHz and costs
three times the rest of the analysis, so ours looks between samples only where a peak can be: around the
largest samples of each block, in the order of a quick estimate. A test holds it against the filter.
"""

import math
from functools import cache

import av
import av.filter
import numpy as np
from av.audio.frame import AudioFrame
from av.filter.context import FilterContext
from numpy.typing import NDArray

from .decode import Samples, Shape

SILENCE_LUFS = -70.0  # the absolute gate: the filter reports it when no block passed

TAPS = 32
PHASES = 8  # 8-fold oversampling: an inter-sample peak is read at most 0.1 dB low
CANDIDATES_PER_BLOCK = 64
CANDIDATE_SHARE = 0.55  # a sample lower than this part of the highest peak so far has no new peak beside it
_KAISER_BETA = 9.0


class LoudnessMeter:
    """Feed it every block in order, then ask `finish`."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        graph = av.filter.Graph()
        graph.threads = 1
        self._source = graph.add_abuffer(
            sample_rate=shape.sample_rate_hz,
            format="fltp",
            layout=shape.layout,
        )
        meter = graph.add("ebur128", "metadata=1:framelog=quiet:peak=none")
        self._sink = graph.add("abuffersink")
        graph.link_nodes(self._source, meter, self._sink)
        graph.configure()
        self._graph = (
            graph  # PyAV's filters do not keep their graph alive: without this the next push crashes
        )
        self._last: AudioFrame | None = None

    def hear(self, block: Samples) -> None:
        """Measure one more block."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=self._shape.layout)
        frame.sample_rate = self._shape.sample_rate_hz
        self._source.push(frame)
        self._drain()

    def finish(self) -> tuple[float | None, float | None]:
        """Integrated loudness in LUFS and loudness range in LU; None and None for a track that is silent
        throughout.
        """
        self._source.push(None)
        self._drain()
        found = self._last.metadata if self._last is not None else {}
        loudness = float(found.get("lavfi.r128.I", SILENCE_LUFS))
        if loudness <= SILENCE_LUFS:
            return None, None
        return loudness, float(found.get("lavfi.r128.LRA", 0.0))

    def _drain(self) -> None:
        frame = _pull(self._sink)
        while frame is not None:
            self._last = frame
            frame = _pull(self._sink)


def _pull(sink: FilterContext) -> AudioFrame | None:
    try:
        frame = sink.pull()
    except (av.error.BlockingIOError, av.error.EOFError):
        return None
    return frame if isinstance(frame, AudioFrame) else None


@cache
def _interpolator() -> NDArray[np.float32]:
    """Columns are the points between the sample before and the sample after the middle of a window of TAPS
    samples.
    """
    middle = TAPS // 2
    offsets = np.arange(-PHASES + 1, PHASES) / PHASES
    distance = (np.arange(TAPS) - middle)[:, None] - offsets[None, :]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / (middle + 1)) ** 2, 0, None))) / np.i0(
        _KAISER_BETA
    )
    kernel = np.sinc(distance) * window
    return np.asarray(kernel / kernel.sum(axis=0), dtype=np.float32)


@cache
def _halfway() -> NDArray[np.float32]:
    """Eight taps that guess the value halfway between two samples, to put candidates in order."""
    distance = np.arange(8) - 3.5
    kernel = np.sinc(distance) * np.cos(np.pi * distance / 9)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


class TruePeakMeter:
    """The highest point of the waveform between samples too. Feed it every block in order, then ask `finish`."""

    def __init__(self, shape: Shape) -> None:
        self._tail = np.zeros((shape.channels, 2 * TAPS), dtype=np.float32)
        self._highest = 0.0

    def hear(self, block: Samples, sample_peak: float) -> None:
        """Look at one more block, whose largest absolute sample the caller already knows."""
        joined = np.concatenate((self._tail, block), axis=1)
        self._tail = joined[:, -2 * TAPS :].copy()
        if max(sample_peak, float(np.abs(joined[:, : 3 * TAPS]).max())) > CANDIDATE_SHARE * self._highest:
            for channel in joined:
                self._look_at(channel)

    def finish(self) -> float | None:
        """The true peak in dBTP, None if every sample is zero."""
        silence = np.zeros((self._tail.shape[0], 2 * TAPS), dtype=np.float32)
        self.hear(silence, 0.0)
        return 20 * math.log10(self._highest) if self._highest > 0 else None

    def _look_at(self, channel: NDArray[np.float32]) -> None:
        inner = channel[TAPS:-TAPS]
        size = np.abs(inner)
        sample_peak = float(size.max(initial=0.0))
        self._highest = max(self._highest, sample_peak)
        at = np.flatnonzero(size >= CANDIDATE_SHARE * self._highest)
        if not at.size or self._highest == 0:
            return
        at = _strongest(at, size[at], 16 * CANDIDATES_PER_BLOCK) + TAPS
        around = channel[at[:, None] + np.arange(-4, 5)]
        guess = np.maximum(np.abs(around[:, :8] @ _halfway()), np.abs(around[:, 1:] @ _halfway()))
        at = _strongest(at, guess, CANDIDATES_PER_BLOCK)
        windows = channel[at[:, None] + np.arange(-TAPS // 2, TAPS // 2)]
        self._highest = max(self._highest, float(np.abs(windows @ _interpolator()).max()))


def _strongest(at: NDArray[np.intp], strength: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    if at.size <= count:
        return at
    return at[np.argpartition(strength, at.size - count)[-count:]]
