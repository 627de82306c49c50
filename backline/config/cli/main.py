"""Parses the command line and calls one thing.

Settings are read first, because without them nothing makes sense; every problem in them is one line. A
refusal is a line on stderr and exit code 1, never a traceback.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from backline.config.cli.terminal import CommandFailed, complain, say
from backline.config.postgres.errors import PostgresProblem
from backline.config.settings import Settings, SettingsInvalid, get_settings

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    options = parser().parse_args(arguments)
    if options.command == "settings":
        return _settings(options)
    try:
        command: Command = options.run
        return command(get_settings(), options)
    except SettingsInvalid as invalid:
        complain("Backline cannot start; these settings need a correction:")
        for problem in invalid.problems:
            complain(f"  {problem}")
        return 2
    except (CommandFailed, PostgresProblem) as failure:
        complain(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Build the parser: one subcommand for each thing that can be done."""
    top = argparse.ArgumentParser(prog="backline", description="The self-hosted home for artists.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Command, what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(run=run)
        return sub

    up = add("up", _up, "Start everything: database, web and worker; Ctrl-C stops it all.")
    up.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    add("web", _web, "Run the web process alone.")
    add("worker", _worker, "Run the worker alone.")
    add("migrate", _migrate, "Bring the database's tables, roles and row policies up to date.")
    admin = add("createadmin", _create_admin, "Make an account that may administer everything.")
    admin.add_argument("--email", help="asked for when left out")
    admin.add_argument("--name", help="asked for when left out")
    admin.add_argument("--password-file", type=Path, help="read the password from a file; else it is asked for")
    demo = add("demo", _demo, "Fill the database with the demo scene.")
    demo.add_argument("--if-empty", action="store_true", help="do nothing where there are accounts already")
    add("doctor", _doctor, "Say what is configured, embedded or missing.")
    backup = add("backup", _backup, "Write database and files into one archive.")
    backup.add_argument("file", type=Path, help="where to; compressed when it ends in .gz")
    backup.add_argument("--with-secret-key", action="store_true", help="put the secret key in as well")
    restore = add("restore", _restore, "Put an archive back into an empty installation.")
    restore.add_argument("file", type=Path, help="an archive made by `backline backup`")
    restore.add_argument("--force", action="store_true", help="throw away what the database holds now")
    settings = commands.add_parser("settings", help="Print the table of settings.")
    settings.add_argument("--markdown", action="store_true", help="as it stands in docs/guide/configuration.md")
    return top


def _settings(options: argparse.Namespace) -> int:
    from backline.config.settings_table import documentation, markdown

    if options.markdown:
        say(markdown().rstrip())
    else:
        for row in documentation():
            say(f"{row.env}  (default: {row.default})\n    {row.what}")
    return 0


def _up(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.up import up

    return up(settings, with_demo=not options.no_demo)


def _web(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.serve import web

    return web(settings)


def _worker(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.serve import worker

    return worker()


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.chores import migrate

    return migrate(settings)


def _create_admin(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.chores import create_admin

    return create_admin(settings, email=options.email, name=options.name, password_file=options.password_file)


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.chores import demo

    return demo(settings, only_if_empty=options.if_empty)


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.doctor import doctor

    return doctor(settings)


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.backup import backup

    return backup(settings, options.file, with_secret_key=options.with_secret_key)


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from backline.config.cli.restore import restore

    return restore(settings, options.file, is_forced=options.force)
