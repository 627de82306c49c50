"""As which user of the machine our own Postgres runs: as whoever starts it, but never as root.

Postgres refuses root, and rightly. Started by root, it runs as the user who already owns the data, else as
`backline` or `postgres` where the machine has such a user, else as `nobody`. No user is made and no folder
but the database's own changes hands; the folders above it must let that user pass.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from backline.config.postgres.errors import NotOurs, NotReachable, PostgresProblem

PREFERRED = ("backline", "postgres", "nobody")


class RunAs(TypedDict, total=False):
    """What `subprocess` needs to start a program as another user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The user who owns and runs the database. `is_us` where that is who we are already."""

    uid: int
    gid: int
    name: str
    is_us: bool

    def run_as(self) -> RunAs:
        """Return the arguments that make a program run as this user and with no other rights of ours."""
        return {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Hand a file or folder of the database over to this user."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid)


def choose_account(home: Path) -> Account:
    """Return who runs the database in the folder `home` (or will). Raises NotOurs, PostgresProblem."""
    us = os.geteuid()
    owner = home.stat().st_uid if home.exists() else None
    if us != 0:
        if owner is not None and owner != us:
            raise NotOurs(
                f"{home} belongs to the user {_name_of(owner)}: start Backline as that user or as root, "
                "or set BACKLINE_DATA to a folder of your own."
            )
        return Account(us, os.getegid(), _name_of(us), is_us=True)
    if owner:
        return Account(owner, home.stat().st_gid, _name_of(owner), is_us=False)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, is_us=False)
    raise PostgresProblem("Root must not run the database, and there is no user `backline`, `postgres` or `nobody`.")


def check_reachable(folder: Path, account: Account) -> None:
    """Make sure the user can walk down to `folder`. Raises NotReachable with the first that stops him."""
    if account.is_us:
        return
    for step in [*reversed(folder.parents), folder]:
        if not can_enter(step, account):
            raise NotReachable(step, account.name)


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the mode of the folder lets the user walk through it."""
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
