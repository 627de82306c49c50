"""What runs on a data folder right now, judged by the processes themselves.

Postgres notes its process in `postmaster.pid`. After a crash or a restart of the machine that number may
belong to anybody, so it counts only if the process says that it serves this very folder. A file whose
process is gone is left to Postgres, except where the number now belongs to a stranger and nothing else of
the old server lives: Postgres would take the stranger for its predecessor and refuse to start for good.
"""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
READY = "ready"


@dataclass(frozen=True)
class Postmaster:
    """A server that says it serves our folder: its process, port and whether it takes connections."""

    pid: int
    port: int
    is_ready: bool


def read_postmaster(cluster: Path) -> Postmaster | None:
    """Return the server that runs on this folder, or None. (Source: PostgreSQL's miscadmin.h.)"""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not serves(pid, cluster):
        return None
    with contextlib.suppress(ValueError, IndexError):
        return Postmaster(pid, int(lines[3]), len(lines) > 7 and lines[7].strip() == READY)
    return Postmaster(pid, 0, is_ready=False)


def serves(pid: int, cluster: Path) -> bool:
    """Whether this process is a Postgres that was started on this folder."""
    words = command_of(pid)
    return "-D" in words[:-1] and words[words.index("-D") + 1] == str(cluster)


def command_of(pid: int) -> list[str]:
    """Return the words of a process's command; none for one that is gone, a zombie, or hidden from us."""
    if PROC.joinpath("self", "cmdline").exists():
        try:
            raw = PROC.joinpath(str(pid), "cmdline").read_bytes()
        except OSError:
            return []
        return [word.decode(errors="replace") for word in raw.split(b"\0") if word]
    ps = ["ps", "-p", str(pid), "-ww", "-o", "command="]
    done = subprocess.run(ps, check=False, capture_output=True, text=True, timeout=10)  # noqa: S603  fixed
    return done.stdout.split()


def forget_stranger(cluster: Path) -> bool:
    """Remove a `postmaster.pid` whose number belongs to a stranger; True if it did.

    Only where every process can be looked at, and none works in the folder: a backend of a server that was
    killed may still be writing, and the file is what keeps a second server from starting beside it.
    """
    path = cluster / "postmaster.pid"
    try:
        pid = int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    if not PROC.joinpath("self", "cwd").exists() or not command_of(pid) or serves(pid, cluster):
        return False
    if any(_works_in(entry, cluster) for entry in PROC.iterdir() if entry.name.isdigit()):
        return False
    path.unlink(missing_ok=True)
    return True


def _works_in(entry: Path, cluster: Path) -> bool:
    with contextlib.suppress(OSError):
        return (entry / "cwd").readlink() == cluster
    return False
