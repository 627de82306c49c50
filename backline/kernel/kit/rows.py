"""Row security: the database itself decides which rows an actor may see and change.

Each transaction of the web process says who acts (`act_as`, transaction-local settings); each model of ours declares
beside its fields, as SQL conditions, who may read, insert and update its rows (`RowPolicies`). The web process
connects as a role that owns nothing, may delete nothing of ours, and cannot switch the policies off. Workers act for
the system and see all rows, but have no more right to rewrite history than anybody.
Source: the PostgreSQL manual, "Row Security Policies".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import connection

WEB_ROLE = "backline_web"
WORKER_ROLE = "backline_worker"


class Doorway(StrEnum):
    """What kind of request this is, where that widens what a policy allows."""

    NONE = ""
    AUTH = "auth"  # signing in or up: accounts are looked up before anybody is somebody


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person (perhaps of the staff), or nobody in particular."""

    user_id: UUID | None = None
    is_staff: bool = False
    doorway: Doorway = Doorway.NONE

    @property
    def is_anonymous(self) -> bool:
        """True where nobody is signed in."""
        return self.user_id is None


ANYBODY = Actor()


@dataclass(frozen=True, slots=True)
class RowPolicies:
    """Who may read and write a table's rows as the web role: SQL conditions over the row's columns.

    `{actor}` is the acting user's id (null for nobody), `{staff}` is true for moderators and admins, `{auth}` is true
    while signing in. None means never. `update_check` is what a row must be after an update, where that differs from
    which rows may be updated. `is_append_only` tables refuse update and delete to every role, by trigger.
    """

    read: str | None
    insert: str | None = None
    update: str | None = None
    update_check: str | None = None
    is_append_only: bool = False
    worker_may_delete: bool = False

    def __post_init__(self) -> None:
        if self.is_append_only and (self.update is not None or self.worker_may_delete):
            raise ValueError("an append-only table has no update and no delete")


def _set(actor: Actor, *, role: str | None) -> None:
    with connection.cursor() as cursor:
        if role is not None:
            cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(
            "SELECT set_config('backline.actor_id', %s, true), set_config('backline.staff', %s, true),"
            " set_config('backline.doorway', %s, true)",
            [str(actor.user_id or ""), "on" if actor.is_staff else "", str(actor.doorway)],
        )


def set_actor(actor: Actor) -> None:
    """Make `actor` the one who acts until the end of the current transaction. Raises RuntimeError outside one."""
    if not connection.in_atomic_block:
        raise RuntimeError("an actor is set inside a transaction: it ends with it")
    _set(actor, role=None)


@contextmanager
def act_as(actor: Actor) -> Iterator[None]:
    """Run the block as `actor`, inside the current transaction, and become nobody again after it.

    Where the process is connected as the owner (tests, the command line) the block also takes the web role, so that
    the same policies hold there (setting ROWS_ASSUME_WEB_ROLE).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an actor is set inside a transaction: it ends with it")
    assume = bool(getattr(settings, "ROWS_ASSUME_WEB_ROLE", False))
    _set(actor, role=WEB_ROLE if assume else None)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            if assume:
                with connection.cursor() as cursor:
                    cursor.execute("RESET ROLE")
            _set(ANYBODY, role=None)
