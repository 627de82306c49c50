"""Pictures of worlds and tracks: kept in a few sizes, named by content, reached by signed addresses.

A picture in a row is a mapping of width ("96", "300", "600", "1200") to the sha256 of a WebP file.
"""

from collections.abc import Mapping
from pathlib import Path

from backline.kernel.storage.images import make_image_renditions
from backline.kernel.storage.store import blob_store, media_signer

IMAGE_MAX_BYTES = 12 * 1024 * 1024
WEBP = "image/webp"


def store_image(source: bytes | Path) -> dict[str, str]:
    """Store a square picture in every size, for a row. Raises NotAnImage, ImageTooLarge, StorageFull."""
    store = blob_store()
    return {
        str(rendition.size_px): store.put_bytes(rendition.data, content_type=WEBP).sha256
        for rendition in make_image_renditions(source)
    }


def image_url(images: Mapping[str, str] | None, width: int) -> str | None:
    """The address of a picture at `width` pixels, or None where there is no picture."""
    if not images or str(width) not in images:
        return None
    return media_signer().address(images[str(width)], content_type=WEBP)
