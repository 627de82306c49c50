"""A request's body is complete before Django sees it: small in memory, larger in a file without a name.

A slow or vanishing client therefore never holds a thread, and half a request never reaches a view. The file
is gone when the request is over, also when the process is killed. How much is taken depends on the address;
more is refused, where it was announced before a byte of it was read.
"""

import asyncio
import errno
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from backline.kernel.kit.asgi import RequestBody, Scope, cookie, header
from backline.kernel.kit.errors import DomainError, Malformed, PayloadTooLarge, StorageFull

SMALL_BYTES: Final = 64 * 1024
BATCH_BYTES: Final = 512 * 1024
IDLE_S: Final = 60.0
ORDINARY_BYTES: Final = 12 * 1024 * 1024
# What a multipart form adds around its file.
FORM_SLACK_BYTES: Final = 1024 * 1024

_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_UPLOAD_ROUTE: Final = re.compile(r"/api/v1/artists/[^/]+/tracks", re.ASCII)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class BodyStalled(DomainError):
    """Nothing of the body came for a minute (RFC 9110, section 15.5.9)."""

    code = "body_stalled"
    status = 408
    title = "The request stopped half-way: send it again"


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How many bytes of body each address takes."""

    ordinary_bytes: int
    upload_bytes: int
    session_cookie: str

    def limit_for(self, scope: Scope) -> int:
        """The upload route takes a whole file, but only from somebody who at least claims to be signed in."""
        is_upload = scope["method"] == "POST" and _UPLOAD_ROUTE.fullmatch(scope["path"])
        if is_upload and (header(scope, b"authorization") or cookie(scope, self.session_cookie)):
            return self.upload_bytes + FORM_SLACK_BYTES
        return self.ordinary_bytes


async def take_body(scope: Scope, body: RequestBody, *, limit: int, folder: Path) -> tuple[BinaryIO, int]:
    """The whole body as a stream at its beginning, and its length; the caller closes it.

    Raises PayloadTooLarge, BodyStalled, StorageFull, Malformed for a length that is no number, ClientGone.
    """
    announced = header(scope, b"content-length")
    if announced is None and header(scope, b"transfer-encoding") is None:
        return io.BytesIO(), 0
    if announced is not None and not _NUMBER.fullmatch(announced):
        raise Malformed("Content-Length must be a number of bytes.")
    _check_size(int(announced or 0), limit)
    try:
        return await _fill(body, limit, folder)
    except TimeoutError as error:
        raise BodyStalled from error


async def _fill(body: RequestBody, limit: int, folder: Path) -> tuple[BinaryIO, int]:
    batch = bytearray()
    while not body.is_over and len(batch) <= SMALL_BYTES:
        batch += await body.next(idle_s=IDLE_S)
    if body.is_over:
        _check_size(len(batch), limit)
        return io.BytesIO(batch), len(batch)
    spool = await asyncio.to_thread(_nameless_file, folder)
    try:
        size = await _fill_file(spool, batch, body, limit)
    except BaseException:
        spool.close()
        raise
    return spool, size


async def _fill_file(spool: BinaryIO, batch: bytearray, body: RequestBody, limit: int) -> int:
    size = len(batch)
    while not body.is_over:
        piece = await body.next(idle_s=IDLE_S)
        size += len(piece)
        _check_size(size, limit)
        batch += piece
        if len(batch) > BATCH_BYTES:
            await asyncio.to_thread(_write, spool, batch)
            batch = bytearray()
    await asyncio.to_thread(_write, spool, batch)
    spool.seek(0)
    return size


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise PayloadTooLarge(f"This address takes up to {limit // 1024**2} MB.", max_bytes=limit)


def _nameless_file(folder: Path) -> BinaryIO:
    with _full_disk_is_named():
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        # Unbuffered: what was written is with the system, not in this process's memory.
        return cast("BinaryIO", tempfile.TemporaryFile(dir=folder, buffering=0))


def _write(spool: BinaryIO, data: bytearray) -> None:
    view = memoryview(data)
    with _full_disk_is_named():
        while view:
            view = view[spool.write(view) :]


@contextmanager
def _full_disk_is_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        raise
