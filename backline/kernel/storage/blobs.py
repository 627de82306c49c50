"""A blob is bytes named by their own SHA-256: the same content is stored once and never changes under its
name.

Whoever stores a file gives it away: the source is consumed. A blob appears whole or not at all, also when
the machine stops half-way or two processes store the same content at the same time. Where the bytes lie (a
folder, an S3 service) is a choice of the installation that nothing above this module can see.
"""

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from backline.kernel.kit.errors import NotFound, StorageFull, Unavailable

CHUNK_BYTES: Final = 1024 * 1024

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class BlobMissing(NotFound):
    """No blob of that name is stored: it was never put, or the store has lost it."""

    code = "blob_missing"
    title = "The file is not in storage"


class StorageUnavailable(Unavailable):
    """The object storage service did not answer, or answered with an error of its own."""

    code = "storage_unavailable"
    title = "The storage service does not answer now"


@dataclass(frozen=True, slots=True)
class BlobRef:
    """What a row keeps of a blob: its name and its length in bytes."""

    sha256: str
    size_bytes: int


class BlobStore(Protocol):
    """Where blobs lie. Every method may raise StorageUnavailable where a service stands behind it."""

    def put_file(self, path: Path, *, content_type: str) -> BlobRef:
        """Take a file in; its source is gone afterwards. Raises StorageFull and then leaves the source."""
        ...

    def put_bytes(self, data: bytes, *, content_type: str) -> BlobRef:
        """Store small content that is in memory already. Raises StorageFull."""
        ...

    def exists(self, sha256: str) -> bool:
        """Whether the blob is stored."""
        ...

    def size_of(self, sha256: str) -> int:
        """Length in bytes. Raises BlobMissing."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """The content as a seekable stream; the caller closes it. Raises BlobMissing."""
        ...

    def local_path(self, sha256: str) -> Path | None:
        """The blob's file where the store is a folder on this machine and holds it, else None."""
        ...

    def fetch(self, sha256: str) -> AbstractContextManager[Path]:
        """A local file with the content, for tools that need a path; never change it. Raises BlobMissing."""
        ...

    def presign(self, sha256: str, *, content_type: str, seconds: int) -> str | None:
        """An address at the storage service, for this blob and that long only; None without a service."""
        ...


def shard_of(sha256: str) -> str:
    """The relative place of a blob, ab/cd/abcd…. Raises BlobMissing for text that is no SHA-256."""
    if not _SHA256.fullmatch(sha256):
        raise BlobMissing
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def hash_stream(source: BinaryIO, target: BinaryIO | None = None) -> BlobRef:
    """Read a stream to its end, name its content, and copy it to `target` on the way if one is given."""
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
    return BlobRef(digest.hexdigest(), size)


@contextmanager
def full_disk_is_named(partial: Path | None = None) -> Iterator[None]:
    """Turn the system's "no room" into StorageFull; on any failure remove the half-made file `partial`."""
    try:
        yield
    except BaseException as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise StorageFull("The disk is full: make room or ask whoever runs this server, then try again.") from error
        raise


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut (fsync of a directory)."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
