"""Writes samples as the files artists really send: ten formats, lossless and lossy, 44.1, 48 and 96 kHz.

All encoders are those inside PyAV. They run in bit-exact mode, so that an Ogg stream gets no random
serial number and no file names the encoder's version: the same samples give the same bytes.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from backline.config.demo.mix import Stereo
from backline.config.demo.scene import FileFormat
from backline.config.demo.synth import to_integers

_BIT_EXACT = {"fflags": "+bitexact"}


@dataclass(frozen=True, slots=True)
class Export:
    """How a format is written; `bits` is None where the encoder takes floats, `bit_rate` is in bits/s."""

    suffix: str
    content_type: str
    container: str
    codec: str
    rate_hz: int
    sample_format: str
    bits: int | None = None
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)


EXPORTS: dict[FileFormat, Export] = {
    FileFormat.WAV_16: Export(".wav", "audio/wav", "wav", "pcm_s16le", 44_100, "s16", bits=16),
    FileFormat.WAV_24_96: Export(".wav", "audio/wav", "wav", "pcm_s24le", 96_000, "s32", bits=24),
    FileFormat.AIFF_16: Export(".aiff", "audio/aiff", "aiff", "pcm_s16be", 44_100, "s16", bits=16),
    FileFormat.FLAC_16: Export(".flac", "audio/flac", "flac", "flac", 44_100, "s16", bits=16),
    FileFormat.FLAC_24: Export(".flac", "audio/flac", "flac", "flac", 48_000, "s32", bits=24),
    FileFormat.ALAC_16: Export(".m4a", "audio/mp4", "ipod", "alac", 44_100, "s16p", bits=16),
    FileFormat.AAC: Export(
        ".m4a", "audio/mp4", "ipod", "aac", 48_000, "fltp", bit_rate=192_000, options={"aac_coder": "fast"}
    ),
    FileFormat.MP3: Export(
        ".mp3",
        "audio/mpeg",
        "mp3",
        "libmp3lame",
        44_100,
        "fltp",
        bit_rate=256_000,
        options={"compression_level": "7"},
    ),
    FileFormat.OPUS: Export(".opus", "audio/ogg", "ogg", "libopus", 48_000, "flt", bit_rate=128_000),
    FileFormat.VORBIS: Export(
        ".ogg",
        "audio/ogg",
        "ogg",
        "vorbis",
        44_100,
        "fltp",
        bit_rate=192_000,
        options={"strict": "experimental"},
    ),
}


def encode(signal: Stereo, path: Path, export: Export) -> None:
    """Write the samples, which must be at `export.rate_hz`, to `path`."""
    with av.open(str(path), "w", format=export.container, container_options=_BIT_EXACT) as container:
        stream = container.add_stream(
            export.codec,
            rate=export.rate_hz,
            layout="stereo",
            options={"flags": "+bitexact", **export.options},
        )
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{export.codec} is not an audio codec")
        stream.codec_context.format = av.AudioFormat(export.sample_format)
        if export.bit_rate is not None:
            stream.bit_rate = export.bit_rate
        for start in range(0, signal.shape[1], export.rate_hz):
            frame = _frame(signal[:, start : start + export.rate_hz], export)
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frame(part: Stereo, export: Export) -> av.AudioFrame:
    planes = _to_format(part, export)
    is_planar = export.sample_format.endswith("p")
    rows = planes if is_planar else planes.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(rows), format=export.sample_format, layout="stereo")
    frame.sample_rate = export.rate_hz
    frame.time_base = Fraction(1, export.rate_hz)
    return frame


def _to_format(part: Stereo, export: Export) -> npt.NDArray[np.float32] | npt.NDArray[np.signedinteger]:
    """Floats as they are; 16 bits as int16; 24 bits at the top of an int32, as the encoders expect them."""
    match export.bits:
        case None:
            return part
        case 16:
            return to_integers(part, 16).astype(np.int16)
        case bits:
            return to_integers(part, bits) << (32 - bits)
