import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from backline.config.postgres.account import Account, check_reachable, choose_account
from backline.config.postgres.address import with_login
from backline.config.postgres.binaries import OLDEST_MAJOR, choose_binaries, find_binaries
from backline.config.postgres.cluster import Layout, choose_port, known_owner_url
from backline.config.postgres.errors import DidNotStart, NoPostgres, NotReachable, PostgresProblem, WrongMajor
from backline.config.postgres.postmaster import forget_stranger, read_postmaster
from backline.config.postgres.supervisor import PostgresServer, running
from backline.config.setting_types import PostgresSource

EMBEDDED = PostgresSource.EMBEDDED


def wait_for(condition: Callable[[], bool], server: PostgresServer | None = None) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        if server:
            server.tend()
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_every_source_starts_and_serves_its_owner(server: PostgresServer) -> None:
    url = server.layout.url("backline")

    with psycopg.connect(url) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        facts = connection.execute(
            "SELECT current_database(), getdatabaseencoding(), lower('ÉÀÑ'), current_setting('TimeZone'),"
            " current_setting('data_checksums'), current_setting('server_version_num')::int >= 150000"
        ).fetchone()

    assert role == (False, False, True, True)
    assert facts == ("backline", "UTF8", "éàñ", "UTC", "on", True)
    assert known_owner_url(server.layout.data_dir) == url


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    url = with_login(server.layout.url("backline"), user="backline", password="wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_it_listens_on_loopback_and_a_private_socket_only(server: PostgresServer) -> None:
    with psycopg.connect(server.layout.url("backline_super", "postgres")) as connection:
        listen = connection.execute("SHOW listen_addresses").fetchone()
        hba = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()

    assert listen == ("127.0.0.1",)
    assert hba == [("scram-sha-256",)]
    assert stat.S_IMODE(server.layout.socket_folder.stat().st_mode) == 0o700


def test_its_files_are_private(server: PostgresServer) -> None:
    layout = server.layout

    assert stat.S_IMODE(layout.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.log.stat().st_mode) == 0o600
    for role in ("backline", "backline_super"):
        assert stat.S_IMODE(layout.secret(role).stat().st_mode) == 0o600
        assert layout.secret(role).read_text() not in layout.log.read_text()
    assert stat.S_IMODE(layout.secret("backline").parent.stat().st_mode) == 0o700
    assert not (layout.home / ".initdb-password").exists()


def test_it_never_runs_as_root(server: PostgresServer) -> None:
    assert server.pid is not None
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert server.layout.cluster.stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid


def test_a_killed_server_comes_back_with_what_was_committed(data_dir: Path) -> None:
    server = PostgresServer(data_dir, EMBEDDED)
    url = server.start().owner_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")

    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_running())
    wait_for(lambda: answers(url), server)

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    assert server.restarts >= 1
    server.stop()
    assert read_postmaster(server.layout.cluster) is None
    assert not answers(url)


def test_a_server_left_behind_is_adopted_and_stopped(data_dir: Path) -> None:
    first = PostgresServer(data_dir, EMBEDDED, is_durable=False)
    url = first.start().owner_url
    left_behind = first.pid

    second = PostgresServer(data_dir, EMBEDDED, is_durable=False)
    address = second.start()

    assert address.owner_url == url
    assert second.pid == left_behind
    second.stop()
    wait_for(lambda: not first.is_running())
    assert not answers(url)


def test_the_note_of_a_stranger_does_not_stop_the_start(data_dir: Path) -> None:
    server = PostgresServer(data_dir, EMBEDDED, is_durable=False)
    server.start()
    server.stop()
    # After a restart of the machine the old number may belong to anybody: here, to a process of the same
    # user.
    account = choose_account(server.layout.home)
    stranger = subprocess.Popen(["sleep", "600"], **account.run_as())
    note = server.layout.cluster / "postmaster.pid"
    note.write_text(f"{stranger.pid}\n{server.layout.cluster}\n1\n20000\n\n127.0.0.1\n 1 1\nready\n")
    account.give(note)

    assert read_postmaster(server.layout.cluster) is None
    url = server.start().owner_url

    assert answers(url)
    assert stranger.poll() is None
    server.stop()
    stranger.kill()
    stranger.wait()


def test_the_note_of_a_living_server_stays(server: PostgresServer) -> None:
    assert forget_stranger(server.layout.cluster) is False
    assert server.is_running()


def test_it_moves_to_another_port_when_its_own_is_taken(data_dir: Path) -> None:
    server = PostgresServer(data_dir, EMBEDDED, is_durable=False)
    server.start()
    server.stop()
    port = server.layout.port()
    assert port is not None

    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        url = server.start().owner_url

    assert server.layout.port() != port
    assert answers(url)
    server.stop()


def test_the_port_is_kept_where_it_is_free() -> None:
    port = choose_port(None)

    assert choose_port(port) == port


def test_a_visit_leaves_a_running_server_running(server: PostgresServer) -> None:
    with running(PostgresServer(server.layout.data_dir, server.source)) as address:
        assert answers(address.owner_url)

    assert server.is_running()


def test_a_visit_stops_what_it_started(data_dir: Path) -> None:
    server = PostgresServer(data_dir, EMBEDDED, is_durable=False)

    with running(server) as address:
        assert answers(address.owner_url)

    assert not server.is_running()
    assert not answers(address.owner_url)


def test_data_of_another_major_version_is_refused_and_untouched(data_dir: Path) -> None:
    layout = Layout(data_dir)
    layout.cluster.mkdir(parents=True)
    (layout.cluster / "PG_VERSION").write_text("9\n")

    with pytest.raises(WrongMajor, match="made by PostgreSQL 9, and only that version opens it"):
        choose_binaries(PostgresSource.AUTO, layout.cluster, layout.major())

    assert [path.name for path in layout.cluster.iterdir()] == ["PG_VERSION"]


def test_no_programs_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("backline.config.postgres.binaries.find_binaries", lambda _: [])

    with pytest.raises(NoPostgres, match="or set DATABASE_URL"):
        choose_binaries(PostgresSource.SYSTEM, tmp_path, None)


def test_found_programs_are_recent_and_named_by_source() -> None:
    found = find_binaries()

    assert found
    assert all(binaries.major >= OLDEST_MAJOR for binaries in found)
    assert {binaries.source for binaries in find_binaries(EMBEDDED)} == {EMBEDDED}


def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    server = PostgresServer(data_dir, EMBEDDED, is_durable=False)
    server.start()
    server.stop()
    with (server.layout.cluster / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'a lot'\n")

    with pytest.raises(DidNotStart, match="shared_buffers"):
        server.start()

    assert not server.is_running()


def test_a_private_folder_above_is_named(tmp_path: Path) -> None:
    private = tmp_path / "private"
    inside = private / "data"
    inside.mkdir(parents=True)
    private.chmod(0o700)
    tmp_path.chmod(0o755)
    stranger = Account(uid=4_000_000, gid=4_000_000, name="somebody", is_us=False)

    with pytest.raises(NotReachable, match="cannot be entered by the user somebody"):
        check_reachable(inside, stranger)


def test_the_address_is_unknown_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(PostgresProblem, match="There is no database in"):
        known_owner_url(tmp_path)
