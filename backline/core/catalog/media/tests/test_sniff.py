"""A file is judged by its bytes: every taken format, and everything that is uploaded by mistake or in bad
faith.
"""

from pathlib import Path

import numpy as np
import pytest

from backline.core.catalog.media.decode import probe
from backline.core.catalog.media.errors import (
    EmptyFile,
    HeaderWithoutSound,
    NotSound,
    Truncated,
    UnsupportedCodec,
    VideoNotSound,
)
from backline.core.catalog.media.model import Codec, Container, Probe
from backline.core.catalog.media.sniff import sniff
from backline.core.catalog.media.testing import Format, make_file, make_video, renamed_program

EXPECTED = {
    Format.WAV_16: Probe(Container.WAV, Codec.PCM, 2, 44_100, 16, 2000),
    Format.WAV_24: Probe(Container.WAV, Codec.PCM, 2, 44_100, 24, 2000),
    Format.WAV_FLOAT: Probe(Container.WAV, Codec.PCM, 2, 44_100, 32, 2000),
    Format.AIFF: Probe(Container.AIFF, Codec.PCM, 2, 44_100, 16, 2000),
    Format.FLAC: Probe(Container.FLAC, Codec.FLAC, 2, 44_100, 16, 2000),
    Format.FLAC_24: Probe(Container.FLAC, Codec.FLAC, 2, 44_100, 24, 2000),
    Format.ALAC: Probe(Container.MP4, Codec.ALAC, 2, 44_100, 16, 2000),
    Format.AAC: Probe(Container.MP4, Codec.AAC, 2, 44_100, None, 2023),
    Format.ADTS: Probe(Container.ADTS, Codec.AAC, 2, 44_100, None, None),
    Format.MP3: Probe(Container.MP3, Codec.MP3, 2, 44_100, None, 2037),
    Format.MP3_WITHOUT_LENGTH: Probe(Container.MP3, Codec.MP3, 2, 44_100, None, None),
    Format.OPUS: Probe(Container.OGG, Codec.OPUS, 2, 48_000, None, None),
    Format.VORBIS: Probe(Container.OGG, Codec.VORBIS, 2, 44_100, None, None),
}


@pytest.mark.parametrize("kind", Format)
def test_every_format_is_known_by_its_bytes_under_a_wrong_name(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=2).rename(tmp_path / "holiday.jpg")

    assert sniff(path) is EXPECTED[kind].container
    assert probe(path) == EXPECTED[kind]


@pytest.mark.parametrize("kind", [Format.MP3, Format.MP3_WITHOUT_LENGTH, Format.ADTS, Format.FLAC])
def test_an_id3_tag_in_front_does_not_hide_the_sound(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=2)
    tag = b"ID3\x04\x00\x00\x00\x00\x07\x76" + b"TXXX" + bytes(1014 - 4)
    path.write_bytes(tag + tag + path.read_bytes())

    assert sniff(path) is EXPECTED[kind].container
    assert probe(path).channels == 2


@pytest.mark.parametrize(
    ("data", "refusal", "seems"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(200), NotSound, "a program for Linux"),
        (b"MZ\x90\x00" + bytes(200), NotSound, "a program for Windows"),
        (b"#!/bin/sh\nrm -rf /\n", NotSound, "a script"),
        (b"%PDF-1.7\n", NotSound, "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", NotSound, "a PNG picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", NotSound, "a JPEG picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", NotSound, "a WebP picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", NotSound, "a HEIC or AVIF picture"),
        (b"Dear label,\nhere is my song.\n", NotSound, "a text document"),
        ("Песня моя\n".encode("utf-16"), NotSound, "a text document"),
        (b"<!DOCTYPE html><html></html>", NotSound, "a web page"),
        (b'{"song": 1}', NotSound, "a JSON document"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret\n", NotSound, "a text document"),
        (bytes(5000), NotSound, "nothing but zero bytes"),
        (np.random.default_rng(1).bytes(200_000), NotSound, "data of an unknown kind"),
    ],
)
def test_what_is_not_sound_is_named(tmp_path: Path, data: bytes, refusal: type[NotSound], seems: str) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(data)

    with pytest.raises(refusal) as refused:
        sniff(path)

    assert refused.value.data == {"seems": seems}
    assert seems in refused.value.detail
    assert "Upload the track as WAV" in refused.value.detail


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", EmptyFile),
        (b"RIFF\x24\x00\x00\x00AVI LIST", VideoNotSound),
        (b"\x1a\x45\xdf\xa3webm V_VP9", VideoNotSound),
        (b"\x1a\x45\xdf\xa3webm A_OPUS", UnsupportedCodec),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(100), UnsupportedCodec),
        (b"MThd\x00\x00\x00\x06", UnsupportedCodec),
        (b"wvpk" + bytes(40), UnsupportedCodec),
        (b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10), HeaderWithoutSound),
        (b"ID3\x04\x00\x00\x00\x00\x7f\x0a" + bytes(10), Truncated),
    ],
)
def test_other_refusals_have_their_own_names(tmp_path: Path, data: bytes, refusal: type[Exception]) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(data)

    with pytest.raises(refusal):
        sniff(path)

    assert path.read_bytes() == data


def test_a_renamed_program_and_a_video_are_refused(tmp_path: Path) -> None:
    program = renamed_program(tmp_path / "single.wav")
    video = make_video(tmp_path / "single.m4a")

    with pytest.raises(NotSound, match="program"):
        probe(program)
    with pytest.raises(VideoNotSound, match="video"):
        probe(video)


def test_a_zip_is_an_album_and_not_a_track(tmp_path: Path) -> None:
    path = tmp_path / "album.mp3"
    path.write_bytes(b"PK\x03\x04" + bytes(100))

    assert sniff(path) is Container.ZIP
    with pytest.raises(NotSound, match="album"):
        probe(path)
