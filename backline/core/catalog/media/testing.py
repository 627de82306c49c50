"""Real small sound files in every format, whole and broken, for tests anywhere in the house.

The sound is deterministic and never repeats itself (chords, drums and a slow sweep), so that a part of it can
be found again in the whole by correlation. Vorbis is written by FFmpeg's own encoder, which calls itself
experimental, because the wheel carries no libvorbis. `sound_of` decodes with plain PyAV and shares nothing
with `decode`, so that one can judge the other.
"""

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TEN_HOURS_S = 36_000
BLOCK = 1 << 15


@dataclass(frozen=True)
class Recipe:
    """How to write one format: file ending, muxer, encoder, the encoder's sample format, and options for
    both.
    """

    suffix: str
    muxer: str
    codec: str
    sample_format: str
    muxer_options: tuple[tuple[str, str], ...] = ()
    codec_options: tuple[tuple[str, str], ...] = ()


class Format(Enum):
    """The formats that artists upload."""

    WAV_16 = Recipe(".wav", "wav", "pcm_s16le", "s16")
    WAV_24 = Recipe(".wav", "wav", "pcm_s24le", "s32")
    WAV_FLOAT = Recipe(".wav", "wav", "pcm_f32le", "flt")
    AIFF = Recipe(".aiff", "aiff", "pcm_s16be", "s16")
    FLAC = Recipe(".flac", "flac", "flac", "s16")
    FLAC_24 = Recipe(".flac", "flac", "flac", "s32")
    ALAC = Recipe(".m4a", "ipod", "alac", "s16p")
    AAC = Recipe(".m4a", "ipod", "aac", "fltp", codec_options=(("b", "192k"),))
    ADTS = Recipe(".aac", "adts", "aac", "fltp", codec_options=(("b", "192k"),))
    MP3 = Recipe(".mp3", "mp3", "libmp3lame", "fltp", codec_options=(("b", "192k"),))
    MP3_WITHOUT_LENGTH = Recipe(
        ".mp3",
        "mp3",
        "libmp3lame",
        "fltp",
        muxer_options=(("write_xing", "0"), ("id3v2_version", "0")),
        codec_options=(("b", "192k"),),
    )
    OPUS = Recipe(".opus", "ogg", "libopus", "flt", codec_options=(("b", "160k"),))
    VORBIS = Recipe(".ogg", "ogg", "vorbis", "fltp", codec_options=(("strict", "experimental"), ("b", "192k")))


LOSSLESS = (
    Format.WAV_16,
    Format.WAV_24,
    Format.WAV_FLOAT,
    Format.AIFF,
    Format.FLAC,
    Format.FLAC_24,
    Format.ALAC,
)


def make_sound(seconds: float, *, rate: int = 44_100, channels: int = 2, seed: int = 1, level: float = 0.5) -> Samples:
    """Music-like samples, one row per channel, whose largest value is `level`. The same arguments, the same
    sound.
    """
    count = round(seconds * rate)
    time = np.arange(count) / rate
    random = np.random.default_rng(seed)
    rows = []
    for channel in range(channels):
        sweep = np.sin(2 * np.pi * (180 + 40 * channel) * time + 25 * np.sin(2 * np.pi * 0.07 * time + seed))
        roots = np.array([220.0, 174.6, 261.6, 196.0])[(time // 2).astype(int) % 4]
        chord = sum(np.sin(2 * np.pi * roots * ratio * time) for ratio in (1.0, 1.25, 1.5))
        drums = random.standard_normal(count) * np.exp(-18 * (time % 0.5))
        rows.append(0.5 * sweep + 0.3 * chord + 0.15 * drums)
    made = np.array(rows)
    return np.asarray(made * (level / np.abs(made).max()), dtype=np.float32)


def write_sound(path: Path, samples: Samples, kind: Format, *, rate: int = 44_100) -> Path:
    """Write the samples into a new file of the format; the file's name is taken as it is."""
    recipe = kind.value
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    with av.open(f"file:{path}", "w", format=recipe.muxer, container_options=dict(recipe.muxer_options)) as container:
        options = dict(recipe.codec_options)
        out_rate = 48_000 if kind is Format.OPUS else rate
        stream = container.add_stream(recipe.codec, rate=out_rate, options=options, layout=layout)
        assert isinstance(stream, AudioStream)  # noqa: S101 - this is test material
        stream.codec_context.format = recipe.sample_format
        resampler = av.AudioResampler(format=recipe.sample_format, layout=layout, rate=out_rate)
        for at in range(0, samples.shape[1], BLOCK):
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, at : at + BLOCK]), format="fltp", layout=layout
            )
            frame.sample_rate = rate
            for made in resampler.resample(frame):
                container.mux(stream.encode(made))
        for made in resampler.resample(None):
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return path


def make_file(
    folder: Path, kind: Format, *, seconds: float = 4.0, rate: int = 44_100, channels: int = 2, seed: int = 1
) -> Path:
    """A new sound file of the format in `folder`, named after it."""
    path = folder / f"{kind.name.lower()}-{rate}-{channels}{kind.value.suffix}"
    return write_sound(path, make_sound(seconds, rate=rate, channels=channels, seed=seed), kind, rate=rate)


def sound_of(path: Path) -> tuple[Samples, int]:
    """All samples of a file, one row per channel, and its sample rate, as plain PyAV decodes them."""
    pieces: list[Samples] = []
    rate = 0
    with av.open(f"file:{path}") as container:
        resampler: av.AudioResampler | None = None
        for frame in container.decode(audio=0):
            rate = frame.sample_rate
            resampler = resampler or av.AudioResampler(format="fltp", layout=frame.layout.name, rate=rate)
            frame.pts = None
            pieces.extend(np.asarray(made.to_ndarray(), dtype=np.float32) for made in resampler.resample(frame))
    return np.concatenate(pieces, axis=1), rate


@dataclass(frozen=True)
class Match:
    """Where a part was found in the whole, and how alike the two are there: 1.0 is the same but for level."""

    start_ms: float
    correlation: float


def find_part(part: Samples, whole: Samples, rate: int) -> Match:
    """Where `part` lies in `whole`, by normalized cross-correlation of their mono mixes at the same sample
    rate.
    """
    small, large = part.mean(axis=0, dtype=np.float64), whole.mean(axis=0, dtype=np.float64)
    size = 1 << (len(small) + len(large)).bit_length()
    products = np.fft.irfft(np.fft.rfft(large, size) * np.conj(np.fft.rfft(small, size)), size)
    places = max(1, len(large) - len(small) + 1)
    best = int(np.argmax(products[:places]))
    there = large[best : best + len(small)]
    length = float(np.linalg.norm(there) * np.linalg.norm(small[: len(there)]))
    return Match(best * 1000 / rate, float(products[best]) / length if length else 0.0)


def resampled(samples: Samples, rate: int, to_rate: int) -> Samples:
    """The samples at another rate."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=to_rate)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate = rate
    made = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([np.asarray(piece.to_ndarray(), dtype=np.float32) for piece in made], axis=1)


def cut_off(path: Path, share: float = 0.5) -> Path:
    """Keep only the first part of the file, as a broken upload does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def header_only(folder: Path, kind: Format) -> Path:
    """A file of the format that announces sound and holds none."""
    path = make_file(folder, kind, seconds=1.5)
    data = path.read_bytes()
    ends: Mapping[Format, Callable[[], int]] = {
        Format.WAV_16: lambda: data.find(b"data") + 8,
        Format.AIFF: lambda: data.find(b"SSND") + 16,
        Format.FLAC: lambda: _flac_header_end(data),
    }
    path.write_bytes(_without_claim(data[: ends[kind]()], kind))
    return path


def claim_ten_hours(path: Path, kind: Format, *, rate: int = 44_100) -> Path:
    """Make the headers of a small file announce ten hours. For WAV (mono), FLAC, MP3 and M4A."""
    data = bytearray(path.read_bytes())
    frames = TEN_HOURS_S * rate
    if kind is Format.WAV_16:
        struct.pack_into("<I", data, data.find(b"data") + 4, frames * 2)
    elif kind is Format.FLAC:
        packed = int.from_bytes(data[18:26], "big") & ~0xF_FFFF_FFFF | frames
        data[18:26] = packed.to_bytes(8, "big")
    elif kind is Format.MP3:
        at = max(data.find(b"Xing"), data.find(b"Info"))
        struct.pack_into(">I", data, at + 8, frames // 1152)
    else:
        for box, offset in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
            at = data.find(box)
            scale = rate if box == b"mdhd" else struct.unpack_from(">I", data, data.find(b"mvhd") + 16)[0]
            struct.pack_into(">I", data, at + offset, TEN_HOURS_S * scale)
    path.write_bytes(bytes(data))
    return path


def renamed_program(path: Path) -> Path:
    """This machine's own Python interpreter under a musical name."""
    path.write_bytes(Path(sys.executable).resolve().read_bytes()[:300_000])
    return path


def make_video(path: Path, *, seconds: float = 2.0) -> Path:
    """A small MP4 with moving pictures and sound."""
    sound = make_sound(seconds, rate=44_100)
    with av.open(f"file:{path}", "w", format="mp4") as container:
        pictures = container.add_stream("libx264", rate=10, width=64, height=64, pix_fmt="yuv420p")
        voice = container.add_stream("aac", rate=44_100, layout="stereo")
        assert isinstance(pictures, VideoStream)  # noqa: S101 - this is test material
        assert isinstance(voice, AudioStream)  # noqa: S101 - this is test material
        for number in range(round(seconds * 10)):
            canvas = np.full((64, 64, 3), number * 10 % 255, dtype=np.uint8)
            container.mux(pictures.encode(VideoFrame.from_ndarray(canvas, format="rgb24")))
        container.mux(pictures.encode(None))
        frame = AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        container.mux(voice.encode(frame))
        container.mux(voice.encode(None))
    return path


def _flac_header_end(data: bytes) -> int:
    at = 4
    while not data[at] & 0x80:
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    return at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")


def _without_claim(data: bytes, kind: Format) -> bytes:
    """The same header, announcing nothing: a recorder that was stopped before its first sample."""
    changed = bytearray(data)
    if kind is Format.WAV_16:
        struct.pack_into("<I", changed, changed.find(b"data") + 4, 0)
    elif kind is Format.AIFF:
        struct.pack_into(">I", changed, changed.find(b"SSND") + 4, 8)
        struct.pack_into(">I", changed, changed.find(b"COMM") + 10, 0)
    else:
        changed[18:26] = (int.from_bytes(changed[18:26], "big") & ~0xF_FFFF_FFFF).to_bytes(8, "big")
    return bytes(changed)
