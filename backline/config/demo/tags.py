"""Writes a demo track's tags in the way of its container: ID3, Vorbis comments or iTunes atoms.

All carry the same facts: title, artist, album, number, year, genre, ISRC, composer, lyrics, cover, and
the mark for explicit words. Timed lyrics go into the plain lyrics field as LRC text, as most taggers do.
"""

# mutagen has no types; this is the only file of the demo that calls it.
# mypy: disable-error-code="no-untyped-call"

import base64
from collections.abc import Callable
from pathlib import Path

from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TCOM, TCON, TDRC, TIT2, TPE1, TRCK, TSRC, TXXX, USLT
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from backline.config.demo.covers import COVER_SIZE
from backline.config.demo.scene import CreditRole, DemoTrack, FileFormat

_FRONT_COVER = 3
_UTF_8 = 3


def write_tags(track: DemoTrack, path: Path, cover: bytes) -> None:
    """Tag the file in place; `cover` is a JPEG."""
    writers: dict[FileFormat, Callable[[DemoTrack, Path, bytes], None]] = {
        FileFormat.WAV_16: _tag_wav,
        FileFormat.WAV_24_96: _tag_wav,
        FileFormat.AIFF_16: _tag_aiff,
        FileFormat.MP3: _tag_mp3,
        FileFormat.FLAC_16: _tag_flac,
        FileFormat.FLAC_24: _tag_flac,
        FileFormat.ALAC_16: _tag_mp4,
        FileFormat.AAC: _tag_mp4,
        FileFormat.OPUS: _tag_opus,
        FileFormat.VORBIS: _tag_vorbis,
    }
    writers[track.file_format](track, path, cover)


def _composers(track: DemoTrack) -> list[str]:
    return [credit.name for credit in track.credits if credit.role is CreditRole.COMPOSER]


def _tag_wav(track: DemoTrack, path: Path, cover: bytes) -> None:
    _tag_with_id3(WAVE(path), track, cover)


def _tag_aiff(track: DemoTrack, path: Path, cover: bytes) -> None:
    _tag_with_id3(AIFF(path), track, cover)


def _tag_mp3(track: DemoTrack, path: Path, cover: bytes) -> None:
    _tag_with_id3(MP3(path), track, cover)


def _tag_with_id3(file: WAVE | AIFF | MP3, track: DemoTrack, cover: bytes) -> None:
    if file.tags is None:
        file.add_tags()
    tags: object = file.tags
    if not isinstance(tags, ID3):
        raise TypeError(f"{type(file).__name__} made no ID3 tags")
    tags.clear()
    _fill_id3(tags, track, cover)
    file.save()


def _fill_id3(tags: ID3, track: DemoTrack, cover: bytes) -> None:
    tags.add(TIT2(encoding=_UTF_8, text=track.title))
    tags.add(TPE1(encoding=_UTF_8, text=track.artist.name))
    tags.add(TALB(encoding=_UTF_8, text=track.album))
    tags.add(TRCK(encoding=_UTF_8, text=str(track.number)))
    tags.add(TDRC(encoding=_UTF_8, text=str(track.year)))
    tags.add(TCON(encoding=_UTF_8, text=track.artist.genres[0]))
    tags.add(TSRC(encoding=_UTF_8, text=track.isrc))
    tags.add(TCOM(encoding=_UTF_8, text=_composers(track)))
    tags.add(APIC(encoding=_UTF_8, mime="image/jpeg", type=_FRONT_COVER, desc="", data=cover))
    if track.lyrics_text is not None:
        tags.add(USLT(encoding=_UTF_8, lang="und", desc="", text=track.lyrics_text))
    if track.is_explicit:
        tags.add(TXXX(encoding=_UTF_8, desc="ITUNESADVISORY", text="1"))


def _comments(track: DemoTrack) -> dict[str, list[str]]:
    found = {
        "TITLE": [track.title],
        "ARTIST": [track.artist.name],
        "ALBUM": [track.album],
        "TRACKNUMBER": [str(track.number)],
        "DATE": [str(track.year)],
        "GENRE": [track.artist.genres[0]],
        "ISRC": [track.isrc],
        "COMPOSER": _composers(track),
    }
    if track.lyrics_text is not None:
        found["LYRICS"] = [track.lyrics_text]
    if track.is_explicit:
        found["ITUNESADVISORY"] = ["1"]
    return found


def _picture(cover: bytes) -> Picture:
    picture = Picture()
    picture.type = _FRONT_COVER
    picture.mime = "image/jpeg"
    picture.width = picture.height = COVER_SIZE
    picture.depth = 24
    picture.data = cover
    return picture


def _tag_flac(track: DemoTrack, path: Path, cover: bytes) -> None:
    file = FLAC(path)
    for name, values in _comments(track).items():
        file[name] = values
    file.add_picture(_picture(cover))
    file.save()


def _tag_opus(track: DemoTrack, path: Path, cover: bytes) -> None:
    _tag_ogg(OggOpus(path), track, cover)


def _tag_vorbis(track: DemoTrack, path: Path, cover: bytes) -> None:
    _tag_ogg(OggVorbis(path), track, cover)


def _tag_ogg(file: OggOpus | OggVorbis, track: DemoTrack, cover: bytes) -> None:
    for name, values in _comments(track).items():
        file[name] = values
    file["METADATA_BLOCK_PICTURE"] = [base64.b64encode(_picture(cover).write()).decode("ascii")]
    file.save()


def _tag_mp4(track: DemoTrack, path: Path, cover: bytes) -> None:
    file = MP4(path)
    if file.tags is None:
        file.add_tags()
    file["\xa9nam"] = [track.title]
    file["\xa9ART"] = [track.artist.name]
    file["\xa9alb"] = [track.album]
    file["\xa9day"] = [str(track.year)]
    file["\xa9gen"] = [track.artist.genres[0]]
    file["\xa9wrt"] = _composers(track)
    file["trkn"] = [(track.number, 0)]
    file["----:com.apple.iTunes:ISRC"] = [MP4FreeForm(track.isrc.encode("ascii"))]
    file["covr"] = [MP4Cover(cover, imageformat=MP4Cover.FORMAT_JPEG)]
    if track.lyrics_text is not None:
        file["\xa9lyr"] = [track.lyrics_text]
    if track.is_explicit:
        file["rtng"] = [1]
    file.save()
