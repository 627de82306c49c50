import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backline.config.testing import COMMAND, Stack, stack_on_its_own_folder


@pytest.fixture
def up() -> Iterator[Stack]:
    with stack_on_its_own_folder(BACKLINE_POSTGRES="embedded") as up:
        yield up


def test_whatever_is_killed_comes_back_and_ctrl_c_stops_it_all(up: Stack) -> None:
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


def test_a_killed_supervisor_leaves_nothing_that_the_next_cannot_take_over(up: Stack) -> None:
    up.start()
    server = up.pids()["postgres"]

    assert up.stop(signal.SIGKILL) == -signal.SIGKILL
    up.wait_for(lambda: sorted(up.pids()) == ["postgres"])  # web and worker notice; the database is adopted
    up.start()

    assert up.pids()["postgres"] == server
    assert sorted(up.pids()) == ["postgres", "web", "worker"]
    assert up.stop(signal.SIGTERM) == 0
    assert up.pids() == {}


def test_a_second_one_on_the_same_data_is_refused(up: Stack) -> None:
    up.start()
    before = up.pids()

    second = subprocess.run([*COMMAND, "up"], env=up.environment, check=False, capture_output=True, text=True)

    assert second.returncode == 1
    assert f"Another Backline is using {up.data}" in second.stderr
    assert up.pids() == before
    assert up.is_ready()


def test_the_web_process_holds_no_secret_of_the_owner(up: Stack) -> None:
    up.start()
    secret = (up.data / "secrets" / "postgres_backline").read_bytes()

    environ = Path(f"/proc/{up.pids()['web']}/environ").read_bytes()

    assert b"DATABASE_WEB_URL=postgresql://backline_web_login:" in environ
    assert secret not in environ
    assert b"DATABASE_URL=" not in environ
