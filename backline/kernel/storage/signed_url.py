"""An address of a public file names its blob and proves that we gave it out; a hash alone opens nothing.

The address of a published picture is always the same and good for ever, because the bytes behind it never
change: browsers and CDNs keep it as long as they like. The address of something not yet public carries an
expiry. Only the file types listed here have addresses: nothing a browser would run, and never sound, which
has its own door.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from backline.kernel.kit.errors import Forbidden
from backline.kernel.kit.signing import encode, key_for

PREFIX: Final = "/media/"

EXTENSIONS: Final = {
    "image/webp": "webp",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/avif": "avif",
    "image/gif": "gif",
    "application/json": "json",
    "application/octet-stream": "bin",
}
_CONTENT_TYPES: Final = {extension: content_type for content_type, extension in EXTENSIONS.items()}
_SIGNATURE_BYTES: Final = 16
_NAME: Final = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{2,5})", re.ASCII)
_EXPIRY: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class MediaRefused(Forbidden):
    """The address was not made by this server, or was changed."""

    code = "media_refused"
    title = "This address is not valid"


class MediaExpired(Forbidden):
    """The address was good once; the page that holds it can give a fresh one."""

    code = "media_expired"
    title = "This address has expired"


@dataclass(frozen=True, slots=True)
class MediaPass:
    """What a valid address stands for; `expires_at` is None where it is good for ever."""

    sha256: str
    content_type: str
    expires_at: datetime | None


class MediaSigner:
    """Makes and checks addresses under /media/."""

    def __init__(self, secret_key: str) -> None:
        self._key = key_for(secret_key, "media")

    def address(self, sha256: str, *, content_type: str, expires_at: datetime | None = None) -> str:
        """The address (path and query) of a blob. Raises ValueError for a type that has no addresses."""
        if content_type not in EXTENSIONS:
            raise ValueError(f"{content_type} is not served from {PREFIX}")
        name = f"{sha256}.{EXTENSIONS[content_type]}"
        expiry = str(int(expires_at.timestamp())) if expires_at else ""
        head = f"e={expiry}&" if expiry else ""
        return f"{PREFIX}{name}?{head}s={self._signature(name, expiry)}"

    def read(self, name: str, *, expiry: str, signature: str, at: datetime) -> MediaPass:
        """What an address stands for: its last path segment, its `e` (empty if none) and its `s`.

        Raises MediaRefused for anything not made by `address`, MediaExpired from the expiry on.
        """
        found = _NAME.fullmatch(name)
        content_type = _CONTENT_TYPES.get(found[2]) if found else None
        expected = self._signature(name, expiry)
        if not hmac.compare_digest(signature.encode(), expected.encode()) or found is None or content_type is None:
            raise MediaRefused
        if not expiry:
            return MediaPass(found[1], content_type, None)
        if not _EXPIRY.fullmatch(expiry):
            raise MediaRefused
        expires_at = datetime.fromtimestamp(int(expiry), UTC)
        if at >= expires_at:
            raise MediaExpired
        return MediaPass(found[1], content_type, expires_at)

    def _signature(self, name: str, expiry: str) -> str:
        digest = hmac.new(self._key, f"{name}\n{expiry}".encode(), hashlib.sha256).digest()
        return encode(digest[:_SIGNATURE_BYTES])
