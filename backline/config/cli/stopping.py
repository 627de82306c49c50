"""Ctrl-C, kindly: the first asks for a clean stop, the second for a quick one."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked for an end while something was still being waited for."""


class StopRequest:
    """Whether, and how urgently, somebody asked this process to end."""

    def __init__(self) -> None:
        self.times = 0
        self._event = threading.Event()

    def install(self) -> None:
        """Listen to the signals that ask for an end."""
        for number in SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.times += 1
        self._event.set()

    @property
    def is_hurried(self) -> bool:
        """Whether it was asked for more than once."""
        return self.times > 1

    def pause(self, seconds: float) -> None:
        """Wait, or raise Stopped as soon as an end is asked for."""
        if self._event.wait(seconds):
            raise Stopped
