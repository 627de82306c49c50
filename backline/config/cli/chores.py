"""What the owner of the database does now and then: migrate, make an admin, load the demo scene.

Each uses the database that runs, or has our own run for as long as it takes.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backline.config.cli.lock import data_folder_lock
from backline.config.cli.terminal import CommandFailed, say
from backline.config.postgres.address import DatabaseAddress, shown
from backline.config.postgres.errors import PostgresProblem
from backline.config.postgres.postmaster import read_postmaster
from backline.config.postgres.roles import DatabaseRole, ensure_roles
from backline.config.postgres.supervisor import PostgresServer
from backline.config.settings import ROLE_VARIABLE, Settings

# Any number will do as long as every `backline migrate` uses the same one.
MIGRATE_LOCK = 7_226_210


@contextmanager
def owner_database(settings: Settings, *, is_locked: bool = False) -> Iterator[DatabaseAddress]:
    """Have a database: the configured one, our own that runs, or our own for as long as the block lasts."""
    if settings.database_url:
        yield DatabaseAddress(settings.database_url, is_external=True)
        return
    server = PostgresServer(settings.data_dir, settings.postgres, say=say)
    found = read_postmaster(server.layout.cluster)
    if found and found.is_ready:
        yield DatabaseAddress(server.layout.url("backline"))
        return
    with contextlib.nullcontext() if is_locked else data_folder_lock(settings.data_dir, "a command"):
        try:
            yield server.start()
        finally:
            server.stop()


def connect(address: DatabaseAddress) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as the owner, outside transactions. Raises PostgresProblem that names the address."""
    try:
        return psycopg.connect(address.owner_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise PostgresProblem(f"The database {shown(address.owner_url)} cannot be reached: {reason}") from error


def set_up_django() -> None:
    """Load Django as the owner of the database."""
    import django

    os.environ.setdefault(ROLE_VARIABLE, DatabaseRole.OWNER.value)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backline.config.django_settings")
    django.setup()


def migrate(settings: Settings) -> int:
    """Bring roles, tables and row policies up to date."""
    with owner_database(settings) as address:
        migrate_database(settings, address)
    return 0


def migrate_database(settings: Settings, address: DatabaseAddress) -> None:
    """Bring this database up to date."""
    with connect(address) as owner:
        # Two machines may deploy at once: the second waits here, and then finds nothing to do.
        owner.execute("SELECT pg_advisory_lock(%s)", [MIGRATE_LOCK])
        ensure_roles(owner, settings.secret_key, with_logins=not settings.has_own_logins)
        set_up_django()
        from django.core.management import call_command
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        call_command("migrate", interactive=False, verbosity=0)
        say(f"The database is up to date; {pending} migrations were applied.")


def create_admin(settings: Settings, *, email: str | None, name: str | None, password_file: Path | None) -> int:
    """Make an account with the role admin. Raises CommandFailed when the data will not do."""
    email = email or _ask("E-mail address: ")
    name = name or _ask("Name: ")
    password = password_file.read_text().rstrip("\n") if password_file else _ask_password()
    with owner_database(settings):
        set_up_django()
        from django.db import transaction

        from backline.kernel.accounts import actions
        from backline.kernel.kit.errors import DomainError

        try:
            with transaction.atomic():
                actions.create_admin(email=email, name=name, password=password)
        except DomainError as refusal:
            raise CommandFailed(f"No account was made: {refusal.detail}") from refusal
    say(f"{email} may now administer everything at {settings.public_url}/admin/")
    return 0


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise CommandFailed("Give --email, --name and --password-file, or run this in a terminal.")
    return input(question).strip()


def _ask_password() -> str:
    if not sys.stdin.isatty():
        raise CommandFailed("Give --email, --name and --password-file, or run this in a terminal.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != password:
        raise CommandFailed("The two passwords differ; no account was made.")
    return password


def demo(settings: Settings, *, only_if_empty: bool) -> int:
    """Load the demo scene, or what a killed attempt left out; then say who can sign in."""
    unfinished = settings.data_dir / "demo" / "unfinished"
    with owner_database(settings):
        set_up_django()
        from backline.config.demo.load import LISTENER_EMAIL, demo_logins, load_demo
        from backline.kernel.accounts.models import User

        if not only_if_empty or unfinished.exists() or not User.objects.exists():
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            unfinished.touch()
            load_demo(say)
            unfinished.unlink()
        if User.objects.filter(email=LISTENER_EMAIL).exists():
            say("Demo logins:")
            for login in demo_logins():
                say(f"  {login.email:<28} {login.password:<20} {login.what}")
    return 0
