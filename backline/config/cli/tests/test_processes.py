import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backline.config.cli.children import Child, ending
from backline.config.cli.lock import AlreadyRunning, data_folder_lock
from backline.config.cli.serve import PARENT
from backline.config.cli.stopping import Stopped, StopRequest
from backline.config.cli.terminal import CommandFailed
from backline.config.cli.up import _Session, check_port, why_not_listen
from backline.config.postgres.address import DatabaseAddress
from backline.config.postgres.roles import DatabaseRole, web_url, worker_url
from backline.config.settings import Settings

KEY = "a secret key of the tests, long enough"
OWNER = "postgresql://owner:owners-own@127.0.0.1:5432/music"


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


class Heard:
    """What a child printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")


def python(heard: Heard, code: str) -> Child:
    return Child("test", [sys.executable, "-c", code], dict(os.environ), heard)


def test_a_child_is_heard_line_by_line() -> None:
    heard = Heard()
    child = python(heard, "print('one'); print('two')")

    child.start()
    wait_for(lambda: len(heard.lines) == 2)

    assert heard.lines == ["test: one", "test: two"]
    wait_for(lambda: child.exit_code == 0)
    child.end_within(5, lambda: False)


def test_a_child_that_dies_is_started_again() -> None:
    heard = Heard()
    said: list[str] = []
    child = python(heard, "import time; print('up', flush=True); time.sleep(600)")
    child.start()
    wait_for(lambda: len(heard.lines) == 1)
    first = child.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not child.is_running)
    while len(heard.lines) < 2:
        child.tend(said.append)

    assert child.pid != first
    assert said == ["The test process ended unexpectedly (killed by SIGKILL); starting it again in 0.5 s."]
    assert child.failures == 1
    child.end_within(0, lambda: False)
    assert not child.is_running


def test_a_child_that_will_not_end_is_killed_with_its_helpers() -> None:
    heard = Heard()
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "helper = subprocess.Popen(['sleep', '600']); print(helper.pid, flush=True); time.sleep(600)"
    )
    child = python(heard, code)
    child.start()
    wait_for(lambda: len(heard.lines) == 1)
    helper = int(heard.lines[0].split(": ")[1])

    child.ask_to_end()
    child.end_within(0.2, lambda: False)

    assert child.exit_code == -signal.SIGKILL
    wait_for(lambda: not alive(helper))


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_how_a_process_ended_is_said_in_words() -> None:
    assert ending(-signal.SIGSEGV) == "killed by SIGSEGV"
    assert ending(3) == "exit code 3"


def test_one_data_folder_has_one_master(tmp_path: Path) -> None:
    with data_folder_lock(tmp_path, "at http://127.0.0.1:8000"):
        expected = f"process {os.getpid()}, at http://127.0.0.1:8000"
        with pytest.raises(AlreadyRunning, match=expected), data_folder_lock(tmp_path, "again"):
            pytest.fail("two hold the lock")

    with data_folder_lock(tmp_path, "later"):
        assert (tmp_path / "lock").read_text() == f"process {os.getpid()}, later"


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from backline.config.cli.lock import data_folder_lock\n"
        "with data_folder_lock(Path(sys.argv[1]), 'x'): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()

    with data_folder_lock(tmp_path, "next"):
        assert (tmp_path / "lock").read_text().endswith("next")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(CommandFailed, match=r"BACKLINE_DATA: .* cannot be used"),
        data_folder_lock(tmp_path / "file" / "data", "x"),
    ):
        pytest.fail("a file became a folder")


def test_a_taken_port_is_named_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = StopRequest()
    monkeypatch.setattr(stop, "pause", lambda seconds: None)
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        with pytest.raises(CommandFailed, match=f"PORT: {port} is taken by another program"):
            check_port(Settings.model_validate({"PORT": port}), stop)

    check_port(Settings.model_validate({"PORT": port}), stop)
    assert why_not_listen("127.0.0.1", port) is None


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(CommandFailed, match=r"BACKLINE_HOST: 192\.0\.2\.1 is not an address of this machine"):
        check_port(Settings.model_validate({"BACKLINE_HOST": "192.0.2.1"}), StopRequest())


def test_the_second_request_to_stop_is_a_hurry() -> None:
    stop = StopRequest()
    stop.pause(0)
    assert not stop.is_hurried

    stop._note(signal.SIGINT, None)
    with pytest.raises(Stopped):
        stop.pause(60)
    assert not stop.is_hurried

    stop._note(signal.SIGINT, None)
    assert stop.is_hurried


def test_each_process_is_given_its_own_login_and_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", OWNER)
    settings = Settings.model_validate(
        {"BACKLINE_DATA": str(tmp_path), "BACKLINE_SECRET_KEY": KEY, "DATABASE_URL": OWNER}
    )
    session = _Session(settings, StopRequest(), with_demo=False)
    address = DatabaseAddress(OWNER, is_external=True)

    web = session.environment(DatabaseRole.WEB, address)
    worker = session.environment(DatabaseRole.WORKER, address)
    owner = session.environment(DatabaseRole.OWNER, address)

    assert web["DATABASE_WEB_URL"] == web_url(OWNER, KEY)
    assert worker["DATABASE_WORKER_URL"] == worker_url(OWNER, KEY)
    assert owner["DATABASE_URL"] == OWNER
    assert not any("owners-own" in value for env in (web, worker) for value in env.values())
    assert "DATABASE_WORKER_URL" not in web
    assert "DATABASE_WEB_URL" not in worker
    assert web["BACKLINE_DATABASE_ROLE"] == "web"
    assert web[PARENT] == str(os.getpid())


def test_a_process_forgets_the_owner_even_where_a_file_names_him() -> None:
    code = (
        "from backline.config.settings import get_settings\n"
        "s = get_settings(); print(s.database_url, s.database_web_url)"
    )
    env = {**os.environ, "DATABASE_URL": OWNER, "DATABASE_WEB_URL": "postgresql://w:p@h/d"}
    env |= {"BACKLINE_DATABASE_ROLE": "web", "BACKLINE_SECRET_KEY": KEY}

    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "None postgresql://w:p@h/d"


def test_a_child_ends_when_its_supervisor_was_killed() -> None:
    inner = (
        "import time\n"
        "from backline.config.cli.serve import prepare\n"
        "from backline.config.postgres.roles import DatabaseRole\n"
        "prepare(DatabaseRole.WEB); print('watching', flush=True); time.sleep(600)"
    )
    outer = (
        "import os, subprocess, sys, time\n"
        f"env = {{**os.environ, {PARENT!r}: str(os.getpid())}}\n"
        f"child = subprocess.Popen([sys.executable, '-c', {inner!r}], env=env, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    child = int(supervisor.stdout.readline())

    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()

    wait_for(lambda: not alive(child))
