"""The whole product as it runs on a machine: `backline up` on a data folder and port of its own, for tests only."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg

from backline.config.postgres.cluster import known_owner_url
from backline.config.postgres.postmaster import read_postmaster

COMMAND = [sys.executable, "-m", "backline.config.cli"]
PATIENCE_S = 180.0
PASSWORD = "correct horse battery staple"  # noqa: S105 - of the tests' own accounts


class Stack:
    """A running Backline: web, worker and Postgres under `backline up`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data = folder / "data"
        self.log = folder / "up.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN) or name == "BACKLINE_POSTGRES"
        }
        # Tests sign up and play more in a minute than a person does in a day.
        generous = {f"BACKLINE_LIMIT_{name}": "100000/m" for name in LIMITS}
        self.environment = kept | generous | {"BACKLINE_DATA": str(self.data), "PORT": str(self.port)} | environment
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    def client(self) -> httpx.Client:
        """Somebody who is nobody yet, with cookies of their own; closed when the stack stops."""
        client = httpx.Client(base_url=self.url, timeout=120)
        self._clients.append(client)
        return client

    def start(self) -> None:
        """Run `backline up` and wait until it is ready."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [*COMMAND, "up", "--no-demo"],
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_for(lambda: self.is_ready() or self.has_ended)
        assert not self.has_ended, self.said()  # noqa: S101 - this is test code

    @property
    def has_ended(self) -> bool:
        """Whether `up` was started and is over."""
        return self.process is not None and self.process.poll() is not None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a terminal does; returns the exit code."""
        while self._clients:
            self._clients.pop().close()
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=10).status_code == 200
        return False

    def wait_for(self, condition: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
        """Wait until the condition holds; fails with the log when it does not in time."""
        until = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < until, self.said()  # noqa: S101 - this is test code
            time.sleep(0.1)

    def said(self) -> str:
        """The end of what the processes printed."""
        return self.log.read_text()[-6000:] if self.log.exists() else ""

    def pids(self) -> dict[str, int]:
        """The processes that work on this data folder, by what they are."""
        found = {}
        mark = f"BACKLINE_DATA={self.data}".encode()
        for role in ("web", "worker"):
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    is_role = words[1:4] == [b"-m", b"backline.config.cli", role.encode()]
                    if is_role and mark in (entry / "environ").read_bytes().split(b"\0"):
                        found[role] = int(entry.name)
        server = read_postmaster(self.data / "postgres" / "cluster")
        if server:
            found["postgres"] = server.pid
        return found

    def kill(self, what: str) -> None:
        """Kill -9 one of web, worker and postgres."""
        with suppress(ProcessLookupError, KeyError):
            os.kill(self.pids()[what], signal.SIGKILL)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, asked as its owner."""
        with psycopg.connect(known_owner_url(self.data)) as connection:
            return list(connection.execute(sql.encode(), values).fetchall())


FOREIGN = ("BACKLINE_", "DATABASE_", "DJANGO_", "REDIS_", "SMTP_", "PORT")
LIMITS = ("SIGN_IN", "SIGN_UP", "PASSWORD_RESET", "TOKEN", "REFRESH", "API", "UPLOADS", "PLAY")


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stack_on_its_own_folder(**environment: str) -> Iterator[Stack]:
    """A stack that was not started yet; afterwards nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="backline-stack-")).resolve()
    folder.chmod(0o711)
    stack = Stack(folder, **environment)
    try:
        yield stack
    finally:
        stack.stop()
        for pid in stack.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_stack(**environment: str) -> Iterator[Stack]:
    """A running stack for a while."""
    with stack_on_its_own_folder(**environment) as stack:
        stack.start()
        yield stack


class Person:
    """Somebody who uses the API with an access token."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.email = f"{name}@example.org"
        self.http = stack.client()
        login = {"email": self.email, "password": PASSWORD}
        self.http.post("/api/v1/auth/signup", json=login | {"name": name}).raise_for_status()
        token = self.http.post("/api/v1/auth/token", json=login).raise_for_status().json()
        self.http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def become_artist(self, handle: str) -> None:
        """Make a published world."""
        self.http.post("/api/v1/artists", json={"handle": handle, "name": handle.title()}).raise_for_status()
        self.http.post(f"/api/v1/artists/{handle}/publish").raise_for_status()

    def upload(self, handle: str, path: Path, **fields: str) -> httpx.Response:
        """Send a file as multipart."""
        with path.open("rb") as file:
            return self.http.post(f"/api/v1/artists/{handle}/tracks", files={"file": (path.name, file)}, data=fields)

    def track(self, track_id: str) -> dict[str, Any]:
        """A track as the API shows it."""
        answer: dict[str, Any] = self.http.get(f"/api/v1/tracks/{track_id}").raise_for_status().json()
        return answer

    def wait_until_done(self, stack: Stack, track_id: str, *, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The track when it is ready or failed."""
        stack.wait_for(lambda: self.track(track_id)["status"] != "processing", patience_s=patience_s)
        return self.track(track_id)
