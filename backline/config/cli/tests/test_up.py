import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from backline.config.postgres.postmaster import read_postmaster

COMMAND = [sys.executable, "-m", "backline.config.cli"]
PATIENCE_S = 120


class Up:
    """`backline up` on a data folder and port of its own, as it runs in a terminal."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self.log = data.parent / "up.log"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BACKLINE_", "DATABASE_", "DJANGO_"))
        }
        self.env = {**kept, "BACKLINE_DATA": str(data), "BACKLINE_POSTGRES": "embedded", "PORT": str(port)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--no-demo"],
                env=self.env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = self.process
        self.wait_for(lambda: self.is_ready() or process.poll() is not None)
        assert process.poll() is None, self.log.read_text()[-4000:]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until, self.log.read_text()[-4000:]
            time.sleep(0.1)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            ready = connection.getresponse().status == 200
            connection.close()
            return ready
        connection.close()
        return False

    def pids(self) -> dict[str, int]:
        """The processes that work on this folder, by what they are."""
        found = {}
        for role in ("web", "worker"):
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if words[1:4] == [b"-m", b"backline.config.cli", role.encode()] and self.owns(entry):
                        found[role] = int(entry.name)
        server = read_postmaster(self.data / "postgres" / "cluster")
        if server:
            found["postgres"] = server.pid
        return found

    def owns(self, entry: Path) -> bool:
        return f"BACKLINE_DATA={self.data}".encode() in (entry / "environ").read_bytes().split(b"\0")

    def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="backline-up-")).resolve()
    folder.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    up = Up(folder / "data", port)
    yield up
    if up.process is not None and up.process.poll() is None:
        up.stop(signal.SIGTERM)
    for pid in up.pids().values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def test_whatever_is_killed_comes_back_and_ctrl_c_stops_it_all(up: Up) -> None:
    up.start()
    first = up.pids()
    assert sorted(first) == ["postgres", "web", "worker"]

    for name in ("web", "worker", "postgres"):
        os.kill(first[name], signal.SIGKILL)
    up.wait_for(lambda: not set(up.pids().values()) & set(first.values()) and len(up.pids()) == 3)
    up.wait_for(up.is_ready)

    assert up.stop(signal.SIGINT) == 0
    assert up.pids() == {}
    assert not up.is_ready()


def test_a_killed_supervisor_leaves_nothing_that_the_next_cannot_take_over(up: Up) -> None:
    up.start()
    server = up.pids()["postgres"]

    assert up.stop(signal.SIGKILL) == -signal.SIGKILL
    up.wait_for(lambda: sorted(up.pids()) == ["postgres"])  # web and worker notice; the database is adopted
    up.start()

    assert up.pids()["postgres"] == server
    assert sorted(up.pids()) == ["postgres", "web", "worker"]
    assert up.stop(signal.SIGTERM) == 0
    assert up.pids() == {}


def test_a_second_one_on_the_same_data_is_refused(up: Up) -> None:
    up.start()
    before = up.pids()

    second = subprocess.run([*COMMAND, "up"], env=up.env, check=False, capture_output=True, text=True)

    assert second.returncode == 1
    assert f"Another Backline is using {up.data}" in second.stderr
    assert up.pids() == before
    assert up.is_ready()


def test_the_web_process_holds_no_secret_of_the_owner(up: Up) -> None:
    up.start()
    secret = (up.data / "secrets" / "postgres_backline").read_bytes()

    environ = Path(f"/proc/{up.pids()['web']}/environ").read_bytes()

    assert b"DATABASE_WEB_URL=postgresql://backline_web_login:" in environ
    assert secret not in environ
    assert b"DATABASE_URL=" not in environ
