"""Sending a blob's bytes without holding a thread: small pieces, read as fast as the client takes them.

What the system has in memory is read on the spot; what must come from the disk is read by a helper thread,
so that one cold file does not make everybody wait. Open files are kept for a while, because a listener asks
for many ranges of one file. A client that hangs up costs nothing from the next piece on.
"""

import asyncio
import errno
import os
import time
from collections import OrderedDict
from pathlib import Path
from typing import Final

from backline.kernel.kit.asgi import ClientGone, Message, Receive, Send, hung_up

CHUNK_BYTES: Final = 256 * 1024
# A player that is paused stops reading but keeps its connection; after this long without a byte taken it is
# dropped.
STALL_S: Final = 600.0
KEPT_OPEN: Final = 256
KEPT_OPEN_S: Final = 60.0

_NOWAIT: Final[int] = getattr(os, "RWF_NOWAIT", 0)
_WOULD_WAIT: Final = frozenset({errno.EAGAIN, errno.EOPNOTSUPP})


class TruncatedBlob(Exception):
    """The file ends before the bytes that were promised."""


class OpenBlob:
    """An open file and its length; closed when the last who uses it lets go."""

    __slots__ = ("fd", "modified_at_s", "opened_at", "size_bytes")

    def __init__(self, path: Path) -> None:
        self.fd = -1
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self.fd)
        self.size_bytes = status.st_size
        self.modified_at_s = int(status.st_mtime)
        self.opened_at = time.monotonic()

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)

    def read_cached(self, offset: int, size: int) -> bytearray | None:
        """Bytes that the system has in memory (preadv2, RWF_NOWAIT); None where it must ask the disk."""
        buffer = bytearray(size)
        try:
            got = os.preadv(self.fd, [buffer], offset, _NOWAIT)
        except OSError as error:
            if error.errno in _WOULD_WAIT:
                return None
            raise
        return buffer if got == size else None

    async def read(self, offset: int, size: int) -> bytes | bytearray:
        """Exactly `size` bytes from `offset`. Raises TruncatedBlob where the file is shorter."""
        cached = self.read_cached(offset, size)
        return cached if cached is not None else await asyncio.to_thread(self._read_waiting, offset, size)

    def _read_waiting(self, offset: int, size: int) -> bytes:
        pieces: list[bytes] = []
        while size > 0:
            piece = os.pread(self.fd, size, offset)
            if not piece:
                raise TruncatedBlob
            pieces.append(piece)
            offset += len(piece)
            size -= len(piece)
        return b"".join(pieces)


class OpenBlobs:
    """The files most recently served, kept open; used from one event loop only."""

    def __init__(self, capacity: int = KEPT_OPEN) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Path, OpenBlob] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def open(self, path: Path) -> OpenBlob:
        """The open file, from the kept ones if it was opened lately. Raises FileNotFoundError."""
        kept = self.kept(path)
        if kept is not None:
            return kept
        opened = await asyncio.to_thread(OpenBlob, path)
        self._kept[path] = opened
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return opened

    def kept(self, path: Path) -> OpenBlob | None:
        """The open file if it was opened lately."""
        kept = self._kept.get(path)
        if kept is None or time.monotonic() - kept.opened_at > KEPT_OPEN_S:
            self._kept.pop(path, None)
            return None
        self._kept.move_to_end(path)
        return kept

    def close(self) -> None:
        """Let go of all; those still being sent close when they are done."""
        self._kept.clear()


async def send_blob(receive: Receive, send: Send, start: Message, blob: OpenBlob, offset: int, size: int) -> None:
    """Send an answer's start and then `size` bytes of the blob from `offset`.

    Raises TruncatedBlob before anything is sent if the first piece is not there; ClientGone when the client
    hangs up.
    """
    first = await blob.read(offset, min(size, CHUNK_BYTES))
    await send(start)
    if size <= CHUNK_BYTES:
        await send({"type": "http.response.body", "body": first})
        return
    await _send_rest(receive, send, blob, first, offset + len(first), offset + size)


async def _send_rest(
    receive: Receive, send: Send, blob: OpenBlob, first: bytes | bytearray, offset: int, end: int
) -> None:
    gone = asyncio.ensure_future(hung_up(receive))
    piece = first
    try:
        while not gone.done():
            more = offset < end
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
            if not more:
                return
            piece = await blob.read(offset, min(CHUNK_BYTES, end - offset))
            offset += len(piece)
        raise ClientGone
    except TimeoutError as error:
        raise ClientGone from error
    finally:
        gone.cancel()
