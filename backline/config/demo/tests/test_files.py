"""The demo tracks as files: each format decodes, carries its tags, and is written once."""

# mutagen has no types; it is called here as an independent reader.
# mypy: disable-error-code="no-untyped-call"

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import numpy.typing as npt
import pytest

from backline.config.demo import files
from backline.config.demo.encode import EXPORTS
from backline.config.demo.files import recipe_digest, write_demo_file, write_demo_files
from backline.config.demo.scene import TRACKS, DemoTrack, FileFormat
from backline.config.demo.song import Section, SectionKind

COVER = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"


def _short(track: DemoTrack) -> DemoTrack:
    """The track with two bars of its verse only; sung words move with it."""
    return replace(track, song=replace(track.song, form=(Section(SectionKind.VERSE, 2),)), lyrics=None)


def _of_format(file_format: FileFormat) -> DemoTrack:
    return next(_short(track) for track in TRACKS if track.file_format is file_format)


@pytest.fixture(autouse=True)
def _small_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "draw_track_cover", lambda track: COVER)


def _decode(path: Path) -> tuple[str, int, int, float, float]:
    """(codec, sample rate, channels, seconds, RMS) as FFmpeg reads them."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", "stereo", stream.rate)
        parts = [out.to_ndarray() for frame in container.decode(stream) for out in resampler.resample(frame)]
        signal: npt.NDArray[np.float32] = np.concatenate(parts, axis=1).astype(np.float32)
        context = stream.codec_context
        seconds = signal.shape[1] / stream.rate
        return context.name, stream.rate, context.channels, seconds, float(np.sqrt(np.mean(signal**2)))


@pytest.mark.parametrize(
    ("file_format", "codec", "rate_hz"),
    [
        (FileFormat.WAV_16, "pcm_s16le", 44_100),
        (FileFormat.WAV_24_96, "pcm_s24le", 96_000),
        (FileFormat.AIFF_16, "pcm_s16be", 44_100),
        (FileFormat.FLAC_16, "flac", 44_100),
        (FileFormat.FLAC_24, "flac", 48_000),
        (FileFormat.ALAC_16, "alac", 44_100),
        (FileFormat.AAC, "aac", 48_000),
        (FileFormat.MP3, "mp3float", 44_100),
        (FileFormat.OPUS, "opus", 48_000),
        (FileFormat.VORBIS, "vorbis", 44_100),
    ],
)
def test_each_format_decodes_to_the_song(tmp_path: Path, file_format: FileFormat, codec: str, rate_hz: int) -> None:
    track = _of_format(file_format)

    written = write_demo_file(track, tmp_path)

    found_codec, found_rate, channels, seconds, rms = _decode(written.path)
    assert (found_codec, found_rate, channels) == (codec, rate_hz, 2)
    assert abs(seconds - track.song.duration_s) < 0.05
    assert 0.03 < rms < 0.3
    assert written.content_type == EXPORTS[file_format].content_type


@pytest.mark.parametrize("file_format", FileFormat)
def test_tags_read_back(tmp_path: Path, file_format: FileFormat) -> None:
    words = next(track.lyrics for track in TRACKS if track.key == "kombiclub-1-lanterna-azul")
    assert words is not None
    one = replace(words, stanzas=(replace(words.stanzas[0], sections=(0,)),))
    track = replace(_of_format(file_format), lyrics=one, is_explicit=True)

    path = write_demo_file(track, tmp_path).path

    assert _facts(_comments(path), file_format) == {
        "title": track.title,
        "artist": track.artist.name,
        "album": track.album,
        "number": str(track.number),
        "genre": track.artist.genres[0],
        "isrc": track.isrc,
        "lyrics": track.lyrics_text,
    }
    assert str(track.lyrics_text).startswith("[00:00.00]The van broke down")
    assert _has_cover(path)


def _facts(tags: Any, file_format: FileFormat) -> dict[str, str]:
    ids = {
        "title": "TIT2",
        "artist": "TPE1",
        "album": "TALB",
        "number": "TRCK",
        "genre": "TCON",
        "isrc": "TSRC",
        "lyrics": "USLT::und",
    }
    if file_format in (FileFormat.AAC, FileFormat.ALAC_16):
        return {
            "title": tags["\xa9nam"][0],
            "artist": tags["\xa9ART"][0],
            "album": tags["\xa9alb"][0],
            "number": str(tags["trkn"][0][0]),
            "genre": tags["\xa9gen"][0],
            "isrc": bytes(tags["----:com.apple.iTunes:ISRC"][0]).decode(),
            "lyrics": tags["\xa9lyr"][0],
        }
    if file_format in (FileFormat.MP3, FileFormat.WAV_16, FileFormat.WAV_24_96, FileFormat.AIFF_16):
        return {fact: str(tags[key]) for fact, key in ids.items()}
    return {fact: tags["tracknumber" if fact == "number" else fact][0] for fact in ids}


def _comments(path: Path) -> Any:
    """The tags as mutagen reads them, by the names of the container."""
    return mutagen.File(path).tags


def _has_cover(path: Path) -> bool:
    """Whether the picture is in the file, as it is or in the base64 of an Ogg comment."""
    if path.suffix in (".opus", ".ogg"):
        [picture] = _comments(path)["metadata_block_picture"]
        return base64.b64decode(picture).endswith(COVER)
    return COVER in path.read_bytes()


def test_the_same_recipe_is_written_once(tmp_path: Path) -> None:
    track = _of_format(FileFormat.FLAC_16)

    first = write_demo_files(tmp_path, (track,))
    again = write_demo_files(tmp_path, (track,))
    changed = write_demo_files(tmp_path, (replace(track, title="Another title"),))

    assert [(item[0].was_rendered) for item in (first, again, changed)] == [True, False, True]
    assert _comments(changed[0].path)["title"] == ["Another title"]
    assert recipe_digest(track) != recipe_digest(replace(track, title="Another title"))


def test_two_folders_get_the_same_bytes(tmp_path: Path) -> None:
    for file_format in (FileFormat.OPUS, FileFormat.VORBIS, FileFormat.MP3, FileFormat.AAC):
        track = _of_format(file_format)

        here, there = write_demo_file(track, tmp_path / "a"), write_demo_file(track, tmp_path / "b")

        assert here.path.read_bytes() == there.path.read_bytes()


def test_a_cut_file_is_rendered_anew(tmp_path: Path) -> None:
    track = _of_format(FileFormat.WAV_16)
    path = write_demo_file(track, tmp_path).path
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])

    again = write_demo_file(track, tmp_path)

    assert again.was_rendered
    assert path.read_bytes() == whole


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(track: DemoTrack, path: Path, cover: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_tags", refuse)

    with pytest.raises(OSError, match="No space left"):
        write_demo_file(_of_format(FileFormat.FLAC_16), tmp_path)

    assert list(tmp_path.iterdir()) == []
