"""One supervisor for one data folder.

Two would fight over the database's process, and a backup put back under a running server would be read
half-way. The lock is the operating system's: it ends with its holder, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backline.config.cli.terminal import CommandFailed


class AlreadyRunning(CommandFailed):
    """Another Backline holds this data folder."""


@contextmanager
def data_folder_lock(data_dir: Path, purpose: str) -> Iterator[None]:
    """Hold the data folder alone. Raises AlreadyRunning, saying who holds it, or CommandFailed."""
    path = data_dir / "lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CommandFailed(f"BACKLINE_DATA: {data_dir} cannot be used ({error.strerror}).") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 500, 0).decode(errors="replace").strip()
            raise AlreadyRunning(
                f"Another Backline is using {data_dir} ({holder}). Stop it first, "
                "or set BACKLINE_DATA to another folder."
            ) from error
        os.truncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}, {purpose}".encode(), 0)
        yield
    finally:
        os.close(handle)
