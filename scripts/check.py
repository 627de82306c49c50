"""Runs every check of the code that needs no running server, and goes on after a failure.

One run shows all that is wrong. A person who knows none of the tools can read the outcome: one line for
each check, and what the tool said only where it found something.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
MANAGE = [PYTHON, "-m", "django"]

CHECKS: list[tuple[str, list[str]]] = [
    ("Format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("Lint", [str(BIN / "ruff"), "check", "."]),
    ("Layers", [str(BIN / "lint-imports")]),
    ("Types", [PYTHON, "-m", "mypy", "backline", "scripts", "tests", "benchmarks"]),
    ("Locks", [PYTHON, "scripts/check_locks.py"]),
    ("Django's own checks", [*MANAGE, "check", "--fail-level", "WARNING"]),
    ("Migrations match the models", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
]


def main() -> int:
    """Run all checks. Returns 1 when one of them failed."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    env["DJANGO_SETTINGS_MODULE"] = "backline.config.test_settings"
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
