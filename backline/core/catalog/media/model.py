"""The vocabulary of the audio library: frozen values that cross process boundaries as JSON.

Times are whole milliseconds from the first decoded sample, after the encoder's priming has been trimmed;
loudness is LUFS and true peak dBTP as in EBU R128. A value that cannot be known is None, never zero.
"""

from enum import StrEnum
from pathlib import Path

from pydantic.dataclasses import dataclass

MAX_TRACK_MS = 3 * 60 * 60 * 1000
MIN_TRACK_MS = 1000
MAX_HOOK_MS = 30_000
MAX_CHANNELS = 8


class Container(StrEnum):
    """What the file is, judged by its bytes."""

    WAV = "wav"
    AIFF = "aiff"
    FLAC = "flac"
    MP4 = "mp4"
    ADTS = "adts"
    MP3 = "mp3"
    OGG = "ogg"
    ZIP = "zip"


class Codec(StrEnum):
    """How the sound inside is coded."""

    PCM = "pcm"
    FLAC = "flac"
    ALAC = "alac"
    AAC = "aac"
    MP3 = "mp3"
    OPUS = "opus"
    VORBIS = "vorbis"


@dataclass(frozen=True)
class Probe:
    """What the headers say, before anything was decoded. `claimed_ms` is a claim, not a fact."""

    container: Container
    codec: Codec
    channels: int
    sample_rate_hz: int
    bits: int | None
    claimed_ms: int | None


@dataclass(frozen=True)
class Span:
    """A stretch of time in the track, in milliseconds."""

    start_ms: int
    duration_ms: int

    @property
    def end_ms(self) -> int:
        """The first millisecond after the span."""
        return self.start_ms + self.duration_ms


@dataclass(frozen=True)
class HookWindow(Span):
    """Which part of a track strangers may hear: at most thirty seconds."""


@dataclass(frozen=True)
class HookSuggestion:
    """A window and, in plain words made of measurements, why it was chosen."""

    start_ms: int
    duration_ms: int
    reason: str

    @property
    def window(self) -> HookWindow:
        """The window alone."""
        return HookWindow(self.start_ms, self.duration_ms)


class RenditionKind(StrEnum):
    """Whether a file carries the whole track or only the hook."""

    STREAM = "stream"
    HOOK = "hook"


class Encoding(StrEnum):
    """The two encodings of everything that is served: one efficient, one universal."""

    OPUS_WEBM = "opus_webm"
    MP3 = "mp3"

    @property
    def content_type(self) -> str:
        """The media type to serve the file with (RFC 4281 for `codecs`)."""
        return "audio/webm; codecs=opus" if self is Encoding.OPUS_WEBM else "audio/mpeg"

    @property
    def suffix(self) -> str:
        """The file name's ending."""
        return ".webm" if self is Encoding.OPUS_WEBM else ".mp3"


@dataclass(frozen=True)
class RenditionFile:
    """A file that was written to be served, and the window of the original it holds."""

    kind: RenditionKind
    encoding: Encoding
    path: Path
    size_bytes: int
    window: Span
    channels: int
    sample_rate_hz: int


@dataclass(frozen=True)
class Tags:
    """What the file says about itself. Every text is clean: no control characters, bounded length."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    track_number: int | None = None
    isrc: str | None = None
    lyrics: str | None = None
    genre: str | None = None
    year: int | None = None
    cover: bytes | None = None
    cover_mime: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PeaksFile:
    """A waveform on disk, in the format of BBC audiowaveform version 2; see `waveform`."""

    path: Path
    content_type: str
    points: int
    samples_per_pixel: int


@dataclass(frozen=True)
class Measurements:
    """What one decode of a track found out, without the bulky series."""

    duration_ms: int
    frames: int
    channels: int
    sample_rate_hz: int
    loudness_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None
    leading_silence_ms: int
    trailing_silence_ms: int
    silences: tuple[Span, ...]


@dataclass(frozen=True)
class IngestResult:
    """Everything the worker learns and writes about one uploaded file. `tags.cover` is empty: see
    `cover_path`.
    """

    probe: Probe
    tags: Tags
    cover_path: Path | None
    measurements: Measurements
    suggestion: HookSuggestion
    hook: HookWindow
    overview: PeaksFile
    detail: PeaksFile
    renditions: tuple[RenditionFile, ...]
