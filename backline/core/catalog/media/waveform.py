"""The picture of a track: the lowest and highest sample of every short stretch of time, at two resolutions.

Both are written in the formats of BBC audiowaveform, version 2, which the usual waveform widgets read. The
*overview* is JSON of 400 to 800 points (fewer for tracks under four seconds): `{"version": 2, "channels": 1,
"sample_rate", "samples_per_pixel", "bits": 8, "length", "data": [min, max, min, max, ...]}` with values from
-128 to 127. The *detail*, about fifty points a second, is binary: six little-endian 32-bit numbers (version
2, flags 1 for 8 bits, sample rate, samples per pixel, length, channels 1) and then the same pairs as signed
bytes. All channels are drawn as one.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .model import PeaksFile

OVERVIEW_POINTS = 800
DETAIL_BINS = 4  # a bin is 5 ms, see `analysis`
OVERVIEW_NAME = "peaks-overview.json"
DETAIL_NAME = "peaks-detail.dat"


@dataclass(frozen=True)
class Peaks:
    """Pairs of lowest and highest values, one pair per `samples_per_pixel` samples, as signed bytes."""

    sample_rate_hz: int
    samples_per_pixel: int
    data: NDArray[np.int8]

    @property
    def points(self) -> int:
        """How many pairs there are."""
        return len(self.data) // 2


@dataclass(frozen=True)
class Waveform:
    """The extremes of every bin, from which every resolution is drawn. Full scale is 1.0."""

    sample_rate_hz: int
    bin_frames: int
    lows: NDArray[np.float32]
    highs: NDArray[np.float32]

    def overview(self) -> Peaks:
        """At most OVERVIEW_POINTS points for the whole track."""
        return self._drawn(max(1, -(-len(self.lows) // OVERVIEW_POINTS)))

    def detail(self) -> Peaks:
        """About fifty points a second."""
        return self._drawn(DETAIL_BINS)

    def _drawn(self, bins_per_point: int) -> Peaks:
        starts = np.arange(0, len(self.lows), bins_per_point)
        pairs = np.empty(2 * len(starts), dtype=np.int8)
        pairs[0::2] = _bytes_of(np.minimum.reduceat(self.lows, starts))
        pairs[1::2] = _bytes_of(np.maximum.reduceat(self.highs, starts))
        return Peaks(self.sample_rate_hz, self.bin_frames * bins_per_point, pairs)


def write_peaks(waveform: Waveform, out_dir: Path) -> tuple[PeaksFile, PeaksFile]:
    """Write the overview and the detail into `out_dir`. Raises OSError when the disk refuses."""
    overview, detail = waveform.overview(), waveform.detail()
    overview_path, detail_path = out_dir / OVERVIEW_NAME, out_dir / DETAIL_NAME
    overview_path.write_bytes(overview_json(overview))
    detail_path.write_bytes(detail_dat(detail))
    return (
        PeaksFile(overview_path, "application/json", overview.points, overview.samples_per_pixel),
        PeaksFile(detail_path, "application/octet-stream", detail.points, detail.samples_per_pixel),
    )


def overview_json(peaks: Peaks) -> bytes:
    """The peaks as audiowaveform JSON, version 2."""
    document = {
        "version": 2,
        "channels": 1,
        "sample_rate": peaks.sample_rate_hz,
        "samples_per_pixel": peaks.samples_per_pixel,
        "bits": 8,
        "length": peaks.points,
        "data": peaks.data.tolist(),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def detail_dat(peaks: Peaks) -> bytes:
    """The peaks as audiowaveform binary data, version 2."""
    header = struct.pack("<iIiiIi", 2, 1, peaks.sample_rate_hz, peaks.samples_per_pixel, peaks.points, 1)
    return header + peaks.data.tobytes()


def _bytes_of(values: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(np.rint(values * 127), -128, 127).astype(np.int8)
