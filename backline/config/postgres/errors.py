"""The ways in which the database can refuse to be there. Each message says what to do next."""

from __future__ import annotations

from pathlib import Path


class PostgresProblem(Exception):
    """The database cannot be had; the message is for the operator."""


class NoPostgres(PostgresProblem):
    """No Postgres programs were found that could serve."""


class WrongMajor(PostgresProblem):
    """The data was made by another major version than any that is here."""

    def __init__(self, cluster: Path, major: int, found: list[int]) -> None:
        here = ", ".join(str(version) for version in found) or "none"
        super().__init__(
            f"The data in {cluster} was made by PostgreSQL {major}, and only that version opens it; "
            f"found here: {here}. Install PostgreSQL {major}, or set BACKLINE_POSTGRES=auto if it was set "
            "otherwise, or restore a backup into a new BACKLINE_DATA."
        )


class NotReachable(PostgresProblem):
    """The unprivileged user cannot walk to a folder."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(
            f"{folder} cannot be entered by the user {user}, who runs the database because root must not. "
            f"Allow it (chmod o+x {folder}) or set BACKLINE_DATA to another folder, like /var/lib/backline."
        )


class NotOurs(PostgresProblem):
    """The data belongs to another user of this machine."""


class DidNotStart(PostgresProblem):
    """Postgres was started and did not become ready; holds the last lines of its log."""


class RolesRefused(PostgresProblem):
    """The owner may not make the roles that the web process and the worker connect as."""
