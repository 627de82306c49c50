"""The raw ASGI application under /media/: public pictures and peaks, by signed address, kept for ever.

It asks no database: the signature is the permission. Content is served so that a browser can only show it:
no sniffing, no scripts, no frames. Where blobs lie in a bucket, the answer is a redirect to the bucket's
own expiring address.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from backline.kernel.kit.asgi import (
    ClientGone,
    Headers,
    MethodNotAllowed,
    Receive,
    Scope,
    Send,
    header,
    matches_etag,
    query_value,
    respond,
    respond_problem,
)
from backline.kernel.kit.clock import now
from backline.kernel.kit.errors import DomainError
from backline.kernel.storage.blobs import BlobMissing, BlobStore
from backline.kernel.storage.files import OpenBlobs, TruncatedBlob, send_blob
from backline.kernel.storage.signed_url import PREFIX, MediaPass, MediaSigner

PRESIGNED_S: Final = 3600
log = structlog.get_logger("storage.media")


# Waveforms; the longest track's has about a megabyte.
READ_BY_SCRIPTS: Final = frozenset({"application/json", "application/octet-stream"})
PASSED_ON_BYTES: Final = 8 * 1024 * 1024


class MediaApp:
    """Serves GET and HEAD of signed public blobs."""

    def __init__(self, store: BlobStore, signer: MediaSigner, *, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._files = OpenBlobs()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_head = scope["method"] == "HEAD"
        try:
            if not is_head and scope["method"] != "GET":
                await respond_problem(send, MethodNotAllowed(), [(b"allow", b"GET, HEAD")])
                return
            await self._serve(scope, receive, send, is_head)
        except DomainError as error:
            await respond_problem(send, error, head=is_head)
        except TruncatedBlob:
            log.exception("storage.blob_damaged", path=scope["path"])
            await respond_problem(send, BlobMissing(), head=is_head)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, is_head: bool) -> None:
        at = self._clock()
        allowed = self._signer.read(
            scope["path"].removeprefix(PREFIX),
            expiry=query_value(scope, b"e"),
            signature=query_value(scope, b"s"),
            at=at,
        )
        path = await asyncio.to_thread(self._store.local_path, allowed.sha256)
        if path is None and allowed.content_type in READ_BY_SCRIPTS:
            await self._pass_on(send, allowed, at, is_head)
            return
        if path is None:
            await self._redirect(send, allowed)
            return
        headers = _headers(allowed, at)
        if matches_etag(header(scope, b"if-none-match"), f'"{allowed.sha256}"'):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        blob = await self._files.open(path)
        headers += [
            (b"content-type", allowed.content_type.encode()),
            (b"content-length", str(blob.size_bytes).encode()),
        ]
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        if is_head:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            await send_blob(receive, send, start, blob, 0, blob.size_bytes)
        except ClientGone:
            log.debug("storage.media_client_gone", path=scope["path"])

    async def _pass_on(self, send: Send, allowed: MediaPass, at: datetime, is_head: bool) -> None:
        """Small data that a page reads by script: a redirect to another host would need that host's permission."""
        content = await asyncio.to_thread(self._read, allowed.sha256)
        headers = [*_headers(allowed, at), (b"content-type", allowed.content_type.encode())]
        await respond(send, 200, headers, content, head=is_head)

    def _read(self, sha256: str) -> bytes:
        with self._store.open(sha256) as stream:
            return stream.read(PASSED_ON_BYTES)

    async def _redirect(self, send: Send, allowed: MediaPass) -> None:
        address = await asyncio.to_thread(
            self._store.presign, allowed.sha256, content_type=allowed.content_type, seconds=PRESIGNED_S
        )
        if address is None:
            log.error("storage.blob_missing", sha256=allowed.sha256)
            raise BlobMissing
        kept = "no-store" if allowed.expires_at else f"public, max-age={PRESIGNED_S // 2}"
        await respond(send, 302, [(b"location", address.encode()), (b"cache-control", kept.encode())])


def _headers(allowed: MediaPass, at: datetime) -> Headers:
    if allowed.expires_at is None:
        kept = "public, max-age=31536000, immutable"
    else:
        kept = f"private, max-age={max(0, int((allowed.expires_at - at).total_seconds()))}"
    return [
        (b"etag", f'"{allowed.sha256}"'.encode()),
        (b"cache-control", kept.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
