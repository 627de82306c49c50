"""The access log: one line a request, written straight to standard error.

A player asks for many small ranges, and one line of the general log costs as much as serving one. So these
lines are written without it, with its fields. They carry no query, since queries carry tokens.
"""

import sys
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import orjson

from backline.kernel.kit.clock import now


class RequestSeen(NamedTuple):
    """What is known of a request when it is over; a status of 0: the client left before an answer."""

    route: str
    method: str
    path: str
    status: int
    body_bytes: int
    seconds: float
    client: str
    request_id: str


Tell = Callable[[RequestSeen], None]


def json_access_log(stream: BinaryIO | None = None) -> Tell:
    """Lines of JSON, for machines."""
    sink = stream or sys.stderr.buffer

    def tell(seen: RequestSeen) -> None:
        line = {
            "event": "front.request",
            "level": "info",
            "logger": "front",
            "timestamp": now(),
            "route": seen.route,
            "method": seen.method,
            "path": seen.path,
            "status": seen.status,
            "bytes": seen.body_bytes,
            "ms": round(seen.seconds * 1000, 2),
            "client": seen.client,
            "request_id": seen.request_id,
        }
        sink.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        sink.flush()

    return tell


def console_access_log(stream: BinaryIO | None = None) -> Tell:
    """Lines for people."""
    sink = stream or sys.stderr.buffer

    def tell(seen: RequestSeen) -> None:
        # A path may hold any character a client cares to send; repr keeps it from drawing on the terminal.
        line = (
            f"{now():%H:%M:%S} {seen.status} {seen.method} {seen.path!r} {seen.body_bytes} bytes"
            f" {seen.seconds * 1000:.1f} ms {seen.client} {seen.request_id}\n"
        )
        sink.write(line.encode(errors="backslashreplace"))
        sink.flush()

    return tell
