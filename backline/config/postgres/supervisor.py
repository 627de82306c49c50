"""Runs our own Postgres: starts it, waits until it serves, restarts it when it dies, stops it cleanly.

One supervisor at a time works on a data folder: its callers hold the folder's lock. A server that a killed
supervisor left behind is adopted. The server is a process group of its own, so that Ctrl-C in a terminal
reaches the supervisor alone, which first lets web and worker finish.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from backline.config.postgres.account import Account, can_enter, check_reachable, choose_account
from backline.config.postgres.address import DatabaseAddress
from backline.config.postgres.binaries import Binaries, choose_binaries
from backline.config.postgres.cluster import (
    DATABASE,
    OWNER,
    SUPERUSER,
    Layout,
    choose_port,
    create_cluster,
    password_of,
    prepare_folders,
    program_environment,
    write_conf,
)
from backline.config.postgres.errors import DidNotStart
from backline.config.postgres.postmaster import forget_stranger, read_postmaster, serves
from backline.config.setting_types import PostgresSource

# A server that was killed replays its log first; on a slow disk that takes minutes, and cutting it short
# helps nobody.
START_TIMEOUT_S = 900.0
STOP_TIMEOUT_S = 60.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024
LONGEST_BACKOFF_S = 15.0
STEADY_S = 60.0


class PostgresServer:
    """Our own Postgres on one data folder."""

    def __init__(
        self,
        data_dir: Path,
        source: PostgresSource = PostgresSource.AUTO,
        *,
        is_durable: bool = True,
        say: Callable[[str], None] = lambda _: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`say` is told what happens; `pause` waits so many seconds and may raise to give up."""
        self.layout = Layout(data_dir.resolve())
        self.source = source
        self.is_durable = is_durable
        self.say = say
        self.pause = pause
        self.restarts = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._started_at = 0.0
        self._failures = 0
        self._retry_at = 0.0

    def start(self) -> DatabaseAddress:
        """Make the cluster if there is none, start or adopt its server, make the owner and its database.

        Raises PostgresProblem (or one of its kinds), each with what to do.
        """
        account = choose_account(self.layout.home)
        prepare_folders(self.layout, account)
        check_reachable(self.layout.home.parent, account)
        running = read_postmaster(self.layout.cluster)
        if running:
            self.say(f"Found the database running (process {running.pid}); taking it over.")
            self._pid = running.pid
        else:
            self._launch(account)
        self._wait_until_ready()
        ensure_owner(self.layout)
        return DatabaseAddress(self.layout.url(OWNER))

    @property
    def pid(self) -> int | None:
        """The process of the server, while it lives."""
        return self._pid if self.is_running() else None

    def is_running(self) -> bool:
        """Whether the server's process lives."""
        if self._child is not None:
            return self._child.poll() is None
        return self._pid is not None and serves(self._pid, self.layout.cluster)

    def tend(self) -> None:
        """Start the server again if it died, sooner or later depending on how often it did. Never waits long.

        Web and worker know the old port, so the server comes back on it. While the backends of a killed
        server linger, Postgres refuses to start beside them: that is one more failure, and the next attempt
        comes later.
        """
        if self._pid is None or self.is_running():
            if self._failures and time.monotonic() - self._started_at > STEADY_S:
                self._failures = 0
            return
        now = time.monotonic()
        if not self._retry_at:
            wait = min(LONGEST_BACKOFF_S, 0.25 * 2**self._failures)
            self._retry_at = now + wait
            self._failures += 1
            self.say(f"The database's process ended unexpectedly; starting it again. Its log: {self.layout.log}")
        if now >= self._retry_at:
            self._retry_at = 0.0
            self.restarts += 1
            self._spawn(choose_account(self.layout.home))

    def stop(self) -> None:
        """Stop the server cleanly: sessions are ended, the data is written out. Harmless when it is down."""
        if self._pid is None:
            return
        for kind, timeout_s in (
            (signal.SIGINT, STOP_TIMEOUT_S),  # "fast": do not wait for clients to leave
            (signal.SIGQUIT, 10.0),  # "immediate": the next start replays the log
            (signal.SIGKILL, 10.0),
        ):
            if self._signal_and_wait(kind, timeout_s):
                break
        self._child = None
        self._pid = None

    def _signal_and_wait(self, kind: signal.Signals, timeout_s: float) -> bool:
        if self._pid is None or not self.is_running():
            return True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, kind)
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if not self.is_running():
                return True
            time.sleep(0.05)
        return False

    def _launch(self, account: Account) -> None:
        made_by = self.layout.major()
        binaries = self._reachable(choose_binaries(self.source, self.layout.cluster, made_by), account)
        if made_by is None:
            self.say(f"Making a database with PostgreSQL {binaries.version} ({binaries.source.value}).")
            create_cluster(self.layout, binaries, account, is_durable=self.is_durable)
        elif forget_stranger(self.layout.cluster):
            self.say("Removed the note of a database process that is long gone.")
        write_conf(self.layout, account, choose_port(self.layout.port()), is_durable=self.is_durable)
        self._spawn(account)

    def _reachable(self, binaries: Binaries, account: Account) -> Binaries:
        """Return the programs where the database's user can run them: a copy, if they lie in private."""
        if account.is_us or all(can_enter(folder, account) for folder in binaries.folder.parents):
            return binaries
        copy = self.layout.data_dir / "postgres-programs" / binaries.version
        if not copy.exists():
            self.say(f"Copying PostgreSQL {binaries.version} to where the user {account.name} can run it.")
            package = binaries.folder.parent.parent
            draft = copy.with_name(f".{copy.name}")
            shutil.rmtree(draft, ignore_errors=True)
            for part in (package / "pginstall", package.parent / f"{package.name}.libs"):
                if part.exists():
                    shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True)
            copy.parent.chmod(0o755)
            draft.chmod(0o755)
            draft.rename(copy)
        return Binaries(
            copy / binaries.folder.relative_to(binaries.folder.parents[2]),
            binaries.major,
            binaries.version,
            binaries.source,
        )

    def _spawn(self, account: Account) -> None:
        made_by = self.layout.major()
        binaries = self._reachable(choose_binaries(self.source, self.layout.cluster, made_by), account)
        log = self.layout.log
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            log.chmod(0o600)
            account.give(log)
            self._child = subprocess.Popen(  # noqa: S603  a program of the chosen folder, no shell
                [binaries.program("postgres"), "-D", str(self.layout.cluster)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.layout.cluster,
                env=program_environment(),
                start_new_session=True,
                umask=0o077,
                **account.run_as(),
            )
        self._pid = self._child.pid
        self._started_at = time.monotonic()

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        told = False
        while time.monotonic() - began < START_TIMEOUT_S:
            running = read_postmaster(self.layout.cluster)
            if running and running.is_ready and running.pid == self._pid:
                return
            if not self.is_running():
                if time.monotonic() - began > 30 or not self._is_held_by_old_backends():
                    raise DidNotStart(f"The database did not start. The end of {self.layout.log}:\n{self._log_tail()}")
                self.pause(0.5)
                self._spawn(choose_account(self.layout.home))
            if not told and time.monotonic() - began > 5:
                told = True
                self.say("The database is recovering what it had not finished; this can take a while.")
            self.pause(0.05)
        raise DidNotStart(f"The database was not ready after {START_TIMEOUT_S:.0f} s; see {self.layout.log}.")

    def _is_held_by_old_backends(self) -> bool:
        """Whether it was refused because processes of a killed server hold its memory; they end soon."""
        return "is still in use" in self._log_tail(3)

    def _log_tail(self, lines: int = 15) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self.layout.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def ensure_owner(layout: Layout) -> None:
    """Make the role that owns everything, and its database, unless both are there.

    The owner is no superuser: row security binds it like anybody, and it may make the roles of web and
    worker.
    """
    password = password_of(layout, OWNER)
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(layout.url(OWNER), connect_timeout=10),
    ):
        return
    with psycopg.connect(layout.url(SUPERUSER, "postgres"), autocommit=True, connect_timeout=10) as connection:
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        verifier = connection.pgconn.encrypt_password(password.encode(), OWNER.encode(), b"scram-sha-256").decode()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        rights = sql.SQL("LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS NOREPLICATION PASSWORD")
        owner = sql.Identifier(OWNER)
        connection.execute(sql.SQL("{} ROLE {} {} {}").format(verb, owner, rights, sql.Literal(verifier)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner))


@contextmanager
def running(server: PostgresServer) -> Iterator[DatabaseAddress]:
    """Have the server run for a while: one that runs already is left alone, else it is stopped after."""
    found = read_postmaster(server.layout.cluster)
    if found and found.is_ready:
        yield DatabaseAddress(server.layout.url(OWNER))
        return
    try:
        yield server.start()
    finally:
        server.stop()
