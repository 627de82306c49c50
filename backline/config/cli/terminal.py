"""How the command speaks: plain lines, at once, to whoever started it; and the one way for it to give up."""

from __future__ import annotations

import contextlib
import sys


class CommandFailed(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


def say(text: str = "") -> None:
    """Print a line now; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Print a line where errors go."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
