"""A whole Backline for the browser tests, by `backline up`: own data folder, database, web and worker.

It is started once for all browser tests and listens on a free port of this machine.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0
STOP_S = 60.0
PASSWORD = "wooden-radio-42"
LIMITS = ("SIGN_IN", "SIGN_UP", "PASSWORD_RESET", "TOKEN", "REFRESH", "API", "UPLOADS", "PLAY")


@dataclass(frozen=True)
class Stack:
    """A running Backline and what it printed."""

    url: str
    log: Path

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str = "") -> dict[str, Any]:
        """Call the JSON API. Raises AssertionError with the answer when it is a refusal."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return self._send(method, path, json.dumps(body).encode() if body is not None else None, headers)

    def send_file(self, path: str, file: Path, *, token: str) -> dict[str, Any]:
        """POST one file as multipart/form-data, field `file`."""
        mark = "backline-test-boundary"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
        body = head.encode() + file.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}", "Authorization": f"Bearer {token}"}
        return self._send("POST", path, body, kind)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - http on loopback
                raw = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return json.loads(raw) if raw else {}


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Start everything, wait until it is ready, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="backline-browser-"))
    folder.chmod(0o755)  # the database may run as another user, who walks through here
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backline.config.cli", "up", "--no-demo"],
            cwd=ROOT,
            env=_environment(folder / "data", port),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/readyz", log)
        yield Stack(f"http://127.0.0.1:{port}", log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(data: Path, port: int) -> dict[str, str]:
    ours = ("BACKLINE_", "DATABASE_", "DJANGO_", "REDIS_", "SMTP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    limits = {f"BACKLINE_LIMIT_{name}": "100000/m" for name in LIMITS}
    postgres = os.environ.get("BACKLINE_POSTGRES", "auto")
    return kept | limits | {"BACKLINE_DATA": str(data), "PORT": str(port), "BACKLINE_POSTGRES": postgres}


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"backline up ended: {log.read_text(errors='replace')[-4000:]}")
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - http on loopback
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"not ready after {START_S:.0f} s: {log.read_text(errors='replace')[-4000:]}")
