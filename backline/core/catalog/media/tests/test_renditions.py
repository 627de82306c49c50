"""What is served: cut to the sample, nothing but sound, the same bytes each time, and nothing half-made."""

from pathlib import Path

import numpy as np
import pytest
from mutagen.flac import FLAC, Picture

from backline.core.catalog.media.errors import HookOutsideTrack
from backline.core.catalog.media.model import Encoding, HookWindow, RenditionFile, RenditionKind, Span
from backline.core.catalog.media.renditions import cut_hook, write_all, write_streams
from backline.core.catalog.media.testing import (
    LOSSLESS,
    Format,
    find_part,
    make_file,
    make_sound,
    resampled,
    sound_of,
    write_sound,
)
from backline.kernel.kit.errors import StorageFull

WINDOW = HookWindow(3217, 4000)


@pytest.mark.parametrize("kind", Format)
def test_a_hook_is_that_part_of_the_original(tmp_path: Path, kind: Format) -> None:
    source = make_file(tmp_path, kind, seconds=10)
    original, rate = sound_of(source)

    files = cut_hook(source, WINDOW, tmp_path)

    assert [file.path.name for file in files] == ["hook.webm", "hook.mp3"]
    for file in files:
        cut, cut_rate = sound_of(file.path)
        assert cut.shape == (2, round(4 * cut_rate))
        match = find_part(cut, resampled(original, rate, cut_rate), cut_rate)
        assert match.start_ms == pytest.approx(3217, abs=0.1 if kind in LOSSLESS else 1.0)
        assert match.correlation > 0.99


@pytest.mark.parametrize(
    ("rate", "channels", "expected"),
    [
        (8000, 1, (48_000, 48_000)),
        (11_025, 1, (48_000, 44_100)),
        (22_050, 2, (48_000, 44_100)),
        (32_000, 2, (48_000, 48_000)),
        (96_000, 2, (48_000, 48_000)),
        (192_000, 1, (48_000, 48_000)),
    ],
)
def test_every_rate_gives_two_playable_files(
    tmp_path: Path, rate: int, channels: int, expected: tuple[int, int]
) -> None:
    source = make_file(tmp_path, Format.WAV_24, seconds=5, rate=rate, channels=channels)
    original, _ = sound_of(source)

    files = write_all(source, HookWindow(1500, 2000), tmp_path)

    assert [(file.kind, file.encoding) for file in files] == [
        (RenditionKind.STREAM, Encoding.OPUS_WEBM),
        (RenditionKind.STREAM, Encoding.MP3),
        (RenditionKind.HOOK, Encoding.OPUS_WEBM),
        (RenditionKind.HOOK, Encoding.MP3),
    ]
    for file, seconds, start in zip(files, (5, 5, 2, 2), (0, 0, 1500, 1500), strict=True):
        decoded, decoded_rate = sound_of(file.path)
        assert decoded_rate == file.sample_rate_hz == expected[file.encoding is Encoding.MP3]
        assert decoded.shape[0] == file.channels == channels
        assert decoded.shape[1] / decoded_rate == pytest.approx(seconds, abs=0.001)
        match = find_part(decoded, resampled(original, rate, decoded_rate), decoded_rate)
        assert match.start_ms == pytest.approx(start, abs=0.2)
        assert match.correlation > 0.98


def test_six_channels_are_mixed_to_two(tmp_path: Path) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=3, rate=48_000, channels=6)

    files = write_streams(source, tmp_path)

    assert [(sound_of(file.path)[0].shape, file.channels) for file in files] == [((2, 144_000), 2)] * 2


def test_values_above_full_scale_are_clipped_and_not_wrapped(tmp_path: Path) -> None:
    loud = make_sound(3, level=4.0)
    source = write_sound(tmp_path / "loud.wav", loud, Format.WAV_FLOAT)

    for file in write_streams(source, tmp_path):
        decoded, rate = sound_of(file.path)
        expected = np.clip(resampled(loud, 44_100, rate), -1, 1)
        assert find_part(decoded, expected, rate).correlation > 0.98
        assert float(np.abs(decoded).max()) < 1.6


def test_the_ends_of_a_hook_are_faded(tmp_path: Path) -> None:
    steady = np.full((1, 4 * 48_000), 0.0, dtype=np.float32)
    steady[0] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * 48_000) / 48_000)
    source = write_sound(tmp_path / "a.wav", steady, Format.WAV_16, rate=48_000)

    for file in cut_hook(source, HookWindow(1000, 2000), tmp_path):
        decoded, rate = sound_of(file.path)
        peaks = np.abs(decoded[0])
        assert peaks[: rate // 1000].max() < 0.1
        assert peaks[-rate // 500 :].max() < 0.1
        assert peaks[rate // 20 : rate // 10].max() == pytest.approx(0.5, abs=0.05)
        assert peaks[-rate // 5 : -rate // 10].max() == pytest.approx(0.5, abs=0.05)


def test_the_same_sound_gives_the_same_bytes_with_or_without_tags(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("bare", "tagged")]
    written: list[list[bytes]] = []
    for folder in folders:
        folder.mkdir()
        source = make_file(folder, Format.FLAC, seconds=3)
        if folder.name == "tagged":
            _tag(source)
        written.append([file.path.read_bytes() for file in write_all(source, HookWindow(500, 2000), folder)])

    assert written[0] == written[1]
    for data in written[1]:
        assert b"Secret" not in data
        assert b"\x89PNG" not in data


def _tag(path: Path) -> None:
    flac = FLAC(path)
    flac["title"] = "Secret title"
    flac["encoder"] = "Secret studio"
    picture = Picture()
    picture.data, picture.mime, picture.type = b"\x89PNG Secret", "image/png", 3
    flac.add_picture(picture)
    flac.save()


def test_streams_know_their_length_and_can_be_searched(tmp_path: Path) -> None:
    source = make_file(tmp_path, Format.WAV_16, seconds=12)

    webm, mp3 = write_streams(source, tmp_path)

    head = webm.path.read_bytes()[:1024]
    assert webm.window == mp3.window == Span(0, 12_000)
    assert head.find(b"\x1c\x53\xbb\x6b") < head.find(b"\x1f\x43\xb6\x75")  # the cues stand before the first cluster
    assert b"\x44\x89" in head  # and the duration is known
    assert b"Info" in mp3.path.read_bytes()[:200]
    assert not mp3.path.read_bytes().startswith(b"ID3")


@pytest.mark.parametrize(
    "window",
    [
        HookWindow(-1, 2000),
        HookWindow(0, 0),
        HookWindow(0, 30_001),
        HookWindow(2000, 1500),
        HookWindow(9000, 1000),
    ],
)
def test_a_hook_outside_the_track_is_refused_and_leaves_nothing(tmp_path: Path, window: HookWindow) -> None:
    source = make_file(tmp_path, Format.WAV_16, seconds=3)
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(HookOutsideTrack):
        cut_hook(source, window, out)

    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", ["stream.webm", "stream.mp3"])
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    source = make_file(tmp_path, Format.WAV_16, seconds=3)
    out = tmp_path / "out"
    out.mkdir()
    (out / name).symlink_to("/dev/full")

    with pytest.raises(StorageFull):
        write_streams(source, out)

    assert list(out.iterdir()) == []


def test_both_files_of_a_hook_are_reported(tmp_path: Path) -> None:
    source = make_file(tmp_path, Format.ALAC, seconds=5)

    files = cut_hook(source, HookWindow(1000, 3000), tmp_path)

    webm, mp3 = files
    assert webm == RenditionFile(
        RenditionKind.HOOK,
        Encoding.OPUS_WEBM,
        tmp_path / "hook.webm",
        webm.path.stat().st_size,
        Span(1000, 3000),
        2,
        48_000,
    )
    assert mp3.encoding.content_type == "audio/mpeg"
    assert webm.encoding.content_type == "audio/webm; codecs=opus"
