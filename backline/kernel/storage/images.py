"""A picture is shown in few sizes, all WebP, without metadata: no camera, no place, no uncropped thumbnail.

The orientation a camera noted is applied before the note is dropped, wide colours become sRGB, and nothing
is made larger than it was sent. The original stays where it is.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps

from backline.kernel.storage.content_type import ContentType, NotAnImage, open_image

SIZES_PX: Final = (96, 300, 600, 1200)
_QUALITY: Final = 82


class Crop(Enum):
    """A square cut from the middle (avatars, covers), or the whole picture limited on its longer side."""

    SQUARE = "square"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class ImageRendition:
    """One size of a picture. `size_px` was asked for; the real measures may be smaller, never larger."""

    size_px: int
    width_px: int
    height_px: int
    data: bytes
    content_type: ContentType = ContentType.WEBP


def make_image_renditions(
    source: bytes | Path, *, crop: Crop = Crop.SQUARE, sizes_px: Sequence[int] = SIZES_PX
) -> tuple[ImageRendition, ...]:
    """The picture in every size asked for, in that order. Of an animation the first frame.

    Raises NotAnImage and ImageTooLarge.
    """
    with open_image(source) as opened:
        try:
            # A JPEG can be decoded at a fraction of its size, which saves most of the memory of a large
            # photo.
            opened.draft("RGB", (2 * max(sizes_px), 2 * max(sizes_px)))
            picture = _upright_srgb(opened)
        except Exception as error:
            raise NotAnImage("The image file is damaged. Save it again, then send it once more.") from error
    return tuple(_rendition(picture, size, crop) for size in sizes_px)


def _upright_srgb(opened: Image.Image) -> Image.Image:
    picture = ImageOps.exif_transpose(opened)
    has_alpha = picture.has_transparency_data
    profile = opened.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "L", "CMYK"):
        picture = _in_srgb(picture, profile)
    return picture.convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(picture, found, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a broken profile says nothing about the pixels: they are taken as sRGB, as browsers do
    return converted or picture


def _rendition(picture: Image.Image, size: int, crop: Crop) -> ImageRendition:
    if crop is Crop.SQUARE:
        side = min(size, picture.width, picture.height)
        scaled = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    else:
        scaled = picture.copy()
        scaled.thumbnail((size, size), Image.Resampling.LANCZOS)
    clean = Image.new(scaled.mode, scaled.size)
    clean.paste(scaled)
    buffer = io.BytesIO()
    clean.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return ImageRendition(size, clean.width, clean.height, buffer.getvalue())
