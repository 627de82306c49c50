"""Blobs in a folder: blobs/ab/cd/abcd…, mode 0640, beside a folder `incoming` for what is still arriving.

A file enters by one rename on the same file system after its content has reached the disk, so that a reader
or a crash meets the whole blob or none. Two writers of the same content rename the same bytes onto the same
name: either may win.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from backline.kernel.storage.blobs import (
    BlobMissing,
    BlobRef,
    full_disk_is_named,
    hash_stream,
    shard_of,
    sync_folder,
)

_FILE_MODE = 0o640
_FOLDER_MODE = 0o750


class DiskBlobStore:
    """The default store; implements BlobStore."""

    def __init__(self, data_dir: Path) -> None:
        self._blobs = data_dir / "blobs"
        self._incoming = data_dir / "incoming"
        self._blobs.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        self._incoming.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)

    def put_file(self, path: Path, *, content_type: str) -> BlobRef:
        """See BlobStore.put_file; a plain file on the same file system is renamed, any other is copied."""
        if _may_be_renamed(path, self._blobs):
            with path.open("rb") as source, full_disk_is_named():
                ref = hash_stream(source)
                os.fsync(source.fileno())
                self._publish(path, ref)
            return ref
        with path.open("rb") as source:
            ref = self._put_stream(source)
        path.unlink()
        return ref

    def put_bytes(self, data: bytes, *, content_type: str) -> BlobRef:
        """See BlobStore.put_bytes."""
        return self._put_stream(io.BytesIO(data))

    def exists(self, sha256: str) -> bool:
        """See BlobStore.exists."""
        return self.local_path(sha256) is not None

    def size_of(self, sha256: str) -> int:
        """See BlobStore.size_of."""
        return self._existing(sha256).stat().st_size

    def open(self, sha256: str) -> BinaryIO:
        """See BlobStore.open."""
        return self._existing(sha256).open("rb")

    def local_path(self, sha256: str) -> Path | None:
        """See BlobStore.local_path."""
        try:
            return self._existing(sha256)
        except BlobMissing:
            return None

    @contextmanager
    def fetch(self, sha256: str) -> Iterator[Path]:
        """See BlobStore.fetch; the blob's own file."""
        yield self._existing(sha256)

    def presign(self, sha256: str, *, content_type: str, seconds: int) -> str | None:
        """See BlobStore.presign; a folder has no addresses of its own."""
        return None

    def _existing(self, sha256: str) -> Path:
        path = self._blobs / shard_of(sha256)
        if not path.is_file():
            raise BlobMissing
        return path

    def _put_stream(self, source: BinaryIO) -> BlobRef:
        staged = self._incoming / f"{uuid4()}.blob"
        with full_disk_is_named(staged):
            with staged.open("xb") as target:
                ref = hash_stream(source, target)
                target.flush()
                os.fsync(target.fileno())
            self._publish(staged, ref)
        return ref

    def _publish(self, staged: Path, ref: BlobRef) -> None:
        target = self._blobs / shard_of(ref.sha256)
        if target.is_file() and target.stat().st_size == ref.size_bytes:
            staged.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        staged.chmod(_FILE_MODE)
        staged.replace(target)
        for folder in (target.parent, target.parent.parent, self._blobs):
            sync_folder(folder)


def _may_be_renamed(path: Path, blobs: Path) -> bool:
    # A link, symbolic or hard, leaves somebody else with a name for the bytes: those are copied.
    status = path.lstat()
    is_plain = not path.is_symlink() and status.st_nlink == 1
    return is_plain and status.st_dev == blobs.stat().st_dev
