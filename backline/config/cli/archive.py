"""The backup archive: one tar that holds the database, the files and a manifest by which all of it can be
verified.

The manifest comes last, because digests are known only when everything has been written; an archive without
one was cut off. Files are named by the SHA-256 of their content, so a name that does not fit its content
gives a damage away even without the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import BaseModel, ConfigDict

from backline.config.cli.terminal import CommandFailed

FORMAT = 1
ROOT = "backline-backup"
DUMP = f"{ROOT}/database.dump"
KEY = f"{ROOT}/secret_key"
MANIFEST = f"{ROOT}/manifest.json"
BLOBS = f"{ROOT}/blobs"
CHUNK = 1024 * 1024


class BadArchive(CommandFailed):
    """The archive is damaged, cut off, or none of ours; nothing was changed."""


class Entry(BaseModel):
    """What a member of the archive must be."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size: int


class Manifest(BaseModel):
    """What an archive holds."""

    model_config = ConfigDict(frozen=True)

    format: int
    backline: str
    made_at: str
    postgres_major: int
    holds_files: bool
    entries: dict[str, Entry]


class HashingReader:
    """A file that is hashed and counted while somebody else reads it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._sha = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """Read on, noting what went by."""
        chunk = self._source.read(size)
        self._sha.update(chunk)
        self.size += len(chunk)
        return chunk

    def entry(self) -> Entry:
        """What went by so far."""
        return Entry(sha256=self._sha.hexdigest(), size=self.size)


def copy_hashed(source: IO[bytes], write: Callable[[bytes], object]) -> Entry:
    """Copy to the end, in pieces, and return what it was."""
    reader = HashingReader(source)
    while chunk := reader.read(CHUNK):
        write(chunk)
    return reader.entry()


def inside(folder: Path, member: str) -> Path:
    """Return where a member belongs below `folder`. Raises BadArchive for a name that leads elsewhere."""
    path = PurePosixPath(member)
    if path.is_absolute() or ".." in path.parts or not path.parts or path.parts[0] != ROOT:
        raise BadArchive(f"{member!r} has no place in a backup.")
    return folder.joinpath(*path.parts[1:])
