"""What a sound file says about itself, brought to one vocabulary.

Tags are written by strangers' software and are only ever a proposal that fills a form. So reading them cannot
fail: what is broken, absurd or too large is left out, at most with a note. Text loses NUL bytes, control
characters and invisible direction overrides, and keeps every script.
"""

import base64
import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import av
from mutagen._file import FileType
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from PIL import Image

from .errors import BadIsrc
from .isrc import parse_isrc
from .model import Container, Tags
from .sniff import sniff

MAX_TEXT = 300
MAX_LYRICS = 50_000
MAX_COVER_BYTES = 25 * 1024 * 1024
MAX_COVER_PIXELS = 64_000_000
MAX_TRACK_NUMBER = 9999

_DIRECTION_OVERRIDES = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_COVER_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_FRONT_COVER = 3


@dataclass
class _Found:
    """Raw values under our names, as the readers find them; the first one found counts."""

    texts: dict[str, str] = field(default_factory=dict)
    covers: list[tuple[bool, bytes]] = field(default_factory=list)

    def put(self, name: str, value: object) -> None:
        text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
        if text.strip("\0 \t\r\n") and name not in self.texts:
            self.texts[name] = text

    def put_cover(self, data: bytes, *, is_front: bool) -> None:
        if data:
            self.covers.append((is_front, bytes(data)))


def read_tags(path: Path) -> Tags:
    """The tags of a sound file of any supported format. Never raises for what the tags hold; may raise
    OSError.
    """
    container = sniff(path)
    found = _Found()
    try:
        _READERS.get(container, _read_nothing)(path, found)
    except Exception:  # a parser of hostile bytes may raise anything; no tag is worth losing the upload for
        return Tags(notes=("The file's tags are broken and were not read.",))
    return _tags_of(found)


def clean_text(raw: str, limit: int, *, keep_lines: bool = False) -> str | None:
    """One readable text of at most `limit` characters, or None if nothing readable is left."""
    kept = "\n" if keep_lines else ""
    unified = raw.replace("\r\n", "\n").replace("\r", "\n")
    readable = "".join(
        character if character in kept or unicodedata.category(character) not in {"Cc", "Cs", "Cn"} else " "
        for character in unified
        if ord(character) not in _DIRECTION_OVERRIDES and character != "\0"
    )
    if not keep_lines:
        readable = " ".join(readable.split())
    return unicodedata.normalize("NFC", readable).strip()[:limit].rstrip() or None


def _tags_of(found: _Found) -> Tags:
    notes: list[str] = []
    cover, mime = _checked_cover(found.covers, notes)
    texts = found.texts
    return Tags(
        title=clean_text(texts.get("title", ""), MAX_TEXT),
        artist=clean_text(texts.get("artist", ""), MAX_TEXT),
        album=clean_text(texts.get("album", ""), MAX_TEXT),
        genre=clean_text(texts.get("genre", ""), MAX_TEXT),
        lyrics=clean_text(texts.get("lyrics", ""), MAX_LYRICS, keep_lines=True),
        track_number=_whole_number(texts.get("track"), MAX_TRACK_NUMBER),
        year=_year(texts.get("date")),
        isrc=_isrc(texts.get("isrc"), notes),
        cover=cover,
        cover_mime=mime,
        notes=tuple(notes),
    )


def _whole_number(text: str | None, most: int) -> int | None:
    digits = re.match(r"\s*([0-9]{1,6})", text or "")
    number = int(digits[1]) if digits else 0
    return number if 0 < number <= most else None


def _year(text: str | None) -> int | None:
    digits = re.search(r"(?<![0-9])(1[89][0-9]{2}|2[01][0-9]{2})(?![0-9])", text or "")
    return int(digits[1]) if digits else None


def _isrc(text: str | None, notes: list[str]) -> str | None:
    if text is None:
        return None
    try:
        return parse_isrc((clean_text(text, MAX_TEXT) or "").split(":")[-1])
    except BadIsrc:
        notes.append("The ISRC in the file's tags is not valid and was left out.")
        return None


def _checked_cover(covers: list[tuple[bool, bytes]], notes: list[str]) -> tuple[bytes | None, str | None]:
    """The front cover, or else the first picture, if it really is a picture of sane size."""
    for _, data in sorted(covers, key=lambda cover: not cover[0]):
        if len(data) > MAX_COVER_BYTES:
            notes.append(f"The cover in the file's tags is {len(data) // 2**20} MB large and was left out.")
            continue
        mime = _picture_mime(data)
        if mime is not None:
            return data, mime
        notes.append("The cover in the file's tags is not a usable picture and was left out.")
    return None, None


def _picture_mime(data: bytes) -> str | None:
    """The media type by content, None for anything broken, foreign or of more than MAX_COVER_PIXELS."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_COVER_MIMES)) as picture:
                if picture.width * picture.height > MAX_COVER_PIXELS:
                    return None
                mime = _COVER_MIMES.get(picture.format or "")
                picture.verify()
        return mime
    except Exception:  # Pillow's decoders raise many kinds; none of them concerns the track
        return None


_ID3_NAMES = {
    "TIT2": "title",
    "TPE1": "artist",
    "TALB": "album",
    "TRCK": "track",
    "TSRC": "isrc",
    "TCON": "genre",
    "TDRC": "date",
    "TDRL": "date",
    "TYER": "date",
}
_VORBIS_NAMES = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "tracknumber": "track",
    "isrc": "isrc",
    "genre": "genre",
    "date": "date",
    "year": "date",
    "lyrics": "lyrics",
    "unsyncedlyrics": "lyrics",
}
_MP4_NAMES = {
    "\xa9nam": "title",
    "\xa9ART": "artist",
    "\xa9alb": "album",
    "\xa9gen": "genre",
    "\xa9day": "date",
    "\xa9lyr": "lyrics",
    "----:com.apple.iTunes:ISRC": "isrc",
    "xid ": "isrc",
}
_FFMPEG_NAMES = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "track": "track",
    "genre": "genre",
    "date": "date",
    "isrc": "isrc",
}


def _read_id3(id3: ID3 | None, found: _Found) -> None:
    if id3 is None:
        return
    for key, name in _ID3_NAMES.items():
        for frame in id3.getall(key):
            values = frame.genres if key == "TCON" else frame.text
            for value in values:
                found.put(name, value)
    for frame in id3.getall("USLT"):
        found.put("lyrics", frame.text)
    for frame in id3.getall("APIC"):
        found.put_cover(frame.data, is_front=int(frame.type) == _FRONT_COVER)


def _read_id3_file(path: Path, found: _Found) -> None:
    if _has_id3(path):
        _read_id3(ID3(path), found)


def _has_id3(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(3) == b"ID3":
            return True
        file.seek(max(0, path.stat().st_size - 128))
        return file.read(3) == b"TAG"


def _read_chunked(kind: Callable[[Path], WAVE | AIFF]) -> Callable[[Path, _Found], None]:
    """WAV and AIFF: an ID3 chunk counts first, then the plain text chunks, which FFmpeg knows best."""

    def read(path: Path, found: _Found) -> None:
        _read_id3(kind(path).tags, found)
        demuxer = "wav" if kind is WAVE else "aiff"
        options = {"protocol_whitelist": "file"}
        with av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace") as sound:
            for key, value in sound.metadata.items():
                if key.lower() in _FFMPEG_NAMES:
                    found.put(_FFMPEG_NAMES[key.lower()], value)

    return read


def _read_vorbis(comments: Iterable[tuple[str, str]] | None, found: _Found) -> None:
    for key, value in comments or ():
        lower = key.lower()
        if lower in _VORBIS_NAMES:
            found.put(_VORBIS_NAMES[lower], value)
        elif lower == "metadata_block_picture":
            picture = Picture(base64.b64decode(value))
            found.put_cover(picture.data, is_front=picture.type == _FRONT_COVER)


def _read_flac(path: Path, found: _Found) -> None:
    flac = FLAC(path)
    _read_vorbis(flac.tags, found)  # type: ignore[arg-type]
    for picture in flac.pictures:
        found.put_cover(picture.data, is_front=picture.type == _FRONT_COVER)


def _read_ogg(path: Path, found: _Found) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    kind: type[FileType] = OggVorbis
    if b"OpusHead" in head:
        kind = OggOpus
    elif b"\x7fFLAC" in head:
        kind = OggFLAC
    _read_vorbis(kind(path).tags, found)


def _read_mp4(path: Path, found: _Found) -> None:
    tags: dict[str, list[object]] = dict(MP4(path).tags or {})
    for key, name in _MP4_NAMES.items():
        for value in tags.get(key, ()):
            found.put(name, value)
    for pair in tags.get("trkn", ()):
        if isinstance(pair, tuple):
            found.put("track", pair[0])
    for cover in tags.get("covr", ()):
        if isinstance(cover, bytes):
            found.put_cover(cover, is_front=True)


def _read_nothing(path: Path, found: _Found) -> None:
    """A container without tags of its own."""


_READERS: dict[Container, Callable[[Path, _Found], None]] = {
    Container.WAV: _read_chunked(WAVE),
    Container.AIFF: _read_chunked(AIFF),
    Container.FLAC: _read_flac,
    Container.MP4: _read_mp4,
    Container.MP3: _read_id3_file,
    Container.ADTS: _read_id3_file,
    Container.OGG: _read_ogg,
}
