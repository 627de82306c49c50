"""One decode of a track tells everything that is measured about it.

Each block of samples is decoded once and shown to every meter: loudness, true peak, waveform and features.
Time is cut into bins of about 5 ms; a bin is silent when its level is below -60 dBFS, and silence is only
reported when it lasts for half a second. Memory does not grow with the sound but with its description, about
2 kB a second.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .decode import Samples, Shape, SoundReader, open_sound
from .features import FeatureExtractor, Features, Series, decimation_of
from .loudness import LoudnessMeter, TruePeakMeter
from .model import MAX_TRACK_MS, Measurements, Probe, Span
from .waveform import Waveform

BINS_PER_SECOND = 200
BINS_PER_BLOCK = 256
SILENT_MEAN_SQUARE = 1e-6  # -60 dBFS
SHORTEST_SILENCE_MS = 500


@dataclass(frozen=True)
class Analysis:
    """All that one decode found out: the headers, the measurements, the waveform and the features of the
    sound.
    """

    probe: Probe
    measurements: Measurements
    waveform: Waveform
    features: Features


def analyse(path: Path, *, max_ms: int = MAX_TRACK_MS) -> Analysis:
    """Decode the file once and measure it. Raises every refusal of `media.errors` that concerns a single
    file.
    """
    with open_sound(path) as sound:
        return analyse_sound(sound, max_ms=max_ms)


def analyse_sound(sound: SoundReader, *, max_ms: int = MAX_TRACK_MS) -> Analysis:
    """Measure an open sound file, consuming it."""
    meters = _Meters(sound.shape)
    for block in sound.blocks(meters.bin_frames * BINS_PER_BLOCK, max_ms=max_ms):
        meters.hear(block)
    return meters.finish(sound.probe)


def bin_frames_of(sample_rate_hz: int) -> int:
    """Samples in one bin: about 5 ms, and a whole multiple of the decimation of the features."""
    decimation = decimation_of(sample_rate_hz)
    return decimation * max(1, round(sample_rate_hz / (BINS_PER_SECOND * decimation)))


class _Meters:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.bin_frames = bin_frames_of(shape.sample_rate_hz)
        self._loudness = LoudnessMeter(shape)
        self._true_peak = TruePeakMeter(shape)
        self._features = FeatureExtractor(shape)
        self._lows: list[Series] = []
        self._highs: list[Series] = []
        self._energy: list[Series] = []
        self._frames = 0

    def hear(self, block: Samples) -> None:
        self._frames += block.shape[1]
        whole = block.shape[1] // self.bin_frames * self.bin_frames
        peak = self._measure_bins(block[:, :whole], self.bin_frames) if whole else 0.0
        if whole < block.shape[1]:
            peak = max(peak, self._measure_bins(block[:, whole:], block.shape[1] - whole))
        self._true_peak.hear(block, peak)
        self._features.hear(block)
        self._loudness.hear(block)

    def _measure_bins(self, block: Samples, bin_frames: int) -> float:
        bins = block.reshape(len(block), -1, bin_frames)
        lows, highs = bins.min(axis=2).min(axis=0), bins.max(axis=2).max(axis=0)
        self._lows.append(lows)
        self._highs.append(highs)
        self._energy.append(np.einsum("cbf,cbf->b", bins, bins) / (len(block) * bin_frames))
        return float(max(-lows.min(), highs.max(), 0.0))

    def finish(self, probe: Probe) -> Analysis:
        rate = self._shape.sample_rate_hz
        energy = np.concatenate(self._energy).astype(np.float32)
        bin_ms = self.bin_frames * 1000 / rate
        duration_ms = round(self._frames * 1000 / rate)
        silences = find_silences(energy, bin_ms, duration_ms)
        loudness, loudness_range = self._loudness.finish()
        leading = next((span.duration_ms for span in silences if span.start_ms == 0), 0)
        trailing = next((span.duration_ms for span in silences if span.end_ms == duration_ms), 0)
        measurements = Measurements(
            duration_ms=duration_ms,
            frames=self._frames,
            channels=self._shape.channels,
            sample_rate_hz=rate,
            loudness_lufs=loudness,
            loudness_range_lu=loudness_range,
            true_peak_dbtp=self._true_peak.finish(),
            leading_silence_ms=leading,
            trailing_silence_ms=trailing,
            silences=silences,
        )
        waveform = Waveform(rate, self.bin_frames, np.concatenate(self._lows), np.concatenate(self._highs))
        return Analysis(probe, measurements, waveform, self._features.finish(energy, bin_ms))


def find_silences(energy: Series, bin_ms: float, duration_ms: int) -> tuple[Span, ...]:
    """The silent stretches of at least SHORTEST_SILENCE_MS, in order; the last ends with the track."""
    is_silent = np.concatenate(([False], energy < SILENT_MEAN_SQUARE, [False]))
    edges = np.flatnonzero(is_silent[1:] != is_silent[:-1])
    spans = []
    for first, after in zip(edges[0::2], edges[1::2], strict=True):
        start_ms = round(first * bin_ms)
        end_ms = duration_ms if after == len(energy) else round(after * bin_ms)
        if end_ms - start_ms >= SHORTEST_SILENCE_MS:
            spans.append(Span(start_ms, end_ms - start_ms))
    return tuple(spans)
