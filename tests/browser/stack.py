"""A whole Backline for the browser tests, by `backline up`: own data folder, database, web and worker.

It is started once for all browser tests and listens on a free port of this machine.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backline.config import testing

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "wooden-radio-42"


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
    """Everything, running, for a while."""
    with testing.running_stack() as whole:
        yield Stack(whole.url, whole.log)
