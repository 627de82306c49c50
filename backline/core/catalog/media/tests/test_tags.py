"""Tags of every format fill the form; hostile tags cost nothing but themselves."""

# mypy: disable-error-code="no-untyped-call"
# mutagen is written without types, and here it only prepares files

import base64
import io
import struct
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK, TSRC, USLT
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from PIL import Image

from backline.core.catalog.media.analysis import analyse
from backline.core.catalog.media.errors import BadIsrc
from backline.core.catalog.media.isrc import format_isrc, parse_isrc
from backline.core.catalog.media.model import Tags
from backline.core.catalog.media.tags import clean_text, read_tags
from backline.core.catalog.media.testing import Format, make_file


def _picture(kind: str = "PNG", *, noise_pixels: int = 0) -> bytes:
    out = io.BytesIO()
    if noise_pixels:
        side = int(noise_pixels**0.5)
        canvas = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
        Image.fromarray(canvas).save(out, kind, compress_level=0)
    else:
        Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


COVER = _picture()
EXPECTED = Tags(
    title="Tränen lügen nicht",
    artist="مُغَنٍّ",
    album="第一集",
    track_number=7,
    isrc="QMK3R2600017",
    lyrics="one\ntwo",
    genre="Dub",
    year=2024,
    cover=COVER,
    cover_mime="image/png",
)


def _id3_frames(tags: ID3, cover: bytes = COVER) -> None:
    for frame in (
        TIT2(encoding=3, text=["Tränen lügen nicht"]),
        TPE1(encoding=1, text=["مُغَنٍّ"]),
        TALB(encoding=3, text=["第一集"]),
        TRCK(encoding=0, text=["7/12"]),
        TSRC(encoding=0, text=["QM-K3R-26-00017"]),
        USLT(encoding=3, lang="eng", desc="", text="one\r\ntwo"),
        TCON(encoding=3, text=["Dub"]),
        TDRC(encoding=3, text=["2024-05-01"]),
        APIC(encoding=3, mime="text/html", type=3, desc="", data=cover),
    ):
        tags.add(frame)


def _tag(path: Path, kind: Format) -> None:
    picture = Picture()
    picture.data, picture.mime, picture.type = COVER, "image/jpeg", 3
    comments = {
        "title": "Tränen lügen nicht",
        "artist": "مُغَنٍّ",
        "album": "第一集",
        "tracknumber": "7/12",
        "isrc": "qmk3r2600017",
        "lyrics": "one\ntwo",
        "genre": "Dub",
        "date": "2024",
    }
    if kind in {Format.MP3, Format.MP3_WITHOUT_LENGTH, Format.ADTS}:
        id3 = ID3()
        _id3_frames(id3)
        id3.save(path)
    elif kind in {Format.WAV_16, Format.AIFF}:
        chunked = WAVE(path) if kind is Format.WAV_16 else AIFF(path)
        chunked.add_tags()
        _id3_frames(cast("ID3", chunked.tags))
        chunked.save()
    elif kind is Format.FLAC:
        flac = FLAC(path)
        flac.update(comments)
        flac.add_picture(picture)
        flac.save()
    elif kind in {Format.OPUS, Format.VORBIS}:
        ogg = OggOpus(path) if kind is Format.OPUS else OggVorbis(path)
        ogg.update(comments | {"metadata_block_picture": base64.b64encode(picture.write()).decode()})
        ogg.save()
    else:
        mp4 = MP4(path)
        mp4["\xa9nam"], mp4["\xa9ART"], mp4["\xa9alb"] = "Tränen lügen nicht", "مُغَنٍّ", "第一集"
        mp4["trkn"], mp4["\xa9gen"], mp4["\xa9day"], mp4["\xa9lyr"] = (
            [(7, 12)],
            "Dub",
            "2024-05-01T00:00:00Z",
            "one\rtwo",
        )
        mp4["----:com.apple.iTunes:ISRC"] = b"QMK3R2600017"
        mp4["covr"] = [MP4Cover(COVER, MP4Cover.FORMAT_JPEG)]
        mp4.save()


TAGGED = [
    Format.WAV_16,
    Format.AIFF,
    Format.FLAC,
    Format.ALAC,
    Format.AAC,
    Format.ADTS,
    Format.MP3,
    Format.MP3_WITHOUT_LENGTH,
    Format.OPUS,
    Format.VORBIS,
]


@pytest.mark.parametrize("kind", TAGGED)
def test_every_format_gives_the_same_tags(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=1.5)
    _tag(path, kind)

    assert read_tags(path) == EXPECTED


@pytest.mark.parametrize("kind", Format)
def test_a_file_without_tags_has_empty_tags(tmp_path: Path, kind: Format) -> None:
    assert read_tags(make_file(tmp_path, kind, seconds=1.5)) == Tags()


def test_plain_text_chunks_of_a_wav_are_read(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.WAV_16, seconds=1.5)
    entries = b"".join(
        name + struct.pack("<I", len(text)) + text for name, text in ((b"INAM", b"Song A\0\0"), (b"IART", b"Duo\0"))
    )
    chunk = b"INFO" + entries
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", len(chunk)) + chunk)

    found = read_tags(path)

    assert (found.title, found.artist) == ("Song A", "Duo")


def test_a_cover_of_twenty_megabytes_is_read_and_the_sound_too(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.MP3, seconds=1.5)
    cover = _picture(noise_pixels=7_200_000)
    id3 = ID3()
    _id3_frames(id3, cover)
    id3.save(path)

    found = read_tags(path)

    assert len(cover) > 20 * 1024 * 1024
    assert (found.cover, found.cover_mime, found.notes) == (cover, "image/png", ())
    assert analyse(path).measurements.duration_ms == 1500


@pytest.mark.parametrize(
    ("cover", "note"),
    [
        (b"\x7fELF" + bytes(100), "The cover in the file's tags is not a usable picture and was left out."),
        (COVER[:40], "The cover in the file's tags is not a usable picture and was left out."),
        (COVER + bytes(26 * 1024 * 1024), "The cover in the file's tags is 26 MB large and was left out."),
    ],
    ids=["program", "cut off", "too large"],
)
def test_an_unusable_cover_is_left_out_with_a_note(tmp_path: Path, cover: bytes, note: str) -> None:
    path = make_file(tmp_path, Format.FLAC, seconds=1.5)
    id3 = ID3()
    _id3_frames(id3, cover)
    mp3 = make_file(tmp_path, Format.MP3, seconds=1.5)
    id3.save(mp3)

    found = read_tags(mp3)

    assert (found.title, found.cover, found.cover_mime, found.notes) == (
        "Tränen lügen nicht",
        None,
        None,
        (note,),
    )
    assert path.exists()


def test_a_picture_of_absurd_dimensions_is_left_out(tmp_path: Path) -> None:
    bomb = bytearray(_picture())
    struct.pack_into(">II", bomb, 16, 60_000, 60_000)
    path = make_file(tmp_path, Format.MP3, seconds=1.5)
    id3 = ID3()
    _id3_frames(id3, bytes(bomb))
    id3.save(path)

    assert read_tags(path).cover is None


def test_nul_bytes_control_characters_and_overrides_are_gone(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.FLAC, seconds=1.5)
    flac = FLAC(path)
    flac.update({"title": "A\x00B\x07\u202eC", "artist": "x" * 5000, "isrc": "nonsense", "tracknumber": "-3"})
    flac.save()

    found = read_tags(path)

    assert found.title == "AB C"
    assert found.artist == "x" * 300
    assert (found.isrc, found.track_number) == (None, None)
    assert found.notes == ("The ISRC in the file's tags is not valid and was left out.",)


@pytest.mark.parametrize("kind", [Format.MP3, Format.FLAC, Format.WAV_16, Format.OPUS, Format.AAC])
def test_broken_tags_are_no_reason_to_fail(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=1.5)
    _tag(path, kind)
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(3)
    for _ in range(40):
        broken = data.copy()
        for at in random.integers(12, 2000, 30):
            broken[at] = random.integers(256)
        path.write_bytes(bytes(broken))
        try:
            found = read_tags(path)
        except Exception as error:
            assert type(error).__module__ == "backline.core.catalog.media.errors"  # noqa: PT017 - only a sniff may refuse
        else:
            assert isinstance(found, Tags)


@given(st.text(max_size=400))
def test_clean_text_is_clean(raw: str) -> None:
    cleaned = clean_text(raw, 50)

    assert cleaned is None or (0 < len(cleaned) <= 50 and cleaned == cleaned.strip() and "\0" not in cleaned)
    assert cleaned is None or all(
        character.isprintable() or character.isspace() or ord(character) > 127 for character in cleaned
    )
    if cleaned is not None:
        cleaned.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    ["QMK3R2600017", "qm-k3r-26-00017", " ISRC QM-K3R-26-00017 ", "ISRC:QMK3R2600017", "QM‐K3R‐26‐00017"],
)
def test_an_isrc_is_stored_without_hyphens(text: str) -> None:
    assert parse_isrc(text) == "QMK3R2600017"
    assert format_isrc(parse_isrc(text)) == "QM-K3R-26-00017"


@pytest.mark.parametrize(
    "text",
    ["", "QMK3R260001", "QMK3R26000177", "1MK3R2600017", "QMK3R26O0017", "QM\0K3R2600017", "٣MK3R2600017"],
)
def test_what_is_not_an_isrc_is_refused(text: str) -> None:
    with pytest.raises(BadIsrc, match="QM-K3R-26-00017"):
        parse_isrc(text)
