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
CANDIDATE_SHARE = 0.65  # a guess lower than this part of the highest peak so far is no new peak
_LOUDEST_RISE = 0.5  # between samples a waveform rises to at most twice its samples; +6 dB is unheard of
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
        self._graph = graph  # PyAV's filters do not keep their graph alive: without this the next push crashes
        self._last: AudioFrame | None = None
        self._before_last: AudioFrame | None = None

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
        found: dict[str, str] = {}
        for frame in (
            self._before_last,
            self._last,
        ):  # the filter says nothing about a last frame under 100 ms
            found |= frame.metadata if frame is not None else {}
        loudness = float(found.get("lavfi.r128.I", SILENCE_LUFS))
        if loudness <= SILENCE_LUFS:
            return None, None
        return loudness, float(found.get("lavfi.r128.LRA", 0.0))

    def _drain(self) -> None:
        frame = _pull(self._sink)
        while frame is not None:
            self._before_last, self._last = self._last, frame
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
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / (middle + 1)) ** 2, 0, None))) / np.i0(_KAISER_BETA)
    kernel = np.sinc(distance) * window
    return np.asarray(kernel / kernel.sum(axis=0), dtype=np.float32)


class TruePeakMeter:
    """The highest point of the waveform, between samples too. Feed it every block in order, then `finish`."""

    def __init__(self, shape: Shape) -> None:
        self._tail = np.zeros((shape.channels, 2 * TAPS), dtype=np.float32)
        self._highest = 0.0

    def hear(self, block: Samples, sample_peak: float) -> None:
        """Look at one more block, whose largest absolute sample the caller already knows."""
        joined = np.concatenate((self._tail, block), axis=1)
        self._tail = joined[:, -2 * TAPS :].copy()
        loudest = max(sample_peak, float(np.abs(joined[:, : 3 * TAPS]).max()))
        if loudest > _LOUDEST_RISE * self._highest:
            self._highest = max(self._highest, sample_peak)
            for channel in joined:
                self._look_between(channel)

    def finish(self) -> float | None:
        """The true peak in dBTP, None if every sample is zero."""
        self.hear(np.zeros((self._tail.shape[0], 2 * TAPS), dtype=np.float32), 0.0)
        return 20 * math.log10(self._highest) if self._highest > 0 else None

    def _look_between(self, channel: NDArray[np.float32]) -> None:
        """Interpolate exactly around the points where a quick guess of the halfway values comes near a new
        peak.
        """
        guess = _halfway(channel)[TAPS:-TAPS]
        np.abs(guess, out=guess)
        np.maximum(guess, np.abs(channel[TAPS + 2 : TAPS + 2 + len(guess)]), out=guess)
        at = np.flatnonzero(guess >= CANDIDATE_SHARE * self._highest)
        if not at.size:
            return
        if at.size > CANDIDATES_PER_BLOCK:
            at = at[np.argpartition(guess[at], -CANDIDATES_PER_BLOCK)[-CANDIDATES_PER_BLOCK:]]
        windows = channel[(at + TAPS + 2)[:, None] + np.arange(-TAPS // 2, TAPS // 2)]
        self._highest = max(self._highest, float(np.abs(windows @ _interpolator()).max()))


def _halfway(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A guess of the value halfway between samples i + 2 and i + 3, by the six samples around it."""
    inner = channel[2:-3] + channel[3:-2]
    inner *= np.float32(150 / 256)
    middle = channel[1:-4] + channel[4:-1]
    middle *= np.float32(25 / 256)
    inner -= middle
    np.add(channel[:-5], channel[5:], out=middle)
    middle *= np.float32(3 / 256)
    inner += middle
    return inner
