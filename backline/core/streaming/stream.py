"""The raw ASGI application under /api/audio/: sound for whoever holds an address made by pressing play.

The token in the address is the whole permission; no database is asked. A token once verified is remembered
until it expires, with the file it names and the headers it gets, because a player asks for many ranges of
one address. Browsers may keep what they heard for an hour; nobody in between may keep anything. Where blobs
lie in a bucket the answer is a redirect to that one blob, good for a minute.
"""

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from backline.core.streaming.ranges import (
    WHOLE,
    ByteRange,
    Selection,
    Unsatisfiable,
    http_date,
    if_range_holds,
    is_known,
    select,
)
from backline.core.streaming.tokens import LISTENER_COOKIE, PREFIX, AudioPass, AudioTokens, TokenRefused
from backline.kernel.kit.asgi import (
    ClientGone,
    Headers,
    MethodNotAllowed,
    Receive,
    Scope,
    Send,
    cookie,
    query_value,
    respond,
    respond_problem,
)
from backline.kernel.kit.errors import DomainError
from backline.kernel.storage.blobs import BlobMissing, BlobStore
from backline.kernel.storage.files import OpenBlob, OpenBlobs, TruncatedBlob, send_blob

PRESIGNED_S: Final = 60
REMEMBERED: Final = 4096
CACHE_CONTROL: Final = b"private, max-age=3600, no-transform"

_ALLOW: Final = [(b"allow", b"GET, HEAD")]
_CONDITIONS: Final = frozenset((b"range", b"if-range", b"if-none-match", b"if-modified-since"))

log = structlog.get_logger("streaming.audio")


class RangeRefused(DomainError):
    """The asked-for range begins after the end of the file (RFC 9110, section 15.5.17)."""

    code = "range_not_satisfiable"
    status = 416
    title = "The file is shorter than that"


class _Ready:
    """A verified token with the file it names and the headers that every answer to it carries."""

    __slots__ = ("allowed", "etag", "expires_at_s", "headers", "known_cookies", "modified_at", "path")

    def __init__(self, allowed: AudioPass, path: Path, modified_at: datetime) -> None:
        self.allowed = allowed
        self.path = path
        self.etag = f'"{allowed.sha256}"'
        self.expires_at_s = allowed.expires_at.timestamp()
        self.modified_at = modified_at
        self.known_cookies = b""
        self.headers: Headers = [
            (b"content-type", allowed.content_type.encode()),
            (b"accept-ranges", b"bytes"),
            (b"etag", self.etag.encode()),
            (b"last-modified", http_date(modified_at).encode()),
            (b"cache-control", CACHE_CONTROL),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]


class AudioApp:
    """Serves GET and HEAD of /api/audio/{track_id}?token=…"""

    def __init__(self, tokens: AudioTokens, store: BlobStore, *, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._store = store
        self._clock = clock
        self._files = OpenBlobs()
        self._ready: OrderedDict[tuple[str, bytes], _Ready] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_head = scope["method"] == "HEAD"
        try:
            if not is_head and scope["method"] != "GET":
                await respond_problem(send, MethodNotAllowed(), _ALLOW)
                return
            ready = self._ready.get((scope["path"], scope["query_string"]))
            if ready is None or self._clock() >= ready.expires_at_s:
                ready = await self._verify(scope, send)
                if ready is None:
                    return
            if ready.allowed.is_bound:
                self._check_listener(scope, ready)
            await self._answer(scope, receive, send, ready, is_head)
        except DomainError as error:
            await respond_problem(send, error, head=is_head)
        except TruncatedBlob:
            log.exception("streaming.blob_damaged", path=scope["path"])
            await respond_problem(send, BlobMissing(), head=is_head)
        except ClientGone:
            log.debug("streaming.client_gone", path=scope["path"])

    def forget(self) -> None:
        """Drop remembered tokens and open files."""
        self._ready.clear()
        self._files.close()

    async def _verify(self, scope: Scope, send: Send) -> _Ready | None:
        key = (scope["path"], scope["query_string"])
        self._ready.pop(key, None)
        try:
            track_id = UUID(scope["path"][len(PREFIX) :])
        except ValueError as error:
            raise TokenRefused from error
        at = datetime.fromtimestamp(self._clock(), UTC)
        allowed = self._tokens.read(query_value(scope, b"token"), track_id=track_id, at=at)
        if not self._tokens.is_listener(allowed, cookie(scope, LISTENER_COOKIE)):
            raise TokenRefused
        path = await asyncio.to_thread(self._store.local_path, allowed.sha256)
        if path is None:
            await self._redirect(send, allowed)
            return None
        blob = await self._open(path, allowed)
        ready = self._ready[key] = _Ready(allowed, path, datetime.fromtimestamp(blob.modified_at_s, UTC))
        while len(self._ready) > REMEMBERED:
            self._ready.popitem(last=False)
        return ready

    def _check_listener(self, scope: Scope, ready: _Ready) -> None:
        # A browser sends the same cookies with every range: the field that passed once passes again.
        sent = next((bytes(value) for name, value in scope["headers"] if name == b"cookie"), b"")
        if ready.known_cookies and hmac.compare_digest(sent, ready.known_cookies):
            return
        if not self._tokens.is_listener(ready.allowed, cookie(scope, LISTENER_COOKIE)):
            raise TokenRefused
        ready.known_cookies = sent

    async def _redirect(self, send: Send, allowed: AudioPass) -> None:
        address = await asyncio.to_thread(
            self._store.presign, allowed.sha256, content_type=allowed.content_type, seconds=PRESIGNED_S
        )
        if address is None:
            log.error("streaming.blob_missing", track_id=str(allowed.track_id), sha256=allowed.sha256)
            raise BlobMissing
        await respond(send, 302, [(b"location", address.encode()), (b"cache-control", b"no-store")])

    async def _open(self, path: Path, allowed: AudioPass) -> OpenBlob:
        try:
            blob = self._files.kept(path) or await self._files.open(path)
        except FileNotFoundError as error:
            log.exception("streaming.blob_missing", track_id=str(allowed.track_id), sha256=allowed.sha256)
            raise BlobMissing from error
        if blob.size_bytes != allowed.size_bytes:
            raise TruncatedBlob
        return blob

    async def _answer(self, scope: Scope, receive: Receive, send: Send, ready: _Ready, is_head: bool) -> None:
        size, status, headers = ready.allowed.size_bytes, 200, ready.headers
        part = ByteRange(0, size)
        asked = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _CONDITIONS}
        if asked:
            if _is_known(asked, ready):
                await send({"type": "http.response.start", "status": 304, "headers": headers[2:]})
                await send({"type": "http.response.body", "body": b""})
                return
            # For HEAD a Range is ignored: it is defined for GET alone (RFC 9110, section 14.2).
            selected = WHOLE if is_head else _selected(asked, ready)
            if isinstance(selected, Unsatisfiable):
                lines = [(b"content-range", b"bytes */%d" % size), (b"accept-ranges", b"bytes")]
                await respond_problem(send, RangeRefused(size_bytes=size), lines)
                return
            if isinstance(selected, ByteRange):
                part, status = selected, 206
                said = b"bytes %d-%d/%d" % (part.start, part.end - 1, size)
                headers = [*headers, (b"content-range", said)]
        headers = [*headers, (b"content-length", b"%d" % part.size)]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        blob = await self._open(ready.path, ready.allowed)
        if is_head:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        await send_blob(receive, send, start, blob, part.start, part.size)


def _is_known(asked: dict[bytes, str], ready: _Ready) -> bool:
    tags, since = asked.get(b"if-none-match"), asked.get(b"if-modified-since")
    return is_known(tags, since, etag=ready.etag, modified_at=ready.modified_at)


def _selected(asked: dict[bytes, str], ready: _Ready) -> Selection:
    if not if_range_holds(asked.get(b"if-range"), etag=ready.etag, modified_at=ready.modified_at):
        return WHOLE
    return select(asked.get(b"range"), ready.allowed.size_bytes)
