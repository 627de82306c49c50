"""Writes the files that are served: the whole track for those who may hear it, and the hook as files of its
own.

Each comes in two encodings. *Efficient* is Opus at 128 kb/s in WebM with the cues in front: every current
browser plays it (Chromium, Firefox, Safari since 17), the length is known from the header, and a seek costs
one range request; Ogg was refused because its length is unknown until its end has been fetched. *Universal*
is MP3 at a constant 192 kb/s, so that seeking by bytes is exact, with an Info header that names the encoder's
padding. Nothing of the original but its sound gets in: no tag, no cover, no date; the same sound always gives
the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from .decode import Samples, Shape, open_sound
from .disk import FULL_DISK, storage_full
from .errors import HookOutsideTrack
from .model import MAX_HOOK_MS, Encoding, HookWindow, RenditionFile, RenditionKind, Span

OPUS_BIT_RATE = 128_000
OPUS_MONO_BIT_RATE = 80_000
OPUS_RATE_HZ = 48_000
MP3_BIT_RATE = 192_000
MP3_MONO_BIT_RATE = 96_000
LAME_QUALITY = "5"
FADE_IN_MS = 10
FADE_OUT_MS = 60
BLOCK_FRAMES = 1 << 16
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Recipe:
    codec: str
    muxer: str
    sample_format: str
    muxer_options: dict[str, str]
    codec_options: dict[str, str]


_RECIPES = {
    Encoding.OPUS_WEBM: _Recipe(
        "libopus",
        "webm",
        "flt",
        {"fflags": "+bitexact", "cues_to_front": "1", "cluster_time_limit": "2000"},
        {"flags": "+bitexact", "application": "audio"},
    ),
    Encoding.MP3: _Recipe(
        "libmp3lame",
        "mp3",
        "fltp",
        {"fflags": "+bitexact", "write_xing": "1", "id3v2_version": "0"},
        {"flags": "+bitexact", "compression_level": LAME_QUALITY},
    ),
}


def write_streams(source: Path, out_dir: Path) -> list[RenditionFile]:
    """Write the whole track in both encodings. Raises the refusals of `decode`, and StorageFull."""
    with open_sound(source) as sound, _encoders(RenditionKind.STREAM, sound.shape, out_dir) as encoders:
        frames = 0
        for block in sound.blocks(BLOCK_FRAMES):
            frames += block.shape[1]
            encoders.hear(block)
        return encoders.finish(Span(0, round(frames * 1000 / sound.shape.sample_rate_hz)))


def cut_hook(source: Path, window: HookWindow, out_dir: Path) -> list[RenditionFile]:
    """Write the hook in both encodings, cut to the sample. Raises HookOutsideTrack, and what `write_streams`
    raises.
    """
    with open_sound(source) as sound, _encoders(RenditionKind.HOOK, sound.shape, out_dir) as encoders:
        cut = _Cut(window, sound.shape)
        for block in sound.blocks(BLOCK_FRAMES):
            if cut.is_past(block):
                break
        encoders.hear(cut.finish())
        return encoders.finish(window)


def write_all(source: Path, window: HookWindow, out_dir: Path) -> list[RenditionFile]:
    """Write the track and its hook from one decode. Raises what the other two raise."""
    with open_sound(source) as sound, ExitStack() as stack:
        streams = stack.enter_context(_encoders(RenditionKind.STREAM, sound.shape, out_dir))
        hooks = stack.enter_context(_encoders(RenditionKind.HOOK, sound.shape, out_dir))
        cut, frames = _Cut(window, sound.shape), 0
        for block in sound.blocks(BLOCK_FRAMES):
            frames += block.shape[1]
            cut.is_past(block)
            streams.hear(block)
        hooks.hear(cut.finish())
        whole = Span(0, round(frames * 1000 / sound.shape.sample_rate_hz))
        return [*streams.finish(whole), *hooks.finish(window)]


class _Cut:
    """Collects the samples of a window from blocks that arrive in order."""

    def __init__(self, window: HookWindow, shape: Shape) -> None:
        if window.start_ms < 0 or not 0 < window.duration_ms <= MAX_HOOK_MS:
            raise HookOutsideTrack(
                f"A hook starts inside the track and lasts at most {MAX_HOOK_MS // 1000} seconds; "
                f"{window.start_ms} ms and {window.duration_ms} ms were asked for.",
            )
        self._window = window
        self._rate = shape.sample_rate_hz
        self._start = round(window.start_ms * self._rate / 1000)
        self._end = round(window.end_ms * self._rate / 1000)
        self._at = 0
        self._pieces: list[Samples] = []

    def is_past(self, block: Samples) -> bool:
        """Take what belongs to the window; True when nothing that follows can."""
        first, last = max(self._start, self._at), min(self._end, self._at + block.shape[1])
        if first < last:
            self._pieces.append(block[:, first - self._at : last - self._at].copy())
        self._at += block.shape[1]
        return self._at >= self._end

    def finish(self) -> Samples:
        """The window's samples, faded. A rounding of a millisecond at the track's very end is forgiven."""
        if self._at < self._end - self._rate // 500 or not self._pieces:
            raise HookOutsideTrack(
                f"The hook would end at {self._window.end_ms} ms, but the track ends at "
                f"{round(self._at * 1000 / self._rate)} ms. Choose an earlier start or a shorter hook.",
            )
        return _faded(np.concatenate(self._pieces, axis=1), self._rate)


def _faded(samples: Samples, rate: int) -> Samples:
    """Raised-cosine fades at both ends, so that the cut does not click."""
    length = samples.shape[1]
    for milliseconds, is_end in ((FADE_IN_MS, False), (FADE_OUT_MS, True)):
        count = min(length // 2, rate * milliseconds // 1000)
        curve = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))).astype(np.float32)
        if is_end:
            samples[:, length - count :] *= curve[::-1]
        else:
            samples[:, :count] *= curve
    return samples


class _Encoder:
    """One file being written. Samples over full scale are clipped, as any converter would."""

    def __init__(self, kind: RenditionKind, encoding: Encoding, shape: Shape, path: Path) -> None:
        recipe = _RECIPES[encoding]
        self._kind, self._encoding, self._shape, self.path = kind, encoding, shape, path
        self._layout = "mono" if shape.channels == 1 else "stereo"
        self._rate = _rate_of(encoding, shape.sample_rate_hz)
        self._container: OutputContainer = av.open(
            f"file:{path}", "w", format=recipe.muxer, container_options=recipe.muxer_options
        )
        stream = self._container.add_stream(
            recipe.codec, rate=self._rate, options=dict(recipe.codec_options), layout=self._layout
        )
        if not isinstance(stream, AudioStream):
            raise TypeError(stream)
        stream.codec_context.bit_rate = _bit_rate_of(encoding, is_mono=shape.channels == 1)
        stream.codec_context.format = recipe.sample_format
        self._stream = stream
        self._resampler = av.AudioResampler(format=recipe.sample_format, layout=self._layout, rate=self._rate)

    def hear(self, block: Samples) -> None:
        frame = AudioFrame.from_ndarray(block, format="fltp", layout=self._shape.layout)
        frame.sample_rate = self._shape.sample_rate_hz
        self._encode(frame)

    def finish(self, window: Span) -> RenditionFile:
        self._encode(None)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return RenditionFile(
            self._kind,
            self._encoding,
            self.path,
            self.path.stat().st_size,
            Span(window.start_ms, window.duration_ms),
            1 if self._layout == "mono" else 2,
            self._rate,
        )

    def abandon(self) -> None:
        """Close without caring how the file ends, and remove it."""
        try:
            self._container.close()
        except av.error.FFmpegError as error:
            if error.errno not in FULL_DISK:
                raise
        finally:
            self.path.unlink(missing_ok=True)

    def _encode(self, frame: AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(resampled))


class _Encoders:
    """The two encodings of one rendition, written side by side in two threads."""

    def __init__(self, encoders: Sequence[_Encoder], pool: ThreadPoolExecutor) -> None:
        self._encoders = encoders
        self._pool = pool

    def hear(self, block: Samples) -> None:
        contained = np.ascontiguousarray(np.clip(block, -1.0, 1.0))
        self._each(lambda encoder: encoder.hear(contained))

    def finish(self, window: Span) -> list[RenditionFile]:
        return self._each(lambda encoder: encoder.finish(window))

    def _each(self, do: Callable[[_Encoder], _T]) -> list[_T]:
        # All are waited for before the first failure is raised: none may be closed while its thread runs.

        futures = [self._pool.submit(do, encoder) for encoder in self._encoders]
        wait(futures)
        return [future.result() for future in futures]


@contextmanager
def _encoders(kind: RenditionKind, shape: Shape, out_dir: Path) -> Iterator[_Encoders]:
    """Open both files; whatever goes wrong, no half-written file stays behind."""
    opened: list[_Encoder] = []
    with ThreadPoolExecutor(len(Encoding)) as pool:
        try:
            for encoding in Encoding:
                opened.append(_Encoder(kind, encoding, shape, out_dir / f"{kind}{encoding.suffix}"))  # noqa: PERF401 - those already open must be known when one fails
            yield _Encoders(opened, pool)
        except BaseException as error:
            for encoder in opened:
                encoder.abandon()
            if isinstance(error, av.error.FFmpegError | OSError) and error.errno in FULL_DISK:
                raise storage_full() from error
            raise


def _rate_of(encoding: Encoding, source_rate: int) -> int:
    """Opus knows 48 kHz only; MP3 keeps to the two rates that every decoder knows."""
    if encoding is Encoding.OPUS_WEBM:
        return OPUS_RATE_HZ
    return 44_100 if source_rate % 11_025 == 0 else 48_000


def _bit_rate_of(encoding: Encoding, *, is_mono: bool) -> int:
    if encoding is Encoding.OPUS_WEBM:
        return OPUS_MONO_BIT_RATE if is_mono else OPUS_BIT_RATE
    return MP3_MONO_BIT_RATE if is_mono else MP3_BIT_RATE
