"""An album zip opens in natural order, in any script, and never harms the one who opens it."""

import io
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.catalog.media.archive import ArchiveLimits, extract_member, list_album, natural_order
from backline.core.catalog.media.errors import (
    ArchiveEncrypted,
    ArchiveRefused,
    ArchiveTooLarge,
    ArchiveUnsafe,
    ArchiveWithoutSound,
)


def _zip(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _raw_names(path: Path, names: list[bytes]) -> Path:
    """A zip whose names are these bytes, without the UTF-8 flag."""
    placeholders = [f"{index:0{len(name)}d}" for index, name in enumerate(names)]
    _zip(path, dict.fromkeys(placeholders, b"RIFF"))
    data = path.read_bytes()
    for placeholder, name in zip(placeholders, names, strict=True):
        data = data.replace(placeholder.encode(), name)
    path.write_bytes(data)
    return path


def test_tracks_come_in_natural_order_and_clutter_is_left_out(tmp_path: Path) -> None:
    names = [
        "Album/10 Last.wav",
        "Album/2 Second.FLAC",
        "Album/1 First.mp3",
        "Album/notes.txt",
        "Album/back.png",
        "Album/Cover.JPG",
        "Album/.DS_Store",
        "Album/.hidden.mp3",
        "__MACOSX/Album/._1 First.mp3",
        "Album/inner.zip",
        "Album/setup.exe",
    ]
    path = _zip(tmp_path / "a.zip", {name: b"data " + name.encode() for name in names})

    album = list_album(path)

    assert [member.name for member in album.tracks] == [
        "Album/1 First.mp3",
        "Album/2 Second.FLAC",
        "Album/10 Last.wav",
    ]
    assert [member.title for member in album.tracks] == ["1 First", "2 Second", "10 Last"]
    assert [member.name for member in album.covers] == ["Album/Cover.JPG", "Album/back.png"]
    taken = tmp_path / "out.mp3"
    assert extract_member(path, album.tracks[0], taken) == len("data Album/1 First.mp3")
    assert taken.read_bytes() == b"data Album/1 First.mp3"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("01 Ünïcode.wav".encode(), "01 Ünïcode.wav"),
        ("夜に駆ける.wav".encode("cp932"), "夜に駆ける.wav"),
        ("Песня.wav".encode("cp866"), "Песня.wav"),
        ("Café.wav".encode("cp437"), "Café.wav"),
        ("שיר.wav".encode(), "שיר.wav"),
    ],
)
def test_names_in_any_script_without_the_utf8_flag(tmp_path: Path, raw: bytes, name: str) -> None:
    path = _raw_names(tmp_path / "a.zip", [raw])

    assert [member.name for member in list_album(path).tracks] == [name]


def test_a_unicode_path_field_counts_when_its_checksum_fits(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("track.wav")
    good = "трек один.wav".encode()
    info.extra = struct.pack("<HHBI", 0x7075, 5 + len(good), 1, zlib.crc32(b"tr\x84ck.wav")) + good
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"RIFF")
    path.write_bytes(path.read_bytes().replace(b"track.wav", b"tr\x84ck.wav"))

    assert [member.name for member in list_album(path).tracks] == ["трек один.wav"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.wav",
        "a/../../evil.wav",
        "/etc/evil.wav",
        "C:\\evil.wav",
        "a\\..\\..\\evil.wav",
        "..\\evil.wav",
    ],
)
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    path = _zip(tmp_path / "a.zip", {"good.wav": b"RIFF", name: b"RIFF"})

    with pytest.raises(ArchiveUnsafe, match="leads out"):
        list_album(path)


def test_a_nul_byte_in_a_name_is_refused(tmp_path: Path) -> None:
    path = _raw_names(tmp_path / "a.zip", [b"good.wav\x00.exe"])

    with pytest.raises(ArchiveUnsafe, match="NUL"):
        list_album(path)


@pytest.mark.parametrize("names", [("a.wav", "A.WAV"), ("x/a.wav", "x/./a.wav"), ("é.wav", "e\u0301.wav")])
def test_two_members_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    path = _zip(tmp_path / "a.zip", dict.fromkeys(names, b"RIFF"))

    with pytest.raises(ArchiveUnsafe, match="same name"):
        list_album(path)


def test_a_symlink_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("song.wav")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(ArchiveUnsafe, match="link"):
        list_album(tmp_path / "a.zip")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"song.wav": b"RIFF"})
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    path.write_bytes(bytes(data))

    with pytest.raises(ArchiveEncrypted, match="password"):
        list_album(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = _zip(tmp_path / "a.zip", {"song.wav": bytes(40 * 1024 * 1024)}, compression=zipfile.ZIP_DEFLATED)

    with pytest.raises(ArchiveTooLarge, match="100 times"):
        list_album(bomb)


def test_a_nested_bomb_stays_closed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.wav", bytes(40 * 1024 * 1024))
    path = _zip(tmp_path / "a.zip", {"song.wav": b"RIFF", "more.zip": inner.getvalue()})

    assert [member.name for member in list_album(path).tracks] == ["song.wav"]


def test_totals_members_and_sizes_are_limited(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {f"{index}.wav": bytes(1000) for index in range(5)})

    for limits in (
        ArchiveLimits(max_members=4),
        ArchiveLimits(max_total_bytes=4999),
        ArchiveLimits(max_member_bytes=999),
        ArchiveLimits(max_directory_bytes=200),
    ):
        with pytest.raises(ArchiveTooLarge):
            list_album(path, limits)
    assert len(list_album(path).tracks) == 5


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.wav": bytes(1000), "b.wav": bytes(1000)})
    data = bytearray(path.read_bytes())
    second = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    path.write_bytes(bytes(data))

    with pytest.raises(ArchiveUnsafe, match="overlap"):
        list_album(path)


def test_a_member_that_is_larger_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.wav": bytes(range(256)) * 40}, compression=zipfile.ZIP_DEFLATED)
    album = list_album(path)
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.find(magic) + offset, 100)
    path.write_bytes(bytes(data))
    small = list_album(path).tracks[0]

    with pytest.raises(ArchiveRefused):
        extract_member(path, small, tmp_path / "out.wav")
    with pytest.raises(ArchiveTooLarge, match="unpacks"):
        extract_member(_zip(tmp_path / "b.zip", {"a.wav": bytes(5000)}), small, tmp_path / "out.wav")

    assert album.tracks[0].size == 10_240
    assert not (tmp_path / "out.wav").exists()


def test_a_damaged_member_leaves_nothing(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.wav": b"RIFF" * 1000})
    album = list_album(path)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(bytes(data))

    with pytest.raises(ArchiveRefused, match="damaged"):
        extract_member(path, album.tracks[0], tmp_path / "out.wav")

    assert not (tmp_path / "out.wav").exists()


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.wav": b"new"})
    (tmp_path / "out.wav").write_bytes(b"old")

    with pytest.raises(FileExistsError):
        extract_member(path, list_album(path).tracks[0], tmp_path / "out.wav")

    assert (tmp_path / "out.wav").read_bytes() == b"old"


def test_a_cut_off_zip_and_one_without_sound_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"readme.txt": b"hello" * 100})
    with pytest.raises(ArchiveWithoutSound):
        list_album(path)

    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ArchiveRefused, match="cut off"):
        list_album(path)


@given(st.binary(max_size=600))
def test_any_bytes_are_refused_by_name(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(data + b"PK\x05\x06" + bytes(18))
        with pytest.raises(ArchiveRefused):
            list_album(path)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20))
def test_numbers_in_names_count_as_numbers(numbers: list[int]) -> None:
    names = [f"Disc/{number} Song" for number in numbers]

    assert sorted(names, key=natural_order) == [f"Disc/{number} Song" for number in sorted(numbers)]
