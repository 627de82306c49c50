"""The few words a raw ASGI application needs (ASGI 3.0, HTTP protocol 2.x).

Media ranges, uploads and event streams are served without Django: they check a signed token, touch no ORM
and hold no thread while a slow client reads or writes. These helpers keep them short.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final

import orjson

from backline.kernel.kit.errors import PROBLEM_CONTENT_TYPE, DomainError, TooMany, problem

# The ASGI specification types these as free-form mappings; this is the one place where Any is part of a
# protocol.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


# After an early refusal this much of the unread body is still taken, so that the client gets to read the
# answer.
LINGER_BYTES: Final = 64 * 1024 * 1024
LINGER_S: Final = 10.0

_ETAG: Final = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


class ClientGone(Exception):
    """The client hung up before the request or the answer was complete."""


class MethodNotAllowed(DomainError):
    """The address exists, but not for this method (RFC 9110, section 15.5.6); the answer carries Allow."""

    code = "method_not_allowed"
    status = 405
    title = "This address does not take that method"


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a request header (name in lower case), or None."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


async def respond(send: Send, status: int, headers: Headers, body: bytes = b"", *, head: bool = False) -> None:
    """A whole answer at once; with `head` the body is counted in Content-Length but not sent."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})


def problem_headers(error: DomainError) -> Headers:
    """The headers of a refusal's answer."""
    lines: Headers = [(b"content-type", PROBLEM_CONTENT_TYPE.encode()), (b"cache-control", b"no-store")]
    if isinstance(error, TooMany):
        lines.append((b"retry-after", str(error.retry_after_s).encode()))
    return lines


async def respond_problem(
    send: Send, error: DomainError, headers: Headers | None = None, *, head: bool = False
) -> None:
    """A refusal as a problem document (RFC 9457), with Retry-After where the refusal knows it."""
    lines = problem_headers(error) + (headers or [])
    await respond(send, error.status, lines, orjson.dumps(problem(error)), head=head)


def cookie(scope: Scope, name: str) -> str | None:
    """The value of a cookie, as sent; the first where several bear the name (RFC 6265, section 5.4)."""
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in bytes(value).decode("latin-1").split(";"):
                key_text, separator, text = pair.strip().partition("=")
                if separator and key_text == name:
                    return text
    return None


def query_value(scope: Scope, name: bytes) -> str:
    """The first value of a query parameter that never needs escaping (our tokens), or the empty string."""
    wanted = name + b"="
    for part in bytes(scope["query_string"]).split(b"&"):
        if part.startswith(wanted):
            return part[len(wanted) :].decode("latin-1")
    return ""


def matches_etag(condition: str | None, etag: str) -> bool:
    """Whether an If-None-Match field names this entity tag, by weak comparison (RFC 9110, section 13.1.2)."""
    if condition is None:
        return False
    return condition.strip() == "*" or etag in _ETAG.findall(condition)


class RequestBody:
    """The body of one request, piece by piece."""

    __slots__ = ("_receive", "is_over")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_over = False

    async def next(self, *, idle_s: float) -> bytes:
        """The next piece, which may be empty; `is_over` says whether it was the last.

        Raises ClientGone when the client hung up, TimeoutError when nothing came for `idle_s` seconds.
        """
        async with asyncio.timeout(idle_s):
            message = await self._receive()
        if message["type"] != "http.request":
            self.is_over = True
            raise ClientGone
        self.is_over = not message.get("more_body", False)
        return bytes(message.get("body", b""))


async def refuse_early(body: RequestBody, send: Send, error: DomainError, headers: Headers | None = None) -> None:
    """Refuse a request whose body may still be under way, and close the connection.

    The answer goes out whole first; then a little of the body is taken and thrown away, because closing a
    socket with unread bytes makes the system reset it, and the client would never see the answer (RFC 9112,
    section 9.6).
    """
    said = orjson.dumps(problem(error))
    lines = [*problem_headers(error), (b"connection", b"close"), (b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": error.status, "headers": lines + (headers or [])})
    await send({"type": "http.response.body", "body": said, "more_body": True})
    left = LINGER_BYTES
    with suppress(ClientGone, TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while left > 0 and not body.is_over:
                left -= len(await body.next(idle_s=LINGER_S))
    await send({"type": "http.response.body", "body": b""})


async def hung_up(receive: Receive) -> None:
    """Returns when the client has hung up; what it still sends is thrown away."""
    while (await receive())["type"] != "http.disconnect":
        pass
