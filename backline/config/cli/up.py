"""`backline up`: everything on one machine, from one terminal.

In order: the data folder is locked, the database is started or found, tables are brought up to date, an
empty database is filled with the demo scene (unless other machines can reach the server), web and worker are
started, and when the web process says it is ready the address is printed. What dies is started again. At the
end web and worker finish first, then the database stops.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys
import time
from urllib.parse import urlsplit

from backline.config.cli.children import Child, ending
from backline.config.cli.chores import connect
from backline.config.cli.lock import data_folder_lock
from backline.config.cli.serve import PARENT
from backline.config.cli.stopping import Stopped, StopRequest
from backline.config.cli.terminal import CommandFailed, say
from backline.config.postgres.address import DatabaseAddress, shown
from backline.config.postgres.roles import DatabaseRole, web_url, worker_url
from backline.config.postgres.supervisor import PostgresServer
from backline.config.setting_types import LogFormat
from backline.config.settings import ROLE_VARIABLE, Settings

READY_TIMEOUT_S = 180.0
MOST_FAILED_STARTS = 3
WEB_STOP_S = 15.0
WORKER_STOP_S = 30.0
LOOK_EVERY_S = 0.2
DATABASE_VARIABLES = ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_WORKER_URL")


def up(settings: Settings, *, with_demo: bool = True) -> int:
    """Run everything until Ctrl-C, then return 0. Raises CommandFailed or PostgresProblem."""
    stop = StopRequest()
    stop.install()
    with data_folder_lock(settings.data_dir, f"at {settings.public_url}"):
        session = _Session(settings, stop, with_demo=with_demo)
        try:
            session.run()
        except Stopped:
            say("\nStopping ...")
        finally:
            session.shut_down()
    say("Stopped.")
    return 0


class _Session:
    """One run of `up`, from the first check to the last process."""

    def __init__(self, settings: Settings, stop: StopRequest, *, with_demo: bool) -> None:
        self.settings = settings
        self.stop = stop
        self.with_demo = with_demo
        self.server: PostgresServer | None = None
        self.kept: list[Child] = []
        self.chore: Child | None = None

    def run(self) -> None:
        """Start everything, then look after it. Ends only by raising."""
        check_port(self.settings, self.stop)
        address = self.find_database()
        self.do_chore("migrate", ["migrate"], address)
        if self.with_demo and is_private(self.settings):
            # Before the web process: whoever waits for /readyz finds the whole scene.
            self.do_chore("demo", ["demo", "--if-empty"], address, may_fail=True)
        self.start_children(address)
        self.wait_until_ready()
        say()
        say(f"  Backline is up: {self.settings.public_url}")
        say(f"  Data: {self.settings.data_dir}")
        say("  Ctrl-C stops everything.")
        say()
        while True:
            self.look_after()

    def find_database(self) -> DatabaseAddress:
        """Start our own Postgres, or make sure that the configured one answers."""
        if self.settings.database_url:
            address = DatabaseAddress(self.settings.database_url, is_external=True)
            connect(address).close()
            say(f"Using the database {shown(address.owner_url)}")
            return address
        self.server = PostgresServer(self.settings.data_dir, self.settings.postgres, say=say, pause=self.stop.pause)
        return self.server.start()

    def do_chore(self, name: str, words: list[str], address: DatabaseAddress, *, may_fail: bool = False) -> None:
        """Run a command as the owner to its end, looking after the rest meanwhile. Raises CommandFailed."""
        env = self.environment(DatabaseRole.OWNER, address)
        self.chore = Child(name, [sys.executable, "-m", "backline.config.cli", *words], env, _print_plainly)
        self.chore.start()
        while self.chore.is_running:
            self.look_after()
        code = self.chore.exit_code
        self.chore = None
        if code and not may_fail:
            raise CommandFailed(f"`backline {' '.join(words)}` failed ({ending(code)}); what it said stands above.")
        if code:
            say(f"`backline {' '.join(words)}` failed ({ending(code)}); everything else goes on.")

    def start_children(self, address: DatabaseAddress) -> None:
        """Start web and worker, each with its own login and no other."""
        for role in (DatabaseRole.WEB, DatabaseRole.WORKER):
            command = [sys.executable, "-m", "backline.config.cli", role.value]
            child = Child(role.value, command, self.environment(role, address), self.print_line)
            child.start()
            self.kept.append(child)

    def environment(self, role: DatabaseRole, address: DatabaseAddress) -> dict[str, str]:
        """Return a child's environment: of the database's addresses only that of its role."""
        env = {name: value for name, value in os.environ.items() if name not in DATABASE_VARIABLES}
        env[ROLE_VARIABLE] = role.value
        env[PARENT] = str(os.getpid())
        env["BACKLINE_DATA"] = str(self.settings.data_dir)
        env["PYTHONUNBUFFERED"] = "1"
        given, key = self.settings, self.settings.secret_key
        if role is DatabaseRole.WEB:
            env["DATABASE_WEB_URL"] = given.database_web_url or web_url(address.owner_url, key)
        elif role is DatabaseRole.WORKER:
            env["DATABASE_WORKER_URL"] = given.database_worker_url or worker_url(address.owner_url, key)
        else:
            env["DATABASE_URL"] = address.owner_url
        return env

    def print_line(self, name: str, line: str) -> None:
        """Print a line of web or worker; machines get it as it is."""
        say(line if self.settings.log_format is LogFormat.JSON else f"{name:<6} | {line}")

    def wait_until_ready(self) -> None:
        """Wait until the web process answers /readyz. Raises CommandFailed when it dies or takes too long."""
        until = time.monotonic() + READY_TIMEOUT_S
        while not is_ready(self.settings):
            for child in self.kept:
                if child.failures >= MOST_FAILED_STARTS:
                    raise CommandFailed(f"The {child.name} process does not stay up; what it said stands above.")
            if time.monotonic() > until:
                raise CommandFailed(f"The web process was not ready after {READY_TIMEOUT_S:.0f} s.")
            self.look_after()

    def look_after(self) -> None:
        """Start again what died, then wait a moment. Raises Stopped when an end is asked for."""
        if self.server:
            self.server.tend()
        for child in self.kept:
            child.tend(say)
        self.stop.pause(LOOK_EVERY_S)

    def shut_down(self) -> None:
        """Stop web, worker and database in this order; a second Ctrl-C cuts the waiting short."""
        web_first = [*([self.chore] if self.chore else []), *self.kept]
        for child in web_first:
            child.ask_to_end()
        for child in web_first:
            child.end_within(WORKER_STOP_S if child.name == "worker" else WEB_STOP_S, lambda: self.stop.is_hurried)
        if self.server:
            self.server.stop()


def is_private(settings: Settings) -> bool:
    """Whether only this machine reaches the server: everybody knows the passwords of the demo scene."""
    loopback = {"127.0.0.1", "localhost", "::1"}
    return settings.host in loopback and urlsplit(settings.public_url).hostname in loopback


def _print_plainly(name: str, line: str) -> None:
    say(f"  {line}")


def check_port(settings: Settings, stop: StopRequest) -> None:
    """Make sure the web process can listen. Raises CommandFailed that names the setting to change.

    The web process of a supervisor that was killed ends a moment after it: a taken port gets a few seconds.
    """
    for attempt in range(10):
        reason = why_not_listen(settings.host, settings.port)
        if reason is None:
            return
        if reason != errno.EADDRINUSE:
            break
        if attempt < 9:
            stop.pause(0.3)
    if reason == errno.EADDRINUSE:
        raise CommandFailed(
            f"PORT: {settings.port} is taken by another program. Stop that one, or choose another port: "
            f"PORT={settings.port + 1 if settings.port < 65535 else 8000} make run"
        )
    if reason == errno.EACCES:
        raise CommandFailed(f"PORT: {settings.port} is not allowed to this user; choose one above 1023.")
    raise CommandFailed(f"BACKLINE_HOST: {settings.host} is not an address of this machine.")


def why_not_listen(host: str, port: int) -> int | None:
    """Return the error number of listening there, None where it works."""
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        return errno.EADDRNOTAVAIL
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
        except OSError as error:
            return error.errno
    return None


def is_ready(settings: Settings) -> bool:
    """Ask the web process whether every need of a request is met."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  translated, not bound
    connection = http.client.HTTPConnection(host, settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"127.0.0.1:{settings.port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
