"""A child process of `backline up`: started, listened to, started again when it dies, stopped in time.

Each child is a process group of its own: Ctrl-C in a terminal reaches only `up`, which stops them in order.
A child whose parent was killed notices by itself (see serve.py), because nobody is left to tell it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence

LONGEST_BACKOFF_S = 30.0
STEADY_S = 60.0


class Child:
    """One program that is to keep running."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], output: Callable[[str, str], None]
    ) -> None:
        """`output` is called with the name and each line the program prints, from a thread."""
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.output = output
        self.failures = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._retry_at = 0.0

    def start(self) -> None:
        """Start the program."""
        self._process = subprocess.Popen(  # noqa: S603  our own command, no shell
            self.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        threading.Thread(target=self._listen, args=[self._process], daemon=True, name=f"{self.name}-output").start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                self.output(self.name, line.decode(errors="replace").rstrip())

    @property
    def pid(self) -> int | None:
        """The program's process, once it was started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it again if it died, later and later while it keeps dying. Never waits."""
        if self.is_running:
            if self.failures and time.monotonic() - self._started_at > STEADY_S:
                self.failures = 0
            return
        now = time.monotonic()
        if not self._retry_at:
            wait = min(LONGEST_BACKOFF_S, 0.5 * 2**self.failures)
            self.failures += 1
            self._retry_at = now + wait
            how = ending(self.exit_code)
            say(f"The {self.name} process ended unexpectedly ({how}); starting it again in {wait:g} s.")
        if now >= self._retry_at:
            self._retry_at = 0.0
            self.start()

    def ask_to_end(self) -> None:
        """Ask for a clean end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def end_within(self, seconds: float, is_hurried: Callable[[], bool]) -> None:
        """Wait for the end that was asked for; kill the program and its helpers when it takes too long."""
        until = time.monotonic() + seconds
        while self.is_running and time.monotonic() < until and not is_hurried():
            time.sleep(0.05)
        if self._process is not None:
            self._signal(signal.SIGKILL)  # the whole group: a worker has helpers of its own
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number is signal.SIGKILL:
                os.killpg(self._process.pid, number)
            elif self.is_running:
                os.kill(self._process.pid, number)


def ending(exit_code: int | None) -> str:
    """Say in words how a process ended."""
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
