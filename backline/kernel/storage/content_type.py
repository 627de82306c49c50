"""What a file is, is decided by its bytes; its name and what the sender says about it are not asked.

A look at the first bytes tells the family (`sniff`). An image is believed only after its header was parsed
and its measures are within bounds (`check_image`), because a few kilobytes can unfold into gigabytes. Sound
is believed only when it decodes, which is the audio pipeline's business. SVG is not an image here: it is a
program.
"""

import io
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from backline.kernel.kit.errors import Malformed, PayloadTooLarge

SNIFF_BYTES: Final = 512
MAX_IMAGE_BYTES: Final = 20 * 1024 * 1024
MAX_IMAGE_PIXELS: Final = 50_000_000
MAX_IMAGE_SIDE_PX: Final = 16_384


class ContentType(StrEnum):
    """The families a file can belong to. Only a decoder knows whether an MP4 or OGG holds sound alone."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    AVIF = "image/avif"
    GIF = "image/gif"
    WAV = "audio/wav"
    AIFF = "audio/aiff"
    FLAC = "audio/flac"
    MP3 = "audio/mpeg"
    AAC = "audio/aac"
    M4A = "audio/mp4"
    OGG = "audio/ogg"
    CAF = "audio/x-caf"
    MP4 = "video/mp4"
    MATROSKA = "video/x-matroska"
    ZIP = "application/zip"

    @property
    def is_image(self) -> bool:
        """An image that browsers show and that is not a program."""
        return self.value.startswith("image/")

    @property
    def may_be_sound(self) -> bool:
        """Worth a decoder's look: a sound file, or a container that may hold only sound."""
        return self.value.startswith("audio/") or self is ContentType.MP4


class NotAnImage(Malformed):
    """The bytes are no image of a kind that is shown here, or a broken one."""

    code = "not_an_image"
    title = "This is not an image that can be shown"


class ImageTooLarge(PayloadTooLarge):
    """The image has more bytes or unfolds into more pixels than a picture here needs."""

    code = "image_too_large"
    title = "This image is too large"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says, as stored (before its EXIF orientation is applied)."""

    content_type: ContentType
    width_px: int
    height_px: int


_PIL_FORMATS: Final = {
    "JPEG": ContentType.JPEG,
    "PNG": ContentType.PNG,
    "WEBP": ContentType.WEBP,
    "AVIF": ContentType.AVIF,
    "GIF": ContentType.GIF,
}

# Each entry: the bytes at the start of the file (a pattern over bytes), and what they mean.
_SIGNATURES: Final = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\xff\xd8\xff", ContentType.JPEG),
        (rb"\x89PNG\r\n\x1a\n", ContentType.PNG),
        (rb"GIF8[79]a", ContentType.GIF),
        (rb"RIFF....WEBP", ContentType.WEBP),
        (rb"(?:RIFF|RF64|BW64)....WAVE", ContentType.WAV),
        (rb"FORM....AIF[FC]", ContentType.AIFF),
        (rb"fLaC", ContentType.FLAC),
        (rb"OggS\x00", ContentType.OGG),
        (rb"caff\x00\x01", ContentType.CAF),
        (rb"....ftypavi[fs]", ContentType.AVIF),
        (rb"....ftypM4[AB] ", ContentType.M4A),
        (rb"....ftyp", ContentType.MP4),
        (rb"\x1a\x45\xdf\xa3", ContentType.MATROSKA),
        (rb"PK(?:\x03\x04|\x05\x06)", ContentType.ZIP),
        (rb"ID3[\x02-\x04]", ContentType.MP3),
    )
)


def sniff(head: bytes) -> ContentType | None:
    """The family that the first bytes of a file claim; None for anything else, such as programs.

    Give it SNIFF_BYTES or the whole of a shorter file. A claim is not yet a sound or an image: see the
    module.
    """
    for pattern, kind in _SIGNATURES:
        if pattern.match(head):
            return kind
    return _bare_stream(head)


def _bare_stream(head: bytes) -> ContentType | None:
    # Frames without a container: AAC in ADTS (ISO/IEC 13818-7, 6.2) and MPEG audio of layer II or III
    # (ISO/IEC 11172-3, 2.4.2.3) share the sync bits. What no encoder writes is refused: reserved version,
    # bit rate or rate.
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:
        return ContentType.AAC if head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 15 < 13 else None
    is_mpeg = version != 1 and layer != 3 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3
    return ContentType.MP3 if is_mpeg else None


def sniff_file(path: Path) -> ContentType | None:
    """`sniff` of a file's first bytes."""
    with path.open("rb") as file:
        return sniff(file.read(SNIFF_BYTES))


def check_image(source: bytes | Path) -> ImageFacts:
    """Believe an image: known kind, whole file structure, bounded measures.

    Raises NotAnImage and ImageTooLarge.
    """
    with open_image(source) as image:
        facts = ImageFacts(_PIL_FORMATS[image.format or ""], image.width, image.height)
        try:
            image.verify()
        except Exception as error:  # Pillow's plugins raise what they like over broken bytes
            raise NotAnImage("The image file is damaged. Save it again, then send it once more.") from error
    return facts


def open_image(source: bytes | Path) -> Image.Image:
    """Open an image whose header is within bounds, without decoding it yet; the caller closes it.

    Raises NotAnImage and ImageTooLarge.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_IMAGE_BYTES:
        raise ImageTooLarge(f"An image may have up to {MAX_IMAGE_BYTES // 1024**2} MB.", max_bytes=MAX_IMAGE_BYTES)
    formats = tuple(_PIL_FORMATS)
    try:
        image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise NotAnImage("Send a JPEG, PNG, WebP, AVIF or GIF picture.") from error
    except Exception as error:
        raise NotAnImage("The image file is damaged. Save it again, then send it once more.") from error
    if image.width * image.height > MAX_IMAGE_PIXELS or max(image.size) > MAX_IMAGE_SIDE_PX:
        image.close()
        raise _too_many_pixels()
    return image


def _too_many_pixels() -> ImageTooLarge:
    return ImageTooLarge(
        f"An image may have up to {MAX_IMAGE_PIXELS // 10**6} million pixels, {MAX_IMAGE_SIDE_PX} on a side.",
        max_pixels=MAX_IMAGE_PIXELS,
    )
