"""As whom each process connects: the owner migrates, the web process and the worker log in as roles that
own nothing.

Rights and row policies belong to two group roles, `backline_web` and `backline_worker`, which cannot log in
and are shared by all databases of a server. Each database has a login of its own in each group, whose
password is derived from the secret key, so that nothing about it needs to be stored and a web process never
holds the owner's password. The owner belongs to both groups: that lets it act as either, and see all rows
when it makes a backup.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from enum import StrEnum

import psycopg
from psycopg import sql

from backline.config.postgres.address import database_name, with_login
from backline.config.postgres.errors import RolesRefused
from backline.config.settings import ROLE_VARIABLE, Settings, get_settings

Connection = psycopg.Connection[tuple[object, ...]]
MAX_NAME_BYTES = 63
ATTEMPTS = 10


class DatabaseRole(StrEnum):
    """The three ways to stand before the database."""

    OWNER = "owner"
    WEB = "web"
    WORKER = "worker"

    @property
    def group(self) -> str:
        """The group role that grants and row policies name. The owner has none."""
        return f"backline_{self.value}"


GROUPS = (DatabaseRole.WEB, DatabaseRole.WORKER)


def current_role() -> DatabaseRole:
    """Return the role this process was started in; the owner for the command line and tests."""
    return DatabaseRole(os.environ.get(ROLE_VARIABLE) or DatabaseRole.OWNER)


def login_name(database: str, role: DatabaseRole) -> str:
    """Return the login of a role for one database: readable, stable, and never cut off by Postgres."""
    name = f"{database}_{role.value}_login"
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(database.encode()).hexdigest()[:16]
    return f"backline_{digest}_{role.value}_login"


def login_password(login: str, secret_key: str) -> str:
    """Return the password of a login, derived from the secret key (HMAC-SHA256, RFC 2104)."""
    return hmac.new(secret_key.encode(), f"backline.postgres-login:{login}".encode(), hashlib.sha256).hexdigest()


def web_url(owner_url: str, secret_key: str) -> str:
    """Return the address of the web process for the owner's database."""
    return _login_url(owner_url, secret_key, DatabaseRole.WEB)


def worker_url(owner_url: str, secret_key: str) -> str:
    """Return the address of the worker for the owner's database."""
    return _login_url(owner_url, secret_key, DatabaseRole.WORKER)


def _login_url(owner_url: str, secret_key: str, role: DatabaseRole) -> str:
    login = login_name(database_name(owner_url), role)
    return with_login(owner_url, user=login, password=login_password(login, secret_key))


def database_url_for(role: DatabaseRole, settings: Settings | None = None) -> str:
    """Return the address of the database for a role. Raises PostgresProblem where our own was never made.

    An address given for the role itself counts first; else it is derived from DATABASE_URL, else from the
    address of our own Postgres, which is known as soon as that has been started once.
    """
    from backline.config.postgres.cluster import known_owner_url  # here: the cluster needs the roles' names

    settings = settings or get_settings()
    given = {
        DatabaseRole.WEB: settings.database_web_url,
        DatabaseRole.WORKER: settings.database_worker_url,
    }.get(role)
    if given:
        return given
    owner_url = settings.database_url or known_owner_url(settings.data_dir)
    return owner_url if role is DatabaseRole.OWNER else _login_url(owner_url, settings.secret_key, role)


def ensure_roles(owner: Connection, secret_key: str, *, with_logins: bool = True) -> None:
    """Make the groups and this database's logins, or bring them up to date. Raises RolesRefused.

    The connection is the owner's, outside a transaction; it comes back as it was. Without logins only the
    groups are made: the operator has made logins of his own.
    """
    was_autocommit = owner.autocommit
    owner.autocommit = True
    try:
        _retry_races(owner, secret_key, with_logins=with_logins)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RolesRefused(_instructions(owner, str(error).splitlines()[0])) from error
    finally:
        owner.autocommit = was_autocommit


def _retry_races(owner: Connection, secret_key: str, *, with_logins: bool) -> None:
    # Roles belong to the server, not to the database: two databases set up at once (tests do) may both make
    # the groups, or grant to the same owner. One of them is refused, and then finds the other's work done.
    for attempt in range(ATTEMPTS):
        try:
            with owner.transaction():
                for role in GROUPS:
                    _make_group(owner, role.group)
                    if with_logins:
                        _make_login(owner, role, secret_key)
            return
        except (
            psycopg.errors.DuplicateObject,
            psycopg.errors.UniqueViolation,
            psycopg.errors.InternalError_,
        ):
            if attempt == ATTEMPTS - 1:
                raise


def _make_group(owner: Connection, group: str) -> None:
    if not _exists(owner, group):
        owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
    if not _is_member(owner, group):
        # From 16 on the maker of a role administers it but is no member of it until it says so.
        owner.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(group)))


def _make_login(owner: Connection, role: DatabaseRole, secret_key: str) -> None:
    """Make the login or give it the password of the present secret key, as a verifier no log can betray."""
    database = owner.info.dbname
    login = login_name(database, role)
    password = login_password(login, secret_key)
    verifier = owner.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    who = sql.Identifier(login)
    verb = sql.SQL("ALTER" if _exists(owner, login) else "CREATE")
    owner.execute(sql.SQL("{} ROLE {} LOGIN INHERIT PASSWORD {}").format(verb, who, sql.Literal(verifier)))
    owner.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role.group), who))
    owner.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(database), who))
    row = owner.execute(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = %s",
        [login],
    ).fetchone()
    if row is None or row[0]:
        raise RolesRefused(
            f"The role {login} exists and may more than it should: it would walk past row security. "
            f"Take that from it: ALTER ROLE {login} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
        )


def _exists(owner: Connection, name: str) -> bool:
    return owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def _is_member(owner: Connection, group: str) -> bool:
    row = owner.execute("SELECT pg_has_role(current_user, %s, 'USAGE')", [group]).fetchone()
    return row is not None and bool(row[0])


def _instructions(owner: Connection, refusal: str) -> str:
    user = owner.info.user
    return (
        f"The role {user} of DATABASE_URL may not make the roles of web and worker ({refusal}). Either let "
        f"it, as an administrator: ALTER ROLE {user} CREATEROLE; and, where another database of this server "
        f"already uses Backline: GRANT backline_web, backline_worker TO {user} WITH ADMIN OPTION. "
        "Or make a login in each group yourself and set DATABASE_WEB_URL and DATABASE_WORKER_URL."
    )
