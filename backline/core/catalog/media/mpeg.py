"""Reads the headers of MPEG audio frames: MP3, its older layers, and AAC in ADTS.

These formats have no signature at the start of a file. A frame begins with eleven or twelve set bits, which
any data may hold by chance, so only frames that follow one another at exactly the announced distance count as
proof.
"""

from dataclasses import dataclass
from enum import Enum

FRAMES_FOR_PROOF = 3

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS_V1_L3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_V1_L2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_KBITS_V1_L1 = (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_KBITS_V2_L1 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBITS_V2_L23 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


class Layer(Enum):
    """Which of the MPEG audio codings a frame belongs to."""

    ONE = 1
    TWO = 2
    THREE = 3
    ADTS = 0


@dataclass(frozen=True)
class FrameHeader:
    """One frame: how it is coded, how long it is in bytes, and how many samples it decodes to."""

    layer: Layer
    version: int
    sample_rate_hz: int
    is_mono: bool
    size_bytes: int
    samples: int

    def agrees_with(self, other: "FrameHeader") -> bool:
        """Whether two frames can belong to one file: layer, version and rate never change inside one."""
        mine = (self.layer, self.version, self.sample_rate_hz)
        return mine == (other.layer, other.version, other.sample_rate_hz)


def parse_frame(data: bytes, at: int) -> FrameHeader | None:
    """The frame header at offset `at`, or None where there is none (ISO/IEC 11172-3, section 2.4.1.3)."""
    if at + 7 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    if data[at + 1] & 0xF6 == 0xF0:
        return _parse_adts(data, at)
    return _parse_mpeg(data, at)


def _parse_adts(data: bytes, at: int) -> FrameHeader | None:
    rates = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
    rate_index = data[at + 2] >> 2 & 0x0F
    size = (data[at + 3] & 0x03) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    if rate_index >= len(rates) or size < 7:
        return None
    return FrameHeader(Layer.ADTS, data[at + 1] >> 3 & 1, rates[rate_index], False, size, 1024)


def _parse_mpeg(data: bytes, at: int) -> FrameHeader | None:
    version = data[at + 1] >> 3 & 3
    layer_bits = data[at + 1] >> 1 & 3
    kbit_index = data[at + 2] >> 4
    rate_index = data[at + 2] >> 2 & 3
    if version == 1 or layer_bits == 0 or kbit_index in (0, 15) or rate_index == 3:
        return None
    layer = Layer(4 - layer_bits)
    rate = _RATES[version][rate_index]
    bits = _kbits(version, layer)[kbit_index] * 1000
    padding = data[at + 2] >> 1 & 1
    is_mono = data[at + 3] >> 6 == 3
    if layer is Layer.ONE:
        return FrameHeader(layer, version, rate, is_mono, (12 * bits // rate + padding) * 4, 384)
    samples = 576 if layer is Layer.THREE and version != 3 else 1152
    return FrameHeader(layer, version, rate, is_mono, samples // 8 * bits // rate + padding, samples)


def _kbits(version: int, layer: Layer) -> tuple[int, ...]:
    if version == 3:
        return {Layer.ONE: _KBITS_V1_L1, Layer.TWO: _KBITS_V1_L2}.get(layer, _KBITS_V1_L3)
    return _KBITS_V2_L1 if layer is Layer.ONE else _KBITS_V2_L23


def find_frames(data: bytes, *, is_whole: bool, must_start_here: bool) -> Layer | None:
    """The coding of the first run of frames in `data`, or None.

    `is_whole` says that the data ends where the file does, so that a run may be cut short by the end;
    `must_start_here` lets a single frame at the very start count, as it does behind an ID3 tag.
    """
    at = data.find(b"\xff")
    while 0 <= at < len(data) - 7:
        first = parse_frame(data, at)
        if first is not None:
            length, reached_end = _run(data, at, first)
            needed = 1 if must_start_here and at == 0 else FRAMES_FOR_PROOF
            if length >= FRAMES_FOR_PROOF or (is_whole and reached_end and length >= needed):
                return first.layer
            if at == 0 and is_whole and reached_end and has_length_header(data, at, first):
                return first.layer
        at = data.find(b"\xff", at + 1)
    return None


def _run(data: bytes, at: int, first: FrameHeader) -> tuple[int, bool]:
    length = 0
    while length < FRAMES_FOR_PROOF:
        frame = parse_frame(data, at)
        if frame is None or not frame.agrees_with(first):
            return length, at >= len(data) - 7
        length += 1
        at += frame.size_bytes
    return length, at >= len(data)


def has_length_header(data: bytes, at: int, frame: FrameHeader) -> bool:
    """Whether the frame at `at` is a Xing, Info or VBRI header and not sound."""
    return length_header_frames(data, at, frame) is not None


def length_header_frames(data: bytes, at: int, frame: FrameHeader) -> int | None:
    """How many frames the Xing, Info or VBRI header in this frame announces; 0 where it names no number."""
    if frame.layer is not Layer.THREE:
        return None
    side_info = (17 if frame.is_mono else 32) if frame.version == 3 else (9 if frame.is_mono else 17)
    xing = at + 4 + side_info
    if data[xing : xing + 4] in {b"Xing", b"Info"}:
        has_frames = bool(data[xing + 7 : xing + 8] and data[xing + 7] & 1)
        return int.from_bytes(data[xing + 8 : xing + 12], "big") if has_frames else 0
    vbri = at + 36
    if data[vbri : vbri + 4] == b"VBRI":
        return int.from_bytes(data[vbri + 14 : vbri + 18], "big")
    return None
