"""Postgres' own programs for backups, in the version that fits the server.

`pg_dump` reads servers up to its own version, and what it writes may hold words that older servers do not
know: so the server's own version is taken where it is here, else the next newer. Passwords go through the
environment, because a command line is everybody's to read.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backline.config.postgres.address import password_of, without_password
from backline.config.postgres.binaries import Binaries, find_binaries
from backline.config.postgres.errors import NoPostgres, PostgresProblem

PROGRAMS = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Tools:
    """The programs of one version."""

    binaries: Binaries

    @classmethod
    def for_server(cls, major: int) -> Tools:
        """Return the programs for a server of this major version. Raises NoPostgres."""
        here = [found for found in find_binaries() if all((found.folder / name).exists() for name in PROGRAMS)]
        fitting = sorted((found for found in here if found.major >= major), key=lambda found: found.major)
        if not fitting:
            raise NoPostgres(
                f"The server is PostgreSQL {major}; pg_dump, pg_restore and psql of it were not found. "
                f"Install the package postgresql-client-{major}."
            )
        return cls(fitting[0])

    def run(self, program: str, arguments: list[str], url: str, *, stdin: IO[bytes] | None = None) -> None:
        """Run a program against a database. Raises PostgresProblem with the last of what it said."""
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(  # noqa: S603  a program of the chosen folder, no shell
                [self.binaries.program(program), f"--dbname={without_password(url)}", *arguments],
                check=False,
                stdin=stdin or subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=_environment(url),
            )
            said.seek(0)
            if done.returncode != 0:
                raise PostgresProblem(f"{program} failed: {_last(said.read())}")

    def to_sql(self, dump: Path, target: Path) -> None:
        """Write a dump out as SQL. Raises PostgresProblem."""
        done = subprocess.run(  # noqa: S603  a program of the chosen folder, no shell
            [self.binaries.program("pg_restore"), "--no-owner", f"--file={target}", str(dump)],
            check=False,
            capture_output=True,
            env=_environment(""),
        )
        if done.returncode != 0:
            raise PostgresProblem(f"pg_restore failed: {_last(done.stderr)}")


def _environment(url: str) -> dict[str, str]:
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": os.environ.get("HOME", "/")}
    if password := password_of(url):
        env["PGPASSWORD"] = password
    return env


def _last(said: bytes) -> str:
    return said.decode(errors="replace").strip()[-1500:]
