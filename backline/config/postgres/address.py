"""An address of a database, and the same address for another user."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit


@dataclass(frozen=True)
class DatabaseAddress:
    """Where the database is for its owner; `is_external` where somebody else runs it."""

    owner_url: str = field(repr=False)
    is_external: bool = False


def build_url(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """Return a postgresql:// address whose parts may hold any character."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{host}:{port}/{quote(database, safe='')}"


def with_login(url: str, *, user: str, password: str) -> str:
    """Return the same database for another user; host, port and options stay."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def with_database(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{quote(database, safe='')}", parts.query, parts.fragment))


def database_name(url: str) -> str:
    """Return the name of the database an address leads to; that of the user where it names none (libpq)."""
    parts = urlsplit(url)
    return unquote(parts.path.lstrip("/")) or unquote(parts.username or "")


def password_of(url: str) -> str:
    """Return the password an address holds, or nothing."""
    return unquote(urlsplit(url).password or "")


def without_password(url: str) -> str:
    """Return the address without its password: for command lines, which everybody can read."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    netloc = f"{name}@{host}" if name else host
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def shown(url: str) -> str:
    """Return the address without password and options, for people to read."""
    return without_password(url).partition("?")[0]
