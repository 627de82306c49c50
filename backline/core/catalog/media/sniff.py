"""Judges a file by its bytes: what it is, or what it is instead.

A name proves nothing and neither does a declared media type, so neither is looked at. The first bytes are
compared with the signatures of what artists upload and of what they upload by mistake; MP3 and ADTS have no
signature and are recognised by several frames in a row that agree with each other (ISO/IEC 11172-3, ISO/IEC
13818-7).
"""

from pathlib import Path

from .errors import EmptyFile, HeaderWithoutSound, NotSound, Truncated, UnsupportedCodec, VideoNotSound
from .model import Container
from .mpeg import Layer, find_frames

LOOK_BYTES = 256 * 1024
MAX_ID3_TAGS = 4
TEXT_SAMPLE_BYTES = 2048

_SOUND_MAGIC: tuple[tuple[int, bytes, Container], ...] = (
    (0, b"fLaC", Container.FLAC),
    (0, b"OggS", Container.OGG),
    (0, b"PK\x03\x04", Container.ZIP),
    (0, b"PK\x05\x06", Container.ZIP),
)

_RIFF_FORMS = {b"WAVE": Container.WAV}
_FORM_FORMS = {b"AIFF": Container.AIFF, b"AIFC": Container.AIFF}

_OTHER_SOUND: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MThd", "a MIDI file, which holds notes and no sound"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"MAC ", "a Monkey's Audio file"),
    (0, b"#!AMR", "an AMR voice recording"),
    (0, b"caff", "a Core Audio file"),
    (0, b".snd", "an AU file"),
    (0, b"TTA1", "a True Audio file"),
    (0, b"MPCK", "a Musepack file"),
    (0, b"MP+", "a Musepack file"),
    (0, b"DSD ", "a DSD file"),
    (0, b"FRM8", "a DSD file"),
)

_VIDEO_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"FLV\x01", "a Flash video"),
    (0, b"\x00\x00\x01\xba", "an MPEG video"),
    (0, b"\x00\x00\x01\xb3", "an MPEG video"),
    (0, b".RMF", "a RealMedia file"),
)

_NOT_SOUND: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x7fELF", "a program for Linux"),
    (0, b"MZ", "a program for Windows"),
    (0, b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (0, b"\xce\xfa\xed\xfe", "a program for macOS"),
    (0, b"\xfe\xed\xfa\xcf", "a program for macOS"),
    (0, b"\xca\xfe\xba\xbe", "a program"),
    (0, b"#!", "a script"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"\x00\x00\x01\x00", "an icon"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"BZh", "a bzip2 archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0", "an Office document"),
    (0, b"SQLite format 3", "a database"),
    (0, b"\x00asm", "a WebAssembly program"),
    (0, b"OTTO", "a font"),
    (0, b"wOF2", "a font"),
)

_PICTURE_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx "}
_ASF_MAGIC = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_ASF_VIDEO = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11"
_EBML_MAGIC = b"\x1a\x45\xdf\xa3"

TAKEN = "WAV, AIFF, FLAC, ALAC or AAC (M4A), MP3, Opus or Ogg Vorbis"


def sniff(path: Path) -> Container:
    """What the file at `path` is. Raises EmptyFile, NotSound, VideoNotSound, UnsupportedCodec, Truncated."""
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile("The file is empty: it has no bytes at all. Export the track again and upload that file.")
    with path.open("rb") as file:
        start = skip_id3(file.read(10), 0)
        for _ in range(MAX_ID3_TAGS):
            file.seek(start)
            following = skip_id3(file.read(10), start)
            if following == start:
                break
            start = following
        file.seek(start)
        head = file.read(LOOK_BYTES)
    if start > size:
        raise Truncated(
            "The file ends inside its own tags, before any sound. The copy or upload was cut off: upload it again.",
        )
    if start == size:
        raise HeaderWithoutSound("The file holds tags but no sound. Export the track again and upload that file.")
    return _judge(head, is_tagged=start > 0, is_whole=start + len(head) == size)


def skip_id3(head: bytes, at: int) -> int:
    """The offset after the ID3v2 tag that starts at `at`, or `at` itself (ID3v2.4, section 3.1)."""
    if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return at
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = 10 if head[5] & 0x10 else 0
    return at + 10 + size + footer


def _judge(head: bytes, *, is_tagged: bool, is_whole: bool) -> Container:
    container = _known_container(head)
    if container is not None:
        return container
    _refuse_video(head)
    for at, magic, name in _OTHER_SOUND:
        if head[at : at + len(magic)] == magic:
            raise UnsupportedCodec(f"This is {name}. Export it as {TAKEN} and upload that.")
    _refuse_strangers(head, _NOT_SOUND)
    frames = find_frames(head, is_whole=is_whole, must_start_here=is_tagged and is_whole)
    if frames is Layer.THREE:
        return Container.MP3
    if frames is Layer.ADTS:
        return Container.ADTS
    if frames is not None:
        raise UnsupportedCodec(f"This is an MPEG layer I or II file. Export it as {TAKEN} and upload that.")
    raise NotSound(
        f"This file is not sound: it looks like {_describe_rest(head)}. Upload the track as {TAKEN}.",
        seems=_describe_rest(head),
    )


def _known_container(head: bytes) -> Container | None:
    for at, magic, container in _SOUND_MAGIC:
        if head[at : at + len(magic)] == magic:
            return container
    form = head[8:12]
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and form in _RIFF_FORMS:
        return _RIFF_FORMS[form]
    if head[:4] == b"FORM" and form in _FORM_FORMS:
        return _FORM_FORMS[form]
    if head[4:8] == b"ftyp":
        if form in _PICTURE_BRANDS:
            raise _not_sound("a HEIC or AVIF picture")
        return Container.MP4
    if head[4:8] in {b"moov", b"mdat", b"wide", b"free"}:
        return Container.MP4
    return None


def _refuse_video(head: bytes) -> None:
    for at, magic, name in _VIDEO_MAGIC:
        if head[at : at + len(magic)] == magic:
            raise _video(name)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        raise _video("an AVI video")
    if head[:1] == b"G" and len(head) > 2 * 188 and head[188:189] == b"G" and head[376:377] == b"G":
        raise _video("an MPEG transport stream")
    if head[:4] == _EBML_MAGIC:
        if b"V_" in head:
            raise _video("a Matroska or WebM video")
        raise UnsupportedCodec(f"This is a Matroska or WebM file. Export the sound as {TAKEN} and upload that.")
    if head[:8] == _ASF_MAGIC:
        if _ASF_VIDEO in head:
            raise _video("a Windows Media video")
        raise UnsupportedCodec(f"This is a Windows Media file. Export it as {TAKEN} and upload that.")


def _refuse_strangers(head: bytes, strangers: tuple[tuple[int, bytes, str], ...]) -> None:
    for at, magic, name in strangers:
        if head[at : at + len(magic)] == magic:
            raise _not_sound(name)
    if head[:4] == b"RIFF":
        raise _not_sound("a WebP picture" if head[8:12] == b"WEBP" else "a RIFF file without sound")


def _describe_rest(head: bytes) -> str:
    sample = head[:TEXT_SAMPLE_BYTES]
    if not any(sample):
        return "nothing but zero bytes"
    text = _as_text(sample)
    if text is None:
        return "data of an unknown kind"
    opening = text.lstrip("\ufeff \t\r\n").lower()
    if opening.startswith(("<!doctype html", "<html")):
        return "a web page"
    if opening.startswith("<"):
        return "an XML document"
    if opening.startswith(("{", "[")):
        return "a JSON document"
    return "a text document"


def _as_text(sample: bytes) -> str | None:
    encoding = "utf-16" if sample[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    text = sample.decode(encoding, errors="ignore")
    if len(text.encode(encoding, errors="ignore")) < len(sample) - 4:
        return None
    is_readable = all(character.isprintable() or character in "\t\r\n\f\ufeff" for character in text)
    return text if text and is_readable else None


def _not_sound(name: str) -> NotSound:
    return NotSound(f"This file is not sound: it is {name}. Upload the track as {TAKEN}.", seems=name)


def _video(name: str) -> VideoNotSound:
    return VideoNotSound(f"This is {name}. Export its sound alone as {TAKEN} and upload that.")
