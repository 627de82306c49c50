"""`backline backup FILE`: one archive from which everything can be put back, made while people go on using
the site.

The database is dumped first, in one snapshot; then the files are added. A file never changes after it has
been stored and is stored before the database mentions it, so every file the dump speaks of is there. The
secret key stays out unless asked for: a backup travels, and without the key nobody can forge a session with
it. What a new key costs is that everybody signs in again. Files in a bucket are the bucket's own to back
up.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

import backline
from backline.config.cli.archive import BLOBS, DUMP, FORMAT, KEY, MANIFEST, Entry, HashingReader, Manifest
from backline.config.cli.chores import connect, owner_database
from backline.config.cli.terminal import CommandFailed, say
from backline.config.postgres.address import DatabaseAddress
from backline.config.postgres.roles import DatabaseRole
from backline.config.postgres.tools import Tools
from backline.config.settings import Settings

SHA256_HEX = 64
# Tables whose rows the owner would not see in full: pg_dump would silently leave the others out.
PARTLY_SEEN = """
SELECT c.oid::regclass::text, c.relispartition FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relforcerowsecurity
AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
AND NOT EXISTS (
    SELECT 1 FROM pg_policy p
    WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
    AND pg_get_expr(p.polqual, p.polrelid) = 'true'
    AND (0 = ANY (p.polroles) OR EXISTS (
        SELECT 1 FROM unnest(p.polroles) AS role WHERE pg_has_role(current_user, role, 'USAGE')))
)
"""


SEE_PARTITION = "CREATE POLICY worker_all ON {} TO {} USING (true) WITH CHECK (true)"


def backup(settings: Settings, file: Path, *, with_secret_key: bool) -> int:
    """Write the archive; `file` appears when it is whole. Raises CommandFailed, PostgresProblem."""
    if file.exists():
        raise CommandFailed(f"{file} exists already; backups do not overwrite each other.")
    draft = file.with_name(f".{file.name}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written ({error.strerror}).") from error
    try:
        with os.fdopen(handle, "wb") as output, owner_database(settings) as address:
            count = _write(settings, address, output, file, with_secret_key=with_secret_key)
            output.flush()
            os.fsync(output.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    say(f"{file}: the database and {count} files, {file.stat().st_size / 1024**2:.1f} MiB.")
    if settings.s3_bucket:
        say(f"Sounds and images are in the bucket {settings.s3_bucket}: back that up as its service offers.")
    return 0


def _write(
    settings: Settings,
    address: DatabaseAddress,
    output: io.BufferedWriter,
    file: Path,
    *,
    with_secret_key: bool,
) -> int:
    """Write the members and the manifest; return how many files went in."""
    entries: dict[str, Entry] = {}
    mode = "w|gz" if file.suffix in {".gz", ".tgz"} else "w|"
    with tarfile.open(fileobj=output, mode=mode, format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
            dump = Path(folder) / "database.dump"
            major = _dump(address, dump)
            entries[DUMP] = _add(tar, DUMP, dump)
        if with_secret_key:
            _add_bytes(tar, entries, KEY, settings.secret_key.encode())
        count = 0
        for path in _blobs(settings):
            try:
                name = f"{BLOBS}/{path.relative_to(settings.data_dir / 'blobs').as_posix()}"
                entries[name] = _add(tar, name, path)
            except FileNotFoundError:
                continue  # removed since the folder was read: then the dump does not speak of it
            count += 1
        manifest = Manifest(
            format=FORMAT,
            backline=backline.__version__,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            postgres_major=major,
            holds_files=settings.s3_bucket is None,
            entries=entries,
        )
        _add_bytes(tar, {}, MANIFEST, manifest.model_dump_json(indent=1).encode())
    return count


def _dump(address: DatabaseAddress, target: Path) -> int:
    """Dump the database into a file and return the server's major version."""
    with connect(address) as owner:
        major = owner.info.server_version // 10_000
        check_sees_everything(owner)
    # Row security stays on for the owner too; it sees all rows as a member of the worker's group, see
    # roles.py.
    Tools.for_server(major).run(
        "pg_dump",
        ["--format=custom", "--enable-row-security", "--no-owner", f"--file={target}"],
        address.owner_url,
    )
    return major


def check_sees_everything(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make sure a dump by this role is whole. Raises CommandFailed.

    A partition is reached through its parent alone and so has no policy of its own; pg_dump reads it
    directly. It gets the parent's policy for the worker's group, which the owner belongs to and to which
    nobody has granted anything.
    """
    for table, is_partition in owner.execute(PARTLY_SEEN).fetchall():
        if is_partition:
            owner.execute(sql.SQL(SEE_PARTITION).format(sql.SQL(str(table)), sql.Identifier(DatabaseRole.WORKER.group)))
    partly = [str(row[0]) for row in owner.execute(PARTLY_SEEN)]
    if partly:
        raise CommandFailed(
            f"A backup would miss rows of {', '.join(partly[:5])}: {owner.info.user} does not see them all. "
            "Run `backline migrate`, which puts that right."
        )


def _blobs(settings: Settings) -> Iterator[Path]:
    if settings.s3_bucket is None:
        root = settings.data_dir / "blobs"
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                if len(name) == SHA256_HEX:  # whatever else lies there is a draft
                    yield Path(folder) / name


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Entry:
    with path.open("rb") as source:
        return _add_stream(tar, name, source, os.fstat(source.fileno()).st_size)


def _add_bytes(tar: tarfile.TarFile, entries: dict[str, Entry], name: str, data: bytes) -> None:
    entries[name] = _add_stream(tar, name, io.BytesIO(data), len(data))


def _add_stream(tar: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> Entry:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    info.mtime = time.time()
    reader = HashingReader(source)
    tar.addfile(info, reader)
    return reader.entry()
