"""`backline restore FILE`: put a backup back, all of it or nothing.

The archive is unpacked beside the data and verified to the last byte before anything is touched. Files come
first, for they harm nobody; then the database changes in one transaction. An installation that holds
something is left alone unless told otherwise.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from backline.config.cli.archive import (
    BLOBS,
    DUMP,
    FORMAT,
    KEY,
    MANIFEST,
    BadArchive,
    Entry,
    Manifest,
    copy_hashed,
    inside,
)
from backline.config.cli.chores import connect, migrate_database, owner_database
from backline.config.cli.lock import data_folder_lock
from backline.config.cli.terminal import CommandFailed, say
from backline.config.postgres.address import DatabaseAddress
from backline.config.postgres.cluster import write_private
from backline.config.postgres.roles import ensure_roles
from backline.config.postgres.tools import Tools
from backline.config.settings import Settings, env_name, get_settings

MOST_MANIFEST_BYTES = 1024**3


class NotEmpty(CommandFailed):
    """The database holds something, and nobody said to throw it away."""


def restore(settings: Settings, file: Path, *, is_forced: bool) -> int:
    """Verify the archive and put it back. Raises BadArchive, NotEmpty, CommandFailed, PostgresProblem."""
    with data_folder_lock(settings.data_dir, "restoring a backup"), _staging(settings.data_dir) as folder:
        manifest = unpack(file, folder)
        if manifest.holds_files and settings.s3_bucket:
            raise CommandFailed(
                f"The backup holds files, and {env_name('s3_bucket')} is set: restore without it, then move "
                "the folder `blobs` into the bucket."
            )
        with owner_database(settings, is_locked=True) as address:
            with connect(address) as owner:
                _check_versions(owner, manifest)
                if not is_forced:
                    check_empty(owner)
                settings = _take_key(settings, folder)
                ensure_roles(owner, settings.secret_key, with_logins=not settings.has_own_logins)
            _put_files(folder / "blobs", settings.data_dir / "blobs")
            _put_database(address, folder)
            migrate_database(settings, address)
    say(f"Restored {file}, made {manifest.made_at} by Backline {manifest.backline}.")
    return 0


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=data_dir, prefix=".restore-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpack(file: Path, folder: Path) -> Manifest:
    """Unpack an archive and verify every byte of it. Raises BadArchive."""
    found: dict[str, Entry] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(file, mode="r|*") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                if source is None or manifest is not None:
                    raise BadArchive(f"{file} holds something that is no part of a backup: {member.name}.")
                if member.name == MANIFEST:
                    manifest = Manifest.model_validate_json(source.read(MOST_MANIFEST_BYTES))
                    continue
                target = inside(folder, member.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as output:
                    found[member.name] = copy_hashed(source, output.write)
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise BadArchive(f"{file} cannot be read as a backup: {error}") from error
    if manifest is None:
        raise BadArchive(f"{file} has no manifest: it was cut off, or is no backup of Backline.")
    _verify(file, manifest, found)
    return manifest


def _verify(file: Path, manifest: Manifest, found: dict[str, Entry]) -> None:
    if manifest.format != FORMAT:
        raise BadArchive(f"{file} has format {manifest.format}; this Backline reads format {FORMAT}.")
    if DUMP not in found:
        raise BadArchive(f"{file} holds no database.")
    for name in sorted(manifest.entries.keys() | found.keys()):
        if manifest.entries.get(name) != found.get(name):
            raise BadArchive(f"{file} is damaged: {name} is not what it was when the backup was made.")
        if name.startswith(f"{BLOBS}/") and found[name].sha256 != name.rpartition("/")[2]:
            raise BadArchive(f"{file} is damaged: the content of {name} does not fit its name.")


def _take_key(settings: Settings, folder: Path) -> Settings:
    """Take over the key of the archive, if it holds one and the environment sets none."""
    kept = folder / Path(KEY).name
    if not kept.exists() or os.environ.get(env_name("secret_key")):
        return settings
    write_private(settings.data_dir / "secret_key", kept.read_text())
    get_settings.cache_clear()
    return get_settings()


def _check_versions(owner: psycopg.Connection[tuple[object, ...]], manifest: Manifest) -> None:
    major = owner.info.server_version // 10_000
    if major < manifest.postgres_major:
        raise CommandFailed(
            f"The backup was made with PostgreSQL {manifest.postgres_major}; this server is {major}; older"
            " ones do not read newer dumps. Use a newer Postgres: with an empty BACKLINE_DATA, "
            "BACKLINE_POSTGRES=embedded has one."
        )


def check_empty(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make sure nothing would be thrown away. Raises NotEmpty."""
    row = owner.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchone()
    if row and row[0]:
        raise NotEmpty(
            f"The database holds {row[0]} tables; nothing was changed. `backline restore --force` throws them away."
        )


def _put_files(source: Path, target: Path) -> None:
    """Move the files into place; one that is there already is the same, for its name is its content."""
    for folder, _, names in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, exist_ok=True, mode=0o750)
        for name in names:
            if not (place / name).exists():
                moved = Path(folder, name)
                moved.chmod(0o640)
                moved.rename(place / name)


def _put_database(address: DatabaseAddress, folder: Path) -> None:
    """Replace what the database holds by the dump, in one transaction: it fails as a whole or not at all."""
    with connect(address) as owner:
        tools = Tools.for_server(owner.info.server_version // 10_000)
        schemas = owner.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()
        drops = [sql.SQL("DROP SCHEMA {} CASCADE;\n").format(sql.Identifier(str(row[0]))) for row in schemas]
        clear = sql.SQL("").join(drops).as_string(owner)
    # As a new database has it (since 15): the schema is the database owner's, and everybody may look into it.
    clear += "CREATE SCHEMA public AUTHORIZATION pg_database_owner;\nGRANT USAGE ON SCHEMA public TO PUBLIC;\n"
    (folder / "clear.sql").write_text(clear)
    tools.to_sql(folder / "database.dump", folder / "database.sql")
    tools.run(
        "psql",
        [
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--file={folder / 'clear.sql'}",
            f"--file={folder / 'database.sql'}",
        ],
        address.owner_url,
    )
