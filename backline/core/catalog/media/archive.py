"""Albums that arrive as a zip: which members are tracks, and how to take one out without being harmed.

Every claim in a zip is the sender's: names may climb out of the folder, sizes may lie, members may share
bytes so that a small file unpacks to a huge one. So the whole directory is judged before the first byte is
unpacked, one bad member refuses the archive, and unpacking counts the bytes that really come out. Archives
inside the archive stay closed.
"""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from pydantic.dataclasses import dataclass

from .errors import ArchiveEncrypted, ArchiveRefused, ArchiveTooLarge, ArchiveUnsafe, ArchiveWithoutSound

MIB = 1024 * 1024
CHUNK_BYTES = MIB
SOUND_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".aif",
        ".aiff",
        ".aifc",
        ".flac",
        ".m4a",
        ".mp4",
        ".aac",
        ".mp3",
        ".ogg",
        ".oga",
        ".opus",
    }
)
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
COVER_NAMES = ("cover", "folder", "front", "album", "artwork")

_ENCRYPTED_FLAG = 0x1
_UTF8_FLAG = 0x800
_UNICODE_PATH_FIELD = 0x7075
_END_RECORD_BYTES = 22
_MAX_COMMENT_BYTES = 65_535
_KNOWN_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may hold. The ratio counts only for members above `ratio_free_bytes`."""

    max_members: int = 1000
    max_member_bytes: int = 500 * MIB
    max_total_bytes: int = 4096 * MIB
    max_ratio: int = 100
    ratio_free_bytes: int = 32 * MIB
    max_directory_bytes: int = 4 * MIB


@dataclass(frozen=True)
class AlbumMember:
    """One file of the archive. `name` is its path as a person should read it, `size` what it claims to unpack
    to.
    """

    name: str
    size: int
    index: int

    @property
    def title(self) -> str:
        """The file's own name without folders and without its ending."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True)
class Album:
    """The sound files in the order in which a person would play them, and pictures, the likeliest cover
    first.
    """

    tracks: tuple[AlbumMember, ...]
    covers: tuple[AlbumMember, ...]


DEFAULT_LIMITS = ArchiveLimits()


def list_album(zip_path: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> Album:
    """What can be taken out of the archive. Raises ArchiveRefused and its four kinds."""
    with _opened(zip_path, limits) as archive:
        members = _checked(archive.infolist(), limits)
    tracks = [member for member in members if _suffix(member) in SOUND_SUFFIXES]
    covers = [member for member in members if _suffix(member) in PICTURE_SUFFIXES]
    if not tracks:
        raise ArchiveWithoutSound("There is no sound file in this zip. Put the tracks of the album into it.")
    return Album(
        tuple(sorted(tracks, key=lambda member: natural_order(member.name))),
        tuple(sorted(covers, key=_cover_order)),
    )


def extract_member(
    zip_path: Path, member: AlbumMember, destination: Path, limits: ArchiveLimits = DEFAULT_LIMITS
) -> int:
    """Unpack one member into a new file and return its true size in bytes.

    Raises ArchiveTooLarge when more comes out than was claimed or is allowed, ArchiveRefused when the member
    is damaged, FileExistsError when `destination` exists; after any failure no file is left behind.
    """
    allowed = min(member.size, limits.max_member_bytes)
    with _opened(zip_path, limits) as archive:
        info = archive.infolist()[member.index]
        with destination.open("xb") as out:
            try:
                return _copy(archive, info, out.write, allowed)
            except BaseException:
                destination.unlink(missing_ok=True)
                raise


def natural_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """A sort key in which "2 b" comes before "10 a", folder by folder, in any script."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return tuple(
        tuple(
            (0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in re.split(r"(\d+)", part) if piece
        )
        for part in folded.split("/")
    )


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, write: Callable[[bytes], int], allowed: int) -> int:
    total = 0
    try:
        with archive.open(info) as source:
            while chunk := source.read(CHUNK_BYTES):
                total += len(chunk)
                if total > allowed:
                    raise ArchiveTooLarge("A file in this zip unpacks to more than it announces. Make the zip again.")
                write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ArchiveRefused("A file in this zip is damaged. Make the zip again and upload it.") from error
    return total


def _opened(path: Path, limits: ArchiveLimits) -> zipfile.ZipFile:
    broken = "This zip is broken or was cut off on its way. Make it again and upload the whole file."
    if _directory_bytes(path) > limits.max_directory_bytes:
        raise ArchiveTooLarge(f"The zip holds too many files; at most {limits.max_members} are read.")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError, EOFError) as error:
        raise ArchiveRefused(broken) from error


def _directory_bytes(path: Path) -> int:
    """How large the archive says its directory is: known before it is read into memory (APPNOTE 4.3.14,
    4.3.16).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_RECORD_BYTES - _MAX_COMMENT_BYTES - 20))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or at + _END_RECORD_BYTES > len(tail):
            raise ArchiveRefused("This zip was cut off on its way: its end is missing. Upload the whole file.")
        claimed = int(struct.unpack_from("<I", tail, at + 12)[0])
        locator = tail.rfind(b"PK\x06\x07", 0, at)
        if locator >= 0 and locator + 16 <= len(tail):
            file.seek(min(size, struct.unpack_from("<Q", tail, locator + 8)[0]))
            record = file.read(56)
            if len(record) == 56 and record[:4] == b"PK\x06\x06":
                return max(claimed if claimed != 0xFFFFFFFF else 0, int(struct.unpack_from("<Q", record, 40)[0]))
        return claimed


def _checked(infos: list[zipfile.ZipInfo], limits: ArchiveLimits) -> list[AlbumMember]:
    """Every member that may be looked at. One unsafe member refuses the archive."""
    if len(infos) > limits.max_members:
        raise ArchiveTooLarge(f"The zip holds {len(infos)} files; at most {limits.max_members} are read.")
    _refuse_overlaps(infos)
    members: list[AlbumMember] = []
    seen: set[str] = set()
    for index, info in enumerate(infos):
        name = _safe_name(info)
        if info.is_dir() or name.endswith("/"):
            continue
        key = unicodedata.normalize("NFKC", name).casefold()
        if key in seen:
            raise ArchiveUnsafe(f"Two files in this zip have the same name: {name}. Rename one of them.")
        seen.add(key)
        _refuse_unreadable(info, name)
        if not _is_clutter(name):
            _refuse_oversize(info, name, limits)
            members.append(AlbumMember(name, info.file_size, index))
    total = sum(member.size for member in members)
    if total > limits.max_total_bytes:
        raise ArchiveTooLarge(
            f"Unpacked, this zip would be {total // MIB} MB; at most {limits.max_total_bytes // MIB} MB are read."
        )
    return members


def _refuse_unreadable(info: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ArchiveUnsafe(f"{name} is a link or a device and not a file. Make the zip from plain files.")
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise ArchiveEncrypted("This zip is locked with a password. Make it again without one.")
    if info.compress_type not in _KNOWN_METHODS:
        raise ArchiveRefused(f"{name} is packed in a way that cannot be read. Make the zip again with usual settings.")


def _refuse_oversize(info: zipfile.ZipInfo, name: str, limits: ArchiveLimits) -> None:
    if info.file_size > limits.max_member_bytes:
        raise ArchiveTooLarge(
            f"{name} would be {info.file_size // MIB} MB unpacked; {limits.max_member_bytes // MIB} MB is the most."
        )
    if info.file_size > limits.ratio_free_bytes and info.file_size > limits.max_ratio * max(1, info.compress_size):
        raise ArchiveTooLarge(f"{name} unpacks to more than {limits.max_ratio} times its size; no music does that.")


def _refuse_overlaps(infos: Iterable[zipfile.ZipInfo]) -> None:
    """Members that share bytes are how a small archive becomes an endless one."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveUnsafe("Files in this zip overlap each other. Make the zip again with usual settings.")
        end = info.header_offset + 30 + info.compress_size


def _safe_name(info: zipfile.ZipInfo) -> str:
    """The member's path with forward slashes. Raises ArchiveUnsafe if it would lead anywhere but below."""
    name = _decoded_name(info).replace("\\", "/")
    if "\0" in info.orig_filename or "\0" in name:
        raise ArchiveUnsafe("A file name in this zip contains a NUL byte. Rename the file and make the zip again.")
    is_absolute = name.startswith("/") or re.match(r"[A-Za-z]:", name) is not None
    if is_absolute or ".." in name.split("/"):
        raise ArchiveUnsafe("A file name in this zip leads out of the zip. Make the zip again from one folder.")
    parts = [_readable(part) for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts) + ("/" if name.endswith("/") else "")


def _readable(part: str) -> str:
    kept = "".join(character for character in part if unicodedata.category(character) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", kept).strip() or "unnamed"


def _decoded_name(info: zipfile.ZipInfo) -> str:
    """A name in any script. Without the UTF-8 flag a name is formally cp437, and in practice whatever the
    sender used.
    """
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    if raw.isascii():
        return info.orig_filename
    return _unicode_path(info.extra, raw) or _guessed(raw)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Info-ZIP's Unicode path field, valid only beside the name whose checksum it carries (APPNOTE 4.6.9)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH_FIELD and len(body) > 5 and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            try:
                return body[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
        at += 4 + length
    return None


def _guessed(raw: bytes) -> str:
    for encoding in ("utf-8", "cp932", "cp866"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        letters = [character for character in PurePosixPath(text).stem if character.isalpha()]
        if encoding == "utf-8" or (encoding == "cp932" and _is_script(letters, ("HIRAGANA", "KATAKANA"), least=2)):
            return text
        if encoding == "cp866" and _is_script(letters, ("CYRILLIC",), least=len(letters)) and len(letters) > 2:
            return text
    return raw.decode("cp437")


def _is_script(letters: list[str], scripts: tuple[str, ...], *, least: int) -> bool:
    """Whether at least so many letters are of a script; the half-width forms that any bytes may give do not
    count.
    """
    return sum(unicodedata.name(letter, "").startswith(scripts) for letter in letters) >= max(1, least)


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _suffix(member: AlbumMember) -> str:
    return PurePosixPath(member.name).suffix.lower()


def _cover_order(member: AlbumMember) -> tuple[int, int, str]:
    stem = PurePosixPath(member.name).stem.casefold()
    rank = next((place for place, word in enumerate(COVER_NAMES) if word in stem), len(COVER_NAMES))
    return rank, member.name.count("/"), member.name
