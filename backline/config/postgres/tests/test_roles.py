from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.config.postgres.address import database_name, shown, with_database, with_login
from backline.config.postgres.errors import RolesRefused
from backline.config.postgres.roles import (
    Connection,
    DatabaseRole,
    current_role,
    database_url_for,
    ensure_roles,
    login_name,
    web_url,
    worker_url,
)
from backline.config.postgres.supervisor import PostgresServer
from backline.config.settings import Settings

KEY = "a secret key of the tests, long enough"


@pytest.fixture
def database(server: PostgresServer, owner: Connection, superuser: Connection) -> Iterator[str]:
    """The owner's address of a fresh database."""
    name = f"roles_{uuid4().hex[:8]}"
    owner.execute(f"CREATE DATABASE {name}")
    yield with_database(server.layout.url("backline"), name)
    superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def ensured(url: str, key: str = KEY) -> None:
    with psycopg.connect(url) as connection:
        ensure_roles(connection, key)


def test_each_process_logs_in_as_a_role_that_owns_nothing(database: str) -> None:
    ensured(database)

    for url, group in (
        (web_url(database, KEY), "backline_web"),
        (worker_url(database, KEY), "backline_worker"),
    ):
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
                " pg_has_role(current_user, %s, 'USAGE'), has_schema_privilege('public', 'CREATE')"
                " FROM pg_roles WHERE rolname = current_user",
                [group],
            ).fetchone()
        assert row == (False, False, False, False, False, True, False)


def test_web_and_worker_are_not_each_other(database: str) -> None:
    ensured(database)

    with psycopg.connect(web_url(database, KEY)) as connection:
        row = connection.execute("SELECT pg_has_role(current_user, 'backline_worker', 'MEMBER')").fetchone()
        assert row == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE backline_worker")


def test_the_owner_may_act_as_either(database: str) -> None:
    ensured(database)

    with psycopg.connect(database) as connection:
        for group in ("backline_web", "backline_worker"):
            connection.execute(f"SET LOCAL ROLE {group}")
            assert connection.execute("SELECT current_user").fetchone() == (group,)
            connection.execute("RESET ROLE")


def test_row_security_binds_the_web_role_and_the_owner_sees_through_the_worker(database: str) -> None:
    ensured(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE notes (owner text, body text)")
        connection.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        connection.execute("INSERT INTO notes VALUES ('me', 'mine'), ('you', 'yours')")
        connection.execute("ALTER TABLE notes FORCE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY mine ON notes TO backline_web USING (owner = 'me')")
        connection.execute("CREATE POLICY everything ON notes TO backline_worker USING (true)")
        connection.execute("GRANT SELECT ON notes TO backline_web, backline_worker")

        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (2,)
    with psycopg.connect(web_url(database, KEY)) as connection:
        assert connection.execute("SELECT body FROM notes").fetchall() == [("mine",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM notes")
    with psycopg.connect(worker_url(database, KEY)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (2,)


def test_it_can_be_done_again_and_follows_the_secret_key(database: str) -> None:
    ensured(database)
    ensured(database)
    ensured(database, "another secret key, long enough as well")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(web_url(database, KEY))
    with psycopg.connect(web_url(database, "another secret key, long enough as well")) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (database_name(database),)


def test_no_password_reaches_the_log(server: PostgresServer, database: str, superuser: Connection) -> None:
    superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
    superuser.execute("SELECT pg_reload_conf()")

    ensured(database)

    log = server.layout.log.read_text()
    password = web_url(database, KEY).split(":")[2].split("@")[0]
    assert password not in log
    assert "SCRAM-SHA-256$" in log
    superuser.execute("ALTER SYSTEM RESET log_statement")
    superuser.execute("SELECT pg_reload_conf()")


def test_databases_set_up_at_once_do_not_trip_over_the_shared_groups(
    server: PostgresServer, owner: Connection, superuser: Connection
) -> None:
    names = [f"roles_{uuid4().hex[:8]}" for _ in range(4)]
    for name in names:
        owner.execute(f"CREATE DATABASE {name}")
    urls = [with_database(server.layout.url("backline"), name) for name in names]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ensured, urls))

    for url in urls:
        with psycopg.connect(web_url(url, KEY)) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (database_name(url),)
    for name in names:
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_login_that_may_too_much_is_refused(database: str, superuser: Connection) -> None:
    login = login_name(database_name(database), DatabaseRole.WEB)
    superuser.execute(f"CREATE ROLE {login} LOGIN")
    superuser.execute(f"GRANT {login} TO backline WITH ADMIN OPTION")
    superuser.execute(f"ALTER ROLE {login} BYPASSRLS")

    with pytest.raises(RolesRefused):
        ensured(database)

    without = superuser.execute("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = %s", [login])
    assert without.fetchone() == (True,)
    superuser.execute(f"DROP ROLE {login}")


def test_an_owner_who_may_make_no_roles_is_told_what_to_do(database: str, superuser: Connection) -> None:
    name = f"poor_{uuid4().hex[:8]}"
    superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'poor'")

    with pytest.raises(RolesRefused, match=f"ALTER ROLE {name} CREATEROLE"):
        ensured(with_login(database, user=name, password="poor"))

    superuser.execute(f"DROP ROLE {name}")


def test_names_are_never_cut_off() -> None:
    long = "d" * 63

    assert login_name("backline", DatabaseRole.WEB) == "backline_web_login"
    assert login_name(long, DatabaseRole.WEB) == "backline_dc2d0f189f1235f0_web_login"
    assert login_name(long, DatabaseRole.WORKER) != login_name(long, DatabaseRole.WEB)


def test_an_address_given_for_a_role_counts_first() -> None:
    settings = Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://o:p@db:5432/music?sslmode=require",
            "DATABASE_WEB_URL": "postgresql://w:p@db:5432/music",
            "BACKLINE_SECRET_KEY": KEY,
        }
    )

    assert database_url_for(DatabaseRole.WEB, settings) == "postgresql://w:p@db:5432/music"
    assert database_url_for(DatabaseRole.OWNER, settings) == "postgresql://o:p@db:5432/music?sslmode=require"
    worker = database_url_for(DatabaseRole.WORKER, settings)
    assert worker == worker_url("postgresql://o:p@db:5432/music?sslmode=require", KEY)
    assert worker.startswith("postgresql://music_worker_login:")
    assert worker.endswith("@db:5432/music?sslmode=require")


def test_the_role_of_a_process_is_read_from_how_it_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKLINE_DATABASE_ROLE", raising=False)
    assert current_role() is DatabaseRole.OWNER

    monkeypatch.setenv("BACKLINE_DATABASE_ROLE", "web")
    assert current_role() is DatabaseRole.WEB


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("postgresql://me:hunter2@db:5432/music?sslmode=require") == "postgresql://me@db:5432/music"


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()), st.text(max_size=30))
def test_any_login_fits_into_an_address(user: str, password: str) -> None:
    url = with_login("postgresql://a:b@[::1]:5432/music", user=user, password=password)
    info = psycopg.conninfo.conninfo_to_dict(url) if "\0" not in user + password else None

    assert url.endswith("@[::1]:5432/music")
    assert info is None or (info["user"], info.get("password", "")) == (user, password)


def test_the_settings_do_not_leak_into_a_folder(tmp_path: Path) -> None:
    Settings.model_validate({"BACKLINE_DATA": str(tmp_path)})

    assert list(tmp_path.iterdir()) == []
