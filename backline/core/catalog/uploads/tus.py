"""The raw ASGI application at /api/uploads/{upload_id}: tus 1.0.0 with expiration, termination, checksum.

Creation is Django's (it knows the artist, the limits and the table); here bytes are taken in, half a
megabyte in memory at most, written by helper threads, so that a thousand slow clients hold no thread. A
client that hangs up finds what it sent when it comes back. The last piece is answered only when the
catalogue has taken the file; where that answer got lost, asking for the offset asks the catalogue again.
"""

import asyncio
import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import structlog

from backline.core.catalog.uploads.errors import (
    AcceptanceFailed,
    ChecksumMismatch,
    NotAPiece,
    OffsetMismatch,
    OtherProtocolVersion,
    PieceMalformed,
    PieceStalled,
    PieceTooLong,
    UploadBusy,
    UploadGone,
)
from backline.core.catalog.uploads.grants import PREFIX, UploadGrant, read_upload_token
from backline.core.catalog.uploads.sink import LockedPart, UploadProgress, UploadSink
from backline.kernel.kit.asgi import (
    ClientGone,
    Headers,
    MethodNotAllowed,
    Receive,
    RequestBody,
    Scope,
    Send,
    header,
    query_value,
    refuse_early,
)
from backline.kernel.kit.clock import now
from backline.kernel.kit.errors import DomainError, TooMany

VERSION: Final = b"1.0.0"
BATCH_BYTES: Final = 512 * 1024
IDLE_S: Final = 60.0
PATIENCE_S: Final = 5.0
PAUSE_S: Final = 0.05

_PIECE_TYPE: Final = "application/offset+octet-stream"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_ALGORITHMS: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}

log = structlog.get_logger("catalog.uploads")

OnComplete = Callable[[UploadGrant, Path], None]
"""Takes a whole file into the catalogue, in a thread; it may move or remove the file.

Called again for the same upload when the process died in between: it must be idempotent. A DomainError below
500 is final, and the file is thrown away; any other exception keeps the bytes.
"""

WasAccepted = Callable[[UploadGrant], bool]
"""Whether the catalogue has taken this upload in, asked in a thread when nothing of it is here any more."""


class TusApp:
    """HEAD, PATCH, DELETE and OPTIONS of uploads that Django created."""

    def __init__(
        self,
        sink: UploadSink,
        on_complete: OnComplete,
        *,
        was_accepted: WasAccepted = lambda _: False,
        secret: str,
        max_size_bytes: int,
        clock: Callable[[], datetime] = now,
        idle_s: float = IDLE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._sink = sink
        self._on_complete = on_complete
        self._was_accepted = was_accepted
        self._secret = secret
        self._max_size_bytes = max_size_bytes
        self._clock = clock
        self._idle_s = idle_s
        self._patience_s = patience_s
        # Taking a file in hashes it: with threads of its own it does not delay the writing of others' pieces.
        self._acceptors = ThreadPoolExecutor(max_workers=2, thread_name_prefix="uploads")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = RequestBody(receive)
        try:
            status, headers = await self._answer(scope, body)
            lines = [(b"tus-resumable", VERSION), (b"cache-control", b"no-store"), *headers]
            if status != 204:
                lines.append((b"content-length", b"0"))
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": b""})
        except DomainError as error:
            extra = [(b"tus-resumable", VERSION), (b"tus-version", VERSION)]
            if isinstance(error, MethodNotAllowed):
                extra.append((b"allow", b"HEAD, PATCH, DELETE, OPTIONS"))
            await refuse_early(body, send, error, extra)
        except ClientGone:
            log.info("catalog.upload_interrupted", path=scope["path"])

    async def _answer(self, scope: Scope, body: RequestBody) -> tuple[int, Headers]:
        method = header(scope, b"x-http-method-override") or scope["method"]
        if method == "OPTIONS":
            return 204, self._abilities()
        if method not in ("HEAD", "PATCH", "DELETE"):
            raise MethodNotAllowed
        if header(scope, b"tus-resumable") != VERSION.decode():
            raise OtherProtocolVersion
        grant = read_upload_token(
            query_value(scope, b"token"),
            upload_id=scope["path"].removeprefix(PREFIX),
            secret=self._secret,
            at=self._clock(),
        )
        if method == "HEAD":
            return await self._head(grant)
        if method == "DELETE":
            return await asyncio.to_thread(self._delete, grant)
        return await self._patch(grant, scope, body)

    def _abilities(self) -> Headers:
        return [
            (b"tus-version", VERSION),
            (b"tus-extension", b"creation,expiration,termination,checksum"),
            (b"tus-checksum-algorithm", ",".join(_ALGORITHMS).encode()),
            (b"tus-max-size", str(self._max_size_bytes).encode()),
        ]

    async def _head(self, grant: UploadGrant) -> tuple[int, Headers]:
        progress = await self._progress(grant)
        if progress.offset == grant.size_bytes and not progress.is_accepted:
            with self._sink.lock(grant.upload_id):
                await self._accept(grant)
        length = (b"upload-length", str(grant.size_bytes).encode())
        return 200, [*_position(progress.offset, grant), length]

    async def _progress(self, grant: UploadGrant) -> UploadProgress:
        try:
            return self._sink.progress_of(grant.upload_id, size_bytes=grant.size_bytes)
        except UploadGone:
            # Killed after the catalogue took the file and before the mark was made: the catalogue knows.
            if not await asyncio.to_thread(self._was_accepted, grant):
                raise
            return UploadProgress(grant.size_bytes, is_accepted=True)

    def _delete(self, grant: UploadGrant) -> tuple[int, Headers]:
        # Who cancels hangs up and deletes at once: the request that was cut off gets a moment to let go of its lock.
        until = time.monotonic() + self._patience_s
        while True:
            try:
                return self._delete_now(grant)
            except UploadBusy:
                if time.monotonic() >= until:
                    raise
                time.sleep(PAUSE_S)

    def _delete_now(self, grant: UploadGrant) -> tuple[int, Headers]:
        if not self._sink.progress_of(grant.upload_id, size_bytes=grant.size_bytes).is_accepted:
            with self._sink.lock(grant.upload_id):
                self._sink.discard(grant.upload_id)
        return 204, []

    async def _patch(self, grant: UploadGrant, scope: Scope, body: RequestBody) -> tuple[int, Headers]:
        if (header(scope, b"content-type") or "").strip().lower() != _PIECE_TYPE:
            raise NotAPiece
        offset = _number(header(scope, b"upload-offset"), "Upload-Offset")
        progress = self._sink.progress_of(grant.upload_id, size_bytes=grant.size_bytes)
        if progress.is_accepted:
            raise OffsetMismatch("All of this upload has arrived.", offset=progress.offset)
        with self._sink.lock(grant.upload_id) as part:
            if part.offset != offset:
                raise OffsetMismatch(f"The upload continues at {part.offset}.", offset=part.offset)
            announced = header(scope, b"content-length")
            if announced is not None and offset + _number(announced, "Content-Length") > grant.size_bytes:
                raise PieceTooLong(size_bytes=grant.size_bytes)
            piece = _Piece(part, grant.size_bytes, header(scope, b"upload-checksum"))
            await self._take(piece, body)
            if part.offset == grant.size_bytes:
                await self._accept(grant)
            return 204, _position(part.offset, grant)

    async def _take(self, piece: "_Piece", body: RequestBody) -> None:
        batch = bytearray()
        try:
            while not body.is_over:
                batch += await body.next(idle_s=self._idle_s)
                if len(batch) >= BATCH_BYTES:
                    await asyncio.to_thread(piece.write, batch)
                    batch = bytearray()
        except (ClientGone, TimeoutError) as error:
            await asyncio.to_thread(piece.break_off, batch)
            if isinstance(error, TimeoutError):
                raise PieceStalled from error
            raise
        await asyncio.to_thread(piece.finish, batch)

    async def _accept(self, grant: UploadGrant) -> None:
        # Called with the upload locked: a second request that finds the file whole is refused until this
        # one is over.
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._acceptors, self._accept_waiting, grant)

    def _accept_waiting(self, grant: UploadGrant) -> None:
        try:
            self._on_complete(grant, self._sink.path_of(grant.upload_id))
        except DomainError as error:
            if error.status < 500 and not isinstance(error, TooMany):
                self._sink.discard(grant.upload_id)
            raise
        except Exception as error:
            log.exception("catalog.upload_not_accepted", upload_id=str(grant.upload_id))
            raise AcceptanceFailed from error
        self._sink.accept(grant.upload_id)


class _Piece:
    """The body of one PATCH on its way into the part; its methods run in helper threads, one at a time."""

    def __init__(self, part: LockedPart, size_bytes: int, checksum: str | None) -> None:
        self._part = part
        self._begin = part.offset
        self._size_bytes = size_bytes
        self._expected = _checksum(checksum) if checksum is not None else None

    def write(self, batch: bytearray) -> None:
        """Append a batch. Raises PieceTooLong, and then the whole piece is thrown away; StorageFull."""
        if self._part.offset + len(batch) > self._size_bytes:
            self._part.cut_back(self._begin)
            raise PieceTooLong(size_bytes=self._size_bytes)
        self._part.append(batch)
        if self._expected is not None:
            self._expected[0].update(batch)

    def break_off(self, batch: bytearray) -> None:
        """Keep what came of a piece without an end; one with a checksum cannot be believed in part."""
        if self._expected is not None:
            self._part.cut_back(self._begin)
        elif self._part.offset + len(batch) <= self._size_bytes:
            self._part.append(batch)

    def finish(self, batch: bytearray) -> None:
        """Append the last batch and make all of it durable. Raises as `write`, and ChecksumMismatch."""
        self.write(batch)
        if self._expected is not None and self._expected[0].digest() != self._expected[1]:
            self._part.cut_back(self._begin)
            raise ChecksumMismatch
        self._part.sync()


def _checksum(field: str) -> "tuple[hashlib._Hash, bytes]":
    algorithm, _, encoded = field.strip().partition(" ")
    try:
        return _ALGORITHMS[algorithm](usedforsecurity=False), base64.b64decode(encoded, validate=True)
    except (KeyError, binascii.Error) as error:
        raise PieceMalformed(f"Upload-Checksum takes {' or '.join(_ALGORITHMS)} and base64.") from error


def _number(field: str | None, name: str) -> int:
    if field is None or not _NUMBER.fullmatch(field):
        raise PieceMalformed(f"{name} must be a whole number of bytes.")
    return int(field)


def _position(offset: int, grant: UploadGrant) -> Headers:
    return [
        (b"upload-offset", str(offset).encode()),
        (b"upload-expires", format_datetime(grant.expires_at, usegmt=True).encode()),
    ]
