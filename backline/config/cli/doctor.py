"""`backline doctor`: what is configured, what our own twin serves, what is missing, and what is wrong.

It starts nothing and repairs nothing, and it goes on after everything it finds wrong.
"""

from __future__ import annotations

import difflib
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg

import backline
from backline.config.cli.chores import set_up_django
from backline.config.cli.terminal import say
from backline.config.cli.up import is_ready
from backline.config.postgres.address import shown
from backline.config.postgres.binaries import find_binaries
from backline.config.postgres.cluster import Layout
from backline.config.postgres.errors import PostgresProblem
from backline.config.postgres.postmaster import read_postmaster
from backline.config.postgres.roles import DatabaseRole, database_url_for
from backline.config.settings import PROJECT_ROOT, Settings, env_name

GIB = 1024**3
LOW_SPACE_GIB = 2
# Read by the scripts and the supervisor, not by the settings.
OTHER_VARIABLES = {
    "BACKLINE_CHROMIUM",
    "BACKLINE_NODE",
    "BACKLINE_DATABASE_ROLE",
    "BACKLINE_SUPERVISOR_PID",
    "BACKLINE_TEST_DATABASE_URL",
}


class State(StrEnum):
    """How a port stands."""

    CONFIGURED = "configured"
    EMBEDDED = "embedded"
    MISSING = "missing"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    state: State
    detail: str


def doctor(settings: Settings) -> int:
    """Print the report. Returns 1 when something is wrong."""
    say(f"Backline {backline.__version__}, Python {platform.python_version()}, {platform.platform()}")
    is_sick = False
    for finding in findings(settings):
        say(f"  {finding.name:<16} {finding.state.value:<11} {finding.detail}")
        is_sick = is_sick or finding.state is State.WRONG
    return 1 if is_sick else 0


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after another."""
    yield _data_folder(settings.data_dir)
    yield from _database(settings)
    yield _ports(settings)
    yield from _optional(settings)
    yield _frontend()
    yield from _unknown_variables()


def _data_folder(folder: Path) -> Finding:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Finding("data folder", State.WRONG, f"{folder} cannot be written to (BACKLINE_DATA)")
    free = shutil.disk_usage(folder).free / GIB
    state = State.CONFIGURED if os.environ.get(env_name("data_dir")) else State.EMBEDDED
    if free < LOW_SPACE_GIB:
        return Finding("data folder", State.WRONG, f"{folder}: only {free:.1f} GiB are free")
    return Finding("data folder", state, f"{folder}, {free:.0f} GiB free")


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url or settings.database_web_url:
        state = State.CONFIGURED
    else:
        state = State.EMBEDDED
        found = ", ".join(f"{b.version} ({b.source.value})" for b in find_binaries(settings.postgres)) or "none"
        yield Finding("postgres", State.EMBEDDED if found != "none" else State.WRONG, f"programs here: {found}")
        layout = Layout(settings.data_dir)
        if layout.major() is None:
            yield Finding("database", State.MISSING, "not made yet: `backline up` makes it")
            return
        if read_postmaster(layout.cluster) is None:
            yield Finding("database", state, f"made by PostgreSQL {layout.major()}, not running now")
            return
    is_reachable = True
    for role in DatabaseRole:
        finding = _login(settings, role, state)
        is_reachable = is_reachable and finding.state is not State.WRONG
        yield finding
    if is_reachable:
        yield _migrations()


def _login(settings: Settings, role: DatabaseRole, state: State) -> Finding:
    name = f"database {role.value}"
    try:
        url = database_url_for(role, settings)
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version'), rolsuper OR rolbypassrls FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
    except (psycopg.OperationalError, PostgresProblem) as error:
        return Finding(name, State.WRONG, str(error).strip().splitlines()[-1])
    version, is_above_rules = row or ("?", False)
    if is_above_rules and role is not DatabaseRole.OWNER:
        return Finding(name, State.WRONG, f"{shown(url)} walks past row security: NOSUPERUSER NOBYPASSRLS is needed")
    return Finding(name, state, f"{shown(url)}, PostgreSQL {version}")


def _migrations() -> Finding:
    try:
        set_up_django()
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        connection.close()
    except Exception as error:  # a report on a broken installation must not break itself
        return Finding("migrations", State.WRONG, f"cannot be looked at: {error}")
    if pending:
        return Finding("migrations", State.WRONG, f"{len(pending)} are not applied: run `backline migrate`")
    return Finding("migrations", State.EMBEDDED, "all applied")


def _ports(settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}, known as {settings.public_url}"
    state = State.CONFIGURED if os.environ.get(env_name("public_url")) else State.EMBEDDED
    return Finding("web", state, f"{where}; {'ready' if is_ready(settings) else 'not running now'}")


def _optional(settings: Settings) -> Iterator[Finding]:
    key = State.CONFIGURED if os.environ.get(env_name("secret_key")) else State.EMBEDDED
    yield Finding("secret key", key, "set" if key is State.CONFIGURED else f"kept in {settings.data_dir}/secret_key")
    if settings.s3_bucket:
        yield Finding("storage", State.CONFIGURED, f"bucket {settings.s3_bucket}")
    else:
        yield Finding("storage", State.EMBEDDED, f"files in {settings.data_dir}/blobs")
    if settings.redis_url:
        yield Finding("redis", State.CONFIGURED, "for rate limits across processes; Postgres where it fails")
    else:
        yield Finding("redis", State.EMBEDDED, "Postgres does its work")
    if settings.smtp_url:
        yield Finding("mail", State.CONFIGURED, f"from {settings.mail_from}")
    else:
        yield Finding("mail", State.EMBEDDED, "caught in the mailbox page (SMTP_URL)")
    apps = sorted(settings.social_apps())
    yield Finding(
        "sign-in with",
        State.CONFIGURED if apps else State.MISSING,
        ", ".join(apps) or "no provider; optional",
    )
    nginx = State.CONFIGURED if settings.nginx_secret else State.MISSING
    yield Finding("nginx", nginx, "verifies sound addresses" if settings.nginx_secret else "optional")


def _frontend() -> Finding:
    manifest = PROJECT_ROOT / "backline" / "static" / "build" / "manifest.json"
    if manifest.exists():
        return Finding("front end", State.EMBEDDED, "built")
    return Finding("front end", State.WRONG, "not built: run `make setup`")


def _unknown_variables() -> Iterator[Finding]:
    known = {env_name(field) for field in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("BACKLINE_") and name not in known | OTHER_VARIABLES:
            like = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {like[0]}?" if like else ""
            yield Finding("environment", State.WRONG, f"{name} is not a setting{hint}")
