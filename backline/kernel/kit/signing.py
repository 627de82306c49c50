"""What the server signed it can trust later without asking the database.

One secret, many purposes: each purpose has a key of its own (HMAC of the secret with the purpose's name), so that a
token made for one door opens no other. Signatures are HMAC-SHA256 and compared in constant time.
"""

import base64
import hashlib
import hmac
from functools import lru_cache


class BadSignature(Exception):
    """The bytes were not signed by us for this purpose."""


@lru_cache(maxsize=64)
def key_for(secret: str, purpose: str) -> bytes:
    """The 32-byte key of one purpose, derived from the install's secret."""
    return hmac.new(secret.encode(), f"backline:{purpose}".encode(), hashlib.sha256).digest()


def encode(raw: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The inverse of `encode`. Raises BadSignature for anything that is not such text, or not its only spelling."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise BadSignature("not base64url") from error
    if encode(raw) != text:
        raise BadSignature("not canonical base64url")
    return raw


def sign(payload: bytes, *, key: bytes) -> str:
    """`payload.signature`, both base64url: safe in an address."""
    return f"{encode(payload)}.{encode(hmac.new(key, payload, hashlib.sha256).digest())}"


def verify(token: str, *, key: bytes) -> bytes:
    """The payload of a token made by `sign` with the same key. Raises BadSignature for any other text."""
    head, separator, tail = token.partition(".")
    if not separator:
        raise BadSignature("no signature")
    payload = decode(head)
    if not hmac.compare_digest(decode(tail), hmac.new(key, payload, hashlib.sha256).digest()):
        raise BadSignature("signature does not match")
    return payload
