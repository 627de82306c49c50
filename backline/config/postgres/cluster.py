"""The folder of our own Postgres: how it is laid out, made, configured, and where its passwords are.

`<data>/postgres` belongs to the user who runs the database and holds the cluster, its socket and its log.
The passwords of the two roles made with it lie in `<data>/secrets`, readable by whoever starts Backline and
by nobody else. Making a cluster is all or nothing: it is made under another name and renamed when it is
whole.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from backline.config.postgres.account import Account
from backline.config.postgres.address import build_url
from backline.config.postgres.binaries import Binaries
from backline.config.postgres.errors import PostgresProblem
from backline.config.postgres.postmaster import read_postmaster

SUPERUSER = "backline_super"
OWNER = "backline"
DATABASE = "backline"
LOOPBACK = "127.0.0.1"
# Below the ports that systems hand out for outgoing connections, so that ours is still free after a restart.
PORTS = range(20_000, 32_000)
SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 104 or 108, the name of the socket included
INITDB_TIMEOUT_S = 300

COMMON = """\
# Written by Backline at every start; what you add to postgresql.conf below its include counts more.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
max_connections = 100
password_encryption = 'scram-sha-256'
shared_buffers = '128MB'
effective_cache_size = '512MB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
max_wal_size = '1GB'
wal_compression = on
jit = off
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %u@%d '
log_min_error_statement = 'panic'
"""
# For tests: nobody misses the data after a power cut.
FORGETFUL = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


@dataclass(frozen=True)
class Layout:
    """Where everything of our own Postgres lies below a data folder."""

    data_dir: Path

    @property
    def home(self) -> Path:
        """The folder that belongs to the database's user."""
        return self.data_dir / "postgres"

    @property
    def cluster(self) -> Path:
        """The folder Postgres calls PGDATA."""
        return self.home / "cluster"

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket, private to the database's user."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "postgres.log"

    @property
    def conf(self) -> Path:
        """Our part of the configuration."""
        return self.cluster / "backline.conf"

    def secret(self, role: str) -> Path:
        """The file with a role's password."""
        return self.data_dir / "secrets" / f"postgres_{role}"

    def major(self) -> int | None:
        """The major version that made the data; None where there is none yet."""
        try:
            return int((self.cluster / "PG_VERSION").read_text().strip())
        except FileNotFoundError:
            return None

    def port(self) -> int | None:
        """The port the server listens on, or last did."""
        running = read_postmaster(self.cluster)
        if running and running.port:
            return running.port
        try:
            found = re.search(r"^port = (\d+)$", self.conf.read_text(), flags=re.MULTILINE)
        except FileNotFoundError:
            return None
        return int(found[1]) if found else None

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address of a database for a role. Raises PostgresProblem before the first start."""
        port, secret = self.port(), self.secret(role)
        if port is None or not secret.exists():
            raise PostgresProblem(f"There is no database in {self.data_dir} yet: start Backline (`backline up`).")
        return build_url(user=role, password=secret.read_text().strip(), host=LOOPBACK, port=port, database=database)


def known_owner_url(data_dir: Path) -> str:
    """Return the owner's address of our own Postgres. Raises PostgresProblem before its first start."""
    return Layout(data_dir.resolve()).url(OWNER)


def prepare_folders(layout: Layout, account: Account) -> None:
    """Make the folders, private to whoever needs them; only the database's own folder changes hands."""
    layout.data_dir.mkdir(parents=True, exist_ok=True)
    # Whoever runs the database must pass through the data folder, but need not see what else is in it.
    if not account.is_us and not layout.data_dir.stat().st_mode & 0o001:
        layout.data_dir.chmod(layout.data_dir.stat().st_mode | 0o011)
    layout.secret(OWNER).parent.mkdir(mode=0o700, exist_ok=True)
    for folder in (layout.home, layout.socket_folder):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            account.give(folder)


def password_of(layout: Layout, role: str) -> str:
    """Return the password of a role, made and kept when it is first asked for."""
    path = layout.secret(role)
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if account:
        account.give(draft)
    draft.rename(path)


def create_cluster(layout: Layout, binaries: Binaries, account: Account, *, is_durable: bool = True) -> None:
    """Make an empty cluster: UTF-8, scram for every connection, checksums on. Raises PostgresProblem."""
    draft = layout.home / "cluster.new"
    shutil.rmtree(draft, ignore_errors=True)
    password_file = layout.home / ".initdb-password"
    write_private(password_file, password_of(layout, SUPERUSER), account)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
    command = [
        binaries.program("initdb"),
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *(locale if binaries.major >= 17 else locale[2:]),
        *([] if is_durable else ["--no-sync"]),
    ]
    try:
        run_program(command, account, cwd=layout.home)
    finally:
        password_file.unlink(missing_ok=True)
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists = 'backline.conf'\n")
    draft.rename(layout.cluster)


def write_conf(layout: Layout, account: Account, port: int, *, is_durable: bool = True) -> None:
    """Write our part of the configuration for this port."""
    socket_folder = str(layout.socket_folder)
    if len(os.fsencode(socket_folder)) + len("/.s.PGSQL.65535.lock") > SOCKET_PATH_LIMIT or "'" in socket_folder:
        socket_folder = ""  # loopback alone serves as well
    text = COMMON.format(port=port, socket_folder=socket_folder)
    write_private(layout.conf, text if is_durable else text + FORGETFUL, account)


def choose_port(preferred: int | None) -> int:
    """Return the port of last time where it is still free, else another free one. Raises PostgresProblem."""
    dice = random.SystemRandom()
    for port in [*([preferred] if preferred else []), *dice.sample(PORTS, 200)]:
        if is_free(LOOPBACK, port):
            return port
    raise PostgresProblem(f"No free port for the database was found between {PORTS.start} and {PORTS.stop}.")


def is_free(host: str, port: int) -> bool:
    """Whether somebody could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def program_environment() -> dict[str, str]:
    """Return the environment of Postgres programs: nothing of ours, least of all its PG* variables."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def run_program(command: list[str], account: Account, *, cwd: Path) -> str:
    """Run a Postgres program as the database's user. Raises PostgresProblem with what it said."""
    try:
        done = subprocess.run(  # noqa: S603  a program of the chosen folder, no shell
            command,
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=program_environment(),
            timeout=INITDB_TIMEOUT_S,
            umask=0o077,
            **account.run_as(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresProblem(f"{command[0]} could not be run as {account.name}: {error}") from error
    if done.returncode != 0:
        raise PostgresProblem(f"{Path(command[0]).name} failed: {done.stdout.strip()[-2000:]}")
    return done.stdout
