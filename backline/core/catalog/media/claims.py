"""Reads what a file's headers promise: how many samples there will be, and whether the file is cut off.

A promise is only used to notice that something is missing. Whatever is announced, the length of a track is
the number of samples that decode.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .model import Container
from .mpeg import Layer, length_header_frames, parse_frame
from .sniff import skip_id3

LOOK_BYTES = 64 * 1024
MAX_CHUNKS = 4096
_UNKNOWN_32 = 0xFFFFFFFF


@dataclass(frozen=True)
class Claim:
    """`frames` announced, None if nothing is; `is_cut` when a part that was begun runs past the end of the
    file.
    """

    frames: int | None = None
    is_cut: bool = False


def read_claim(path: Path, container: Container) -> Claim:
    """What the headers of the file promise. Never raises for nonsense inside the file: nonsense promises
    nothing.
    """
    readers: dict[Container, Callable[[BinaryIO, int], Claim]] = {
        Container.WAV: _wav,
        Container.AIFF: _aiff,
        Container.FLAC: _flac,
        Container.MP3: _mp3,
        Container.MP4: _mp4,
        Container.OGG: _ogg,
    }
    reader = readers.get(container)
    if reader is None:
        return Claim()
    with path.open("rb") as file:
        try:
            return reader(file, path.stat().st_size)
        except (struct.error, IndexError):
            return Claim(is_cut=True)


def _skip_tags(file: BinaryIO) -> int:
    at = 0
    while True:
        file.seek(at)
        following = skip_id3(file.read(10), at)
        if following == at:
            return at
        at = following


def _wav(file: BinaryIO, size: int) -> Claim:
    """RIFF and RF64 (EBU Tech 3306); sizes of 0 and 2^32-1 are what live recorders leave behind: unknown."""
    start = _skip_tags(file)
    at, block_align, is_pcm, long_size = start + 12, 0, False, 0
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"ds64":
            long_size = struct.unpack("<8xQ", file.read(16))[0]
        elif name == b"fmt ":
            block_align, is_pcm = _wav_format(file.read(min(length, 40)))
        elif name == b"data":
            if length == _UNKNOWN_32:
                length = long_size
            if not length or not block_align:
                return Claim()
            return Claim(length // block_align if is_pcm else None, is_cut=at + 8 + length > size)
        at += 8 + length + (length & 1)
        if at >= size:
            return Claim()
    return Claim()


def _wav_format(chunk: bytes) -> tuple[int, bool]:
    code, block_align = struct.unpack("<H10xH", chunk[:14])
    if code == 0xFFFE and len(chunk) >= 26:
        code = struct.unpack("<H", chunk[24:26])[0]
    return block_align, code in (1, 3)


def _aiff(file: BinaryIO, size: int) -> Claim:
    at, frames = _skip_tags(file) + 12, None
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = struct.unpack(">4sI", header)
        if name == b"COMM":
            frames = struct.unpack(">2xI", file.read(6))[0]
        elif name == b"SSND" and frames is not None:
            return Claim(frames or None, is_cut=at + 8 + length > size)
        at += 8 + length + (length & 1)
    return Claim(frames)


def _flac(file: BinaryIO, size: int) -> Claim:
    """STREAMINFO is the first block and 34 bytes long (RFC 9639, section 8.2)."""
    start = _skip_tags(file)
    file.seek(start + 8)
    info = file.read(34)
    if len(info) < 34:
        return Claim(is_cut=True)
    frames = int.from_bytes(info[10:18], "big") & 0xF_FFFF_FFFF
    return Claim(frames or None)


def _mp3(file: BinaryIO, size: int) -> Claim:
    start = _skip_tags(file)
    file.seek(start)
    data = file.read(LOOK_BYTES)
    at = data.find(b"\xff")
    while 0 <= at < len(data) - 7:
        frame = parse_frame(data, at)
        if frame is not None and frame.layer is Layer.THREE:
            count = length_header_frames(data, at, frame)
            return Claim(count * frame.samples if count else None)
        at = data.find(b"\xff", at + 1)
    return Claim()


def _mp4(file: BinaryIO, size: int) -> Claim:
    """Walks the top-level boxes (ISO/IEC 14496-12, section 4.2): one that runs past the end was cut off."""
    at = 0
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            break
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length == 0:
            return Claim()
        if length < 8:
            return Claim(is_cut=True)
        at += length
        if at > size:
            return Claim(is_cut=True)
    return Claim()


def _ogg(file: BinaryIO, size: int) -> Claim:
    """The last page's segment table says where the page ends (RFC 3533, section 6)."""
    file.seek(max(0, size - LOOK_BYTES))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return Claim()
    if at + 27 > len(tail):
        return Claim(is_cut=True)
    segments = tail[at + 26]
    table = tail[at + 27 : at + 27 + segments]
    page_end = at + 27 + segments + sum(table)
    return Claim(is_cut=len(table) < segments or page_end > len(tail))
