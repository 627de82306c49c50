"""Where an upload lies while it arrives: `<upload id>.part`, whose length is the offset.

Nothing else is remembered, so a killed process loses at most what the system had not written yet, and the
client asks where to go on. `<upload id>.done` marks an upload that was taken in, for the client whose last
answer got lost. One request at a time may write: the lock is on the file, so it holds between processes and
ends with the one that held it.
"""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from backline.core.catalog.uploads.errors import UploadBusy, UploadGone
from backline.kernel.kit.errors import StorageFull

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """How many bytes are here, and whether the file was taken in already."""

    offset: int
    is_accepted: bool


class LockedPart:
    """An upload's file, open for one writer; close it or use it as a context."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        # A request that is cancelled closes the file while a helper thread may still be writing to it;
        # without this the thread could write into whatever is opened next under the same number.
        self._in_use = threading.Lock()
        self.offset = os.fstat(fd).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, data: bytes | bytearray) -> None:
        """Write at the end. Raises StorageFull and then keeps nothing of `data`."""
        with self._in_use:
            try:
                end = _write_all(self._fd, data, self.offset)
            except OSError as error:
                os.ftruncate(self._fd, self.offset)
                if error.errno in _NO_ROOM:
                    raise StorageFull("The server's disk is full. What arrived is kept: go on later.") from error
                raise
            self.offset = end

    def cut_back(self, offset: int) -> None:
        """Throw away what was written after `offset`."""
        with self._in_use:
            os.ftruncate(self._fd, offset)
            self.offset = offset

    def sync(self) -> None:
        """Make what was written survive a power cut, before the client is told that it arrived."""
        with self._in_use:
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise StorageFull from error
                raise

    def close(self) -> None:
        """Let the next writer in."""
        with self._in_use:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


class UploadSink:
    """The folder of arriving uploads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)

    def create(self, upload_id: UUID) -> None:
        """Make the empty file. Raises FileExistsError for an upload that was begun already, StorageFull."""
        try:
            os.close(os.open(self.path_of(upload_id), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise StorageFull from error
            raise

    def path_of(self, upload_id: UUID) -> Path:
        """Where the upload's bytes are."""
        return self._folder / f"{upload_id}.part"

    def offset_of(self, upload_id: UUID) -> int:
        """How many bytes have arrived. Raises UploadGone."""
        try:
            return self.path_of(upload_id).stat().st_size
        except FileNotFoundError as error:
            raise UploadGone from error

    def progress_of(self, upload_id: UUID, *, size_bytes: int) -> UploadProgress:
        """Where the upload stands. Raises UploadGone where neither bytes nor the mark are here."""
        if self._mark_of(upload_id).exists():
            return UploadProgress(size_bytes, is_accepted=True)
        return UploadProgress(self.offset_of(upload_id), is_accepted=False)

    def lock(self, upload_id: UUID) -> LockedPart:
        """Open the upload's file for writing. Raises UploadBusy while another request has it, UploadGone."""
        path = self.path_of(upload_id)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UploadGone from error
        try:
            _lock_now(fd)
        except BaseException:
            os.close(fd)
            raise
        return LockedPart(path, fd)

    def accept(self, upload_id: UUID) -> None:
        """Mark the upload as taken in; what is left of its file goes."""
        self._mark_of(upload_id).touch(mode=0o640)
        self.path_of(upload_id).unlink(missing_ok=True)

    def discard(self, upload_id: UUID) -> None:
        """Throw the upload away; nothing happens where nothing is."""
        self.path_of(upload_id).unlink(missing_ok=True)
        self._mark_of(upload_id).unlink(missing_ok=True)

    def sweep_expired(self, older_than: datetime) -> int:
        """Throw away uploads to which nothing was added since, save one being written; returns how many."""
        swept = 0
        for path in self._stale(older_than):
            with self._unless_busy(path) as is_free:
                if is_free:
                    path.unlink(missing_ok=True)
                    swept += 1
        return swept

    def _stale(self, older_than: datetime) -> list[Path]:
        limit = older_than.timestamp()
        found = [*self._folder.glob("*.part"), *self._folder.glob("*.done")]
        return [path for path in found if _changed_at(path) < limit]

    @contextmanager
    def _unless_busy(self, path: Path) -> Iterator[bool]:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            yield False
            return
        try:
            # A request may be writing the last piece of a slow upload just now; it has the lock.
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(fd)

    def _mark_of(self, upload_id: UUID) -> Path:
        return self._folder / f"{upload_id}.done"


def _write_all(fd: int, data: bytes | bytearray, offset: int) -> int:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        offset += written
        view = view[written:]
    return offset


def _lock_now(fd: int) -> None:
    try:
        # Two requests for one upload (a client that resumes while its lost request still hangs, here or in
        # another process) would both append at the same offset; the second is refused.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UploadBusy from error
    if os.fstat(fd).st_nlink == 0:
        raise UploadGone  # the request that had the lock before took the file away


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
