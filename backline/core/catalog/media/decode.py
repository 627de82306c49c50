"""Turns a sound file into blocks of samples, the only way in which this library looks at sound.

Samples are 32-bit floats, one row per channel, full scale at 1.0; a source may go above it. Priming and
padding that the file declares are trimmed by the decoder, so that sample 0 is the first sample of the music.
The demuxer is chosen by what was sniffed and may open nothing but this one file: no playlist, no second file,
no network.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from .claims import Claim, read_claim
from .errors import (
    Damaged,
    HeaderWithoutSound,
    NotSound,
    TooLong,
    TooShort,
    Truncated,
    UnsupportedCodec,
    VideoNotSound,
)
from .model import MAX_CHANNELS, MAX_TRACK_MS, MIN_TRACK_MS, Codec, Container, Probe
from .sniff import TAKEN, sniff

Samples = NDArray[np.float32]

LOUDEST_SAMPLE = 256.0  # +48 dB over full scale: nothing recorded is louder, and squares of it stay finite
DAMAGED_SHARE = 0.02
DAMAGE_FORGIVEN = 2  # a stray packet at a join or at the end is not worth a refusal
CUT_TOLERANCE_MS = 250
CUT_TOLERANCE_SHARE = 0.005

_DEMUXERS = {
    Container.WAV: "wav",
    Container.AIFF: "aiff",
    Container.FLAC: "flac",
    Container.MP4: "mov",
    Container.ADTS: "aac",
    Container.MP3: "mp3",
    Container.OGG: "ogg",
}
_CODECS = {
    "flac": Codec.FLAC,
    "alac": Codec.ALAC,
    "aac": Codec.AAC,
    "mp3": Codec.MP3,
    "mp3float": Codec.MP3,
    "opus": Codec.OPUS,
    "libopus": Codec.OPUS,
    "vorbis": Codec.VORBIS,
}
_STILL_PICTURES = {"mjpeg", "png", "bmp", "gif", "webp"}
_SCALES = {"u8": 1 / 128, "s16": 1 / 32768, "s32": 1 / 2147483648, "flt": 1.0, "dbl": 1.0}


@dataclass(frozen=True)
class Shape:
    """What every block of one file looks like, as decided by the first decoded frame."""

    channels: int
    sample_rate_hz: int
    layout: str


class SoundReader:
    """One open sound file. `shape` is known from the start; `blocks` decodes it once, from the first sample
    on.
    """

    def __init__(self, container: InputContainer, stream: AudioStream, probe: Probe, claim: Claim) -> None:
        self._container = container
        self._stream = stream
        self._claim = claim
        self._packets = 0
        self._bad_packets = 0
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            raise self._refusal_without_sound()
        self._first = first
        layout = first.layout.name if len(first.layout.name.split()) == 1 else _plain_layout(len(first.layout.channels))
        self.shape = Shape(len(first.layout.channels), first.sample_rate, layout)
        self.probe = Probe(
            probe.container,
            probe.codec,
            self.shape.channels,
            self.shape.sample_rate_hz,
            probe.bits,
            _claimed_ms(claim, stream, probe),
        )

    def blocks(self, block_frames: int, *, max_ms: int = MAX_TRACK_MS) -> Iterator[Samples]:
        """Blocks of exactly `block_frames` samples per channel; only the last may be shorter.

        Raises TooLong as soon as more than `max_ms` has been decoded, and after the last block Damaged,
        Truncated or TooShort when what was decoded is not what a whole track would be.
        """
        limit = max_ms * self.shape.sample_rate_hz // 1000
        buffer, filled, total = self._empty_block(block_frames), 0, 0
        for piece in self._pieces():
            total += piece.shape[1]
            if total > limit:
                raise TooLong(
                    f"The track is longer than {max_ms // 60_000} minutes. Cut it into parts and upload each.",
                    max_ms=max_ms,
                )
            at = 0
            while at < piece.shape[1]:
                taken = min(block_frames - filled, piece.shape[1] - at)
                buffer[:, filled : filled + taken] = piece[:, at : at + taken]
                filled += taken
                at += taken
                if filled == block_frames:
                    yield buffer
                    buffer, filled = self._empty_block(block_frames), 0
        if filled:
            yield buffer[:, :filled]
        self._judge(total)

    def _empty_block(self, block_frames: int) -> Samples:
        return np.empty((self.shape.channels, block_frames), dtype=np.float32)

    def _decode(self) -> Iterator[AudioFrame]:
        """Frames in order. A packet that cannot be decoded is counted and skipped, as players do."""
        try:
            for packet in self._container.demux(self._stream):
                self._packets += 1
                try:
                    yield from packet.decode()
                except av.error.FFmpegError:
                    self._bad_packets += 1
        except av.error.FFmpegError:
            self._bad_packets += 1

    def _pieces(self) -> Iterator[Samples]:
        """Every frame as floats. A file may change its shape halfway; what follows is brought to the first
        shape.
        """
        resampler, shape_of_resampler = None, None
        for frame in self._all_frames():
            shape = (frame.format.name, frame.sample_rate, frame.layout.name)
            if self._is_as_first(frame) and frame.format.packed.name in _SCALES:
                yield _floats(frame)
                continue
            if resampler is None or shape != shape_of_resampler:
                resampler, shape_of_resampler = self._resampler(), shape
            frame.pts = None
            for made in resampler.resample(frame):
                yield _floats(made)

    def _resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="fltp", layout=self.shape.layout, rate=self.shape.sample_rate_hz)

    def _all_frames(self) -> Iterator[AudioFrame]:
        yield self._first
        yield from self._frames

    def _is_as_first(self, frame: AudioFrame) -> bool:
        return len(frame.layout.channels) == self.shape.channels and frame.sample_rate == self.shape.sample_rate_hz

    def _refusal_without_sound(self) -> Damaged | Truncated | HeaderWithoutSound:
        if self._claim.is_cut:
            return Truncated(
                "The file ends before any sound begins: the copy or upload was cut off. Upload the whole file."
            )
        if self._bad_packets:
            return Damaged("Nothing in this file can be decoded. Export the track again and upload that file.")
        return HeaderWithoutSound(
            "The file begins like a sound file but holds no sound. Export the track again and upload that file."
        )

    def _judge(self, total: int) -> None:
        """Refuse what is not a whole track. A claim beyond the longest track is not believed at all."""
        decoded_ms = total * 1000 // self.shape.sample_rate_hz
        allowed_bad = max(DAMAGE_FORGIVEN, round(self._packets * DAMAGED_SHARE))
        claimed_ms = self.probe.claimed_ms
        if claimed_ms is not None and claimed_ms <= MAX_TRACK_MS:
            missing_ms = claimed_ms - decoded_ms
            if missing_ms > max(CUT_TOLERANCE_MS, round(claimed_ms * CUT_TOLERANCE_SHARE)):
                raise Truncated(
                    f"The file announces {_clock(claimed_ms)} of sound but holds {_clock(decoded_ms)}: the "
                    "copy or "
                    "upload was cut off. Upload the whole file, or export the track again.",
                    claimed_ms=claimed_ms,
                    decoded_ms=decoded_ms,
                )
        if self._claim.is_cut and claimed_ms is None:
            raise Truncated(
                f"The file breaks off after {_clock(decoded_ms)}: the copy or upload was cut off. Upload "
                "the whole "
                "file, or export the track again.",
                decoded_ms=decoded_ms,
            )
        if self._bad_packets > allowed_bad:
            raise Damaged(
                f"{self._bad_packets} of {self._packets} parts of this file cannot be decoded. Export the "
                "track "
                "again and upload that file.",
            )
        if decoded_ms < MIN_TRACK_MS:
            raise TooShort(
                f"The track is {decoded_ms} ms long; the shortest that can be played is {MIN_TRACK_MS} ms.",
                decoded_ms=decoded_ms,
            )


@contextmanager
def open_sound(path: Path) -> Iterator[SoundReader]:
    """Open a sound file for decoding. Raises every refusal of `sniff`, and those that show in the headers."""
    container_kind = sniff(path)
    demuxer = _DEMUXERS.get(container_kind)
    if demuxer is None:
        raise NotSound(f"A zip is an album, not a track. Upload its members, each as {TAKEN}.", seems="a zip archive")
    claim = read_claim(path, container_kind)
    try:
        container = av.open(
            f"file:{path}",
            format=demuxer,
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise _unopenable(container_kind, claim) from error
    with container:
        stream = _sound_stream(container)
        probed = _probe_headers(container_kind, stream)
        stream.codec_context.thread_count = 1  # cheaper for sound than handing frames to threads and back
        yield SoundReader(container, stream, probed, claim)


def probe(path: Path) -> Probe:
    """What the headers and the first decoded frame say. Raises what `open_sound` raises."""
    with open_sound(path) as sound:
        return sound.probe


def _unopenable(kind: Container, claim: Claim) -> Truncated | Damaged:
    if claim.is_cut or claim.frames is not None:
        return Truncated(
            f"This {kind.upper()} file breaks off before its end: the copy or upload was cut off. Upload "
            "the whole file."
        )
    return Damaged(f"The structure of this {kind.upper()} file is broken. Export the track again and upload that file.")


def _sound_stream(container: InputContainer) -> AudioStream:
    for video in container.streams.video:
        is_cover = bool(video.disposition & Disposition.attached_pic) or video.name in _STILL_PICTURES
        if not is_cover:
            raise VideoNotSound(f"This is a video. Export its sound alone as {TAKEN} and upload that.")
    streams = container.streams.audio
    if not streams:
        raise HeaderWithoutSound(
            "The file begins like a sound file but holds no sound. Export the track again and upload that file."
        )
    return streams[0]


def _probe_headers(kind: Container, stream: AudioStream) -> Probe:
    context = stream.codec_context
    if context is None:
        raise UnsupportedCodec(f"The coding of this file is unknown. Export it as {TAKEN} and upload that.")
    if stream.codec_tag in {"drms", "enca"}:
        raise UnsupportedCodec(
            f"This file is locked by copy protection. Export an unlocked copy as {TAKEN} and upload that."
        )
    name = context.name
    codec = Codec.PCM if name.startswith("pcm_") else _CODECS.get(name)
    if codec is None:
        raise UnsupportedCodec(f"Sound coded as {name} is not supported. Export it as {TAKEN} and upload that.")
    if context.channels > MAX_CHANNELS:
        raise UnsupportedCodec(
            f"The file has {context.channels} channels; at most {MAX_CHANNELS} can be mixed. Export it in stereo."
        )
    return Probe(kind, codec, context.channels, context.sample_rate, _bits(codec, name, context.extradata), None)


def _bits(codec: Codec, name: str, extradata: bytes | None) -> int | None:
    """Bits per sample, none for a lossy coding. FLAC: RFC 9639, section 8.2; ALAC: its magic cookie."""
    if codec is Codec.PCM:
        digits = "".join(character for character in name.split("_")[1] if character.isdigit())
        return int(digits) if digits else 8
    if codec is Codec.FLAC and extradata and len(extradata) >= 14:
        return ((extradata[12] & 1) << 4 | extradata[13] >> 4) + 1
    if codec is Codec.ALAC and extradata and len(extradata) >= 18:
        return extradata[17]
    return None


def _claimed_ms(claim: Claim, stream: AudioStream, probe: Probe) -> int | None:
    if claim.frames is not None:
        return claim.frames * 1000 // max(1, stream.codec_context.sample_rate)
    if probe.container is Container.MP4 and stream.duration is not None and stream.time_base is not None:
        return int(stream.duration * stream.time_base * 1000)
    return None


def _plain_layout(channels: int) -> str:
    """The usual arrangement of so many channels, for files that do not say which is which."""
    return ("mono", "stereo", "2.1", "quad", "5.0", "5.1", "6.1", "7.1")[channels - 1]


def _floats(frame: AudioFrame) -> Samples:
    raw = frame.to_ndarray()
    channels = len(frame.layout.channels)
    planar = raw if frame.format.is_planar else raw.reshape(-1, channels).T
    name = frame.format.packed.name
    if name == "u8":
        planar = planar.astype(np.int16) - 128
    if name in {"flt", "dbl"}:
        return _tamed(np.asarray(planar, dtype=np.float32))
    return np.multiply(planar, _SCALES[name], dtype=np.float32)


def _tamed(samples: Samples) -> Samples:
    """Float files may hold anything at all: what is no number becomes silence, what is absurdly loud is
    limited.
    """
    if samples.size and samples.min() >= -LOUDEST_SAMPLE and samples.max() <= LOUDEST_SAMPLE:
        return samples
    numbers = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(numbers, -LOUDEST_SAMPLE, LOUDEST_SAMPLE)


def _clock(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 60}:{seconds % 60:02d}"
