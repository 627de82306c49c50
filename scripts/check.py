"""Runs every check of the code that needs no running server, and goes on after a failure.

One run shows all that is wrong. A person who knows none of the tools can read the outcome: one line for
each check, and what the tool said only where it found something.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
MANAGE = [PYTHON, "-m", "django"]

KEPT = ("BACKLINE_POSTGRES", "BACKLINE_TEST_DATABASE_URL")

CHECKS: list[tuple[str, list[str]]] = [
    ("Format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("Lint", [str(BIN / "ruff"), "check", "."]),
    ("Layers", [str(BIN / "lint-imports")]),
    ("Types", [PYTHON, "-m", "mypy", "backline", "scripts", "tests", "benchmarks"]),
    ("Locks", [PYTHON, "scripts/check_locks.py"]),
    ("Django's own checks", [*MANAGE, "check", "--fail-level", "WARNING"]),
    ("Migrations match the models", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
]


def environment(data_dir: str) -> dict[str, str]:
    """Return what the checks run with: no setting of the operator's, and a data folder that is not his."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DATABASE_") and (not name.startswith("BACKLINE_") or name in KEPT)
    }
    env["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env["DJANGO_SETTINGS_MODULE"] = "backline.config.test_settings"
    # The type checker loads Django's settings to learn the models; it connects to nothing.
    env["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    env["BACKLINE_DATA"] = data_dir
    return env


def main() -> int:
    """Run all checks. Returns 1 when one of them failed."""
    with tempfile.TemporaryDirectory(prefix="backline-check-") as data_dir:
        return run_all(environment(data_dir))


def run_all(env: dict[str, str]) -> int:
    """Run one check after another, say how each went, and return 1 when one failed."""
    failed = 0
    for title, command in CHECKS:
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"  {title}: {verdict} ({time.monotonic() - began:.1f} s)", flush=True)
        if done.returncode != 0:
            failed += 1
            print(done.stdout, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
