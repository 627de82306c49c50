"""Live pages: server-sent events over a connection that waits in memory and holds no database connection.

A signed token says which topics its holder may hear. Whoever reconnects names the last event it has seen
and is told what it missed, so an event may come twice but none is lost. A listener that cannot keep up is
let go and catches up in the same way. Every stream ends after ten minutes with a hint to come back, so that
no connection outlives a deployment.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson
import structlog

from backline.kernel.kit.asgi import (
    MethodNotAllowed,
    Receive,
    Scope,
    Send,
    header,
    hung_up,
    query_value,
    respond_problem,
)
from backline.kernel.kit.clock import now
from backline.kernel.kit.errors import DomainError, Forbidden, Json, TooMany
from backline.kernel.kit.signing import BadSignature, key_for, sign, verify

PATH: Final = "/api/stream"
PURPOSE: Final = "stream"

HEARTBEAT_S: Final = 15.0
LONGEST_S: Final = 600.0
RETRY_MS: Final = 2000
SEND_S: Final = 30.0
QUEUE_LENGTH: Final = 256
CATCH_UP_LIMIT: Final = 500
MAX_STREAMS: Final = 10_000

_EVENT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_EVENT_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)

log = structlog.get_logger("outbox.stream")


class StreamRefused(Forbidden):
    """The token was not made by this server, or was changed."""

    code = "stream_refused"
    title = "This stream is not open to you"


class StreamExpired(Forbidden):
    """The token was good once; the page that holds it can be loaded again."""

    code = "stream_expired"
    title = "This stream's address has expired"


@dataclass(frozen=True, slots=True)
class StreamGrant:
    """The right to hear some topics until `expires_at`."""

    topics: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A fact as listeners hear it; `data` is None where it was too large to be sent along."""

    id: str
    topic: str
    name: str
    data: Json


class History(Protocol):
    """Where events of the past are found."""

    async def missed_since(self, topics: Sequence[str], last_event_id: str, *, limit: int) -> list[Event]:
        """The first `limit` events of these topics after that one, oldest first."""
        ...


class NoHistory:
    """A history that remembers nothing: whoever reconnects hears what comes from then on."""

    async def missed_since(self, topics: Sequence[str], last_event_id: str, *, limit: int) -> list[Event]:
        """Nothing."""
        return []


def issue_stream_token(grant: StreamGrant, *, secret: str) -> str:
    """The token of a grant, safe in an address."""
    payload = orjson.dumps([int(grant.expires_at.timestamp()), *grant.topics])
    return sign(payload, key=key_for(secret, PURPOSE))


def read_stream_token(token: str, *, secret: str, at: datetime) -> StreamGrant:
    """The grant of a token. Raises StreamRefused for text we did not sign, StreamExpired once it is."""
    try:
        expiry, *topics = orjson.loads(verify(token, key=key_for(secret, PURPOSE)))
    except BadSignature as error:
        raise StreamRefused from error
    expires_at = datetime.fromtimestamp(expiry, UTC)
    if at >= expires_at:
        raise StreamExpired
    return StreamGrant(tuple(topics), expires_at)


class Subscription:
    """One listener's place in the hub: what it has not been sent yet, or the news that it was let go."""

    __slots__ = ("_queue", "_woken", "is_closed", "topics")

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self.is_closed = False
        self._queue: list[Event] = []
        self._woken = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Queue an event; a listener whose queue is full is let go."""
        if len(self._queue) >= QUEUE_LENGTH:
            self.close()
            return
        self._queue.append(event)
        self._woken.set()

    def close(self) -> None:
        """Let the listener go; what is queued is thrown away, since it will ask for what it missed."""
        self.is_closed = True
        self._queue.clear()
        self._woken.set()

    async def take(self, timeout_s: float) -> list[Event]:
        """All that is queued, waiting up to `timeout_s` for the first; empty when nothing came."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return []
        self._woken.clear()
        taken, self._queue = self._queue, []
        return taken


class Hub:
    """Fan-out in memory, in one event loop: one event in, one copy for every listener of its topic."""

    def __init__(self) -> None:
        self._by_topic: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._all: set[Subscription] = set()

    def __len__(self) -> int:
        return len(self._all)

    @contextmanager
    def subscribe(self, topics: Sequence[str]) -> Iterator[Subscription]:
        """Listen to topics until the block ends. Raises TooMany where this process holds enough streams."""
        if len(self._all) >= MAX_STREAMS:
            raise TooMany("Too many pages are open on this server.", retry_after_s=30)
        subscription = Subscription(tuple(topics))
        self._all.add(subscription)
        for topic in topics:
            self._by_topic[topic].add(subscription)
        try:
            yield subscription
        finally:
            self._all.discard(subscription)
            for topic in topics:
                self._by_topic[topic].discard(subscription)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    def publish(self, event: Event) -> None:
        """Give an event to every listener of its topic."""
        for subscription in self._by_topic.get(event.topic, ()):
            subscription.offer(event)

    def let_go(self) -> None:
        """End every stream: events may be missed, or the process stops. Listeners come back and catch up."""
        for subscription in self._all:
            subscription.close()


class StreamApp:
    """The raw ASGI application at /api/stream?token=…"""

    def __init__(
        self,
        hub: Hub,
        history: History,
        *,
        secret: str,
        clock: Callable[[], datetime] = now,
        heartbeat_s: float = HEARTBEAT_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._hub = hub
        self._history = history
        self._secret = secret
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._longest_s = longest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: a stream, or a refusal."""
        try:
            if scope["method"] != "GET":
                await respond_problem(send, MethodNotAllowed(), [(b"allow", b"GET")])
                return
            at = self._clock()
            grant = read_stream_token(query_value(scope, b"token"), secret=self._secret, at=at)
            ends_in_s = min(self._longest_s, (grant.expires_at - at).total_seconds())
            with self._hub.subscribe(grant.topics) as subscription:
                last_id = header(scope, b"last-event-id") or ""
                await self._stream(receive, send, subscription, last_id, ends_in_s)
        except DomainError as error:
            await respond_problem(send, error)
        except TimeoutError:
            log.info("outbox.stream_stalled")

    async def _stream(
        self, receive: Receive, send: Send, subscription: Subscription, last_id: str, ends_in_s: float
    ) -> None:
        ends_at = asyncio.get_running_loop().time() + ends_in_s
        gone = asyncio.ensure_future(hung_up(receive))
        gone.add_done_callback(lambda _: subscription.close())
        write = _writer(send)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await write(f"retry: {RETRY_MS}\n\n".encode())
            # Subscribed before the past is read: what happens in between is in both, and told once.
            seen = await self._catch_up(write, subscription.topics, last_id)
            while not subscription.is_closed:
                left_s = ends_at - asyncio.get_running_loop().time()
                if left_s <= 0:
                    break
                events = await subscription.take(min(self._heartbeat_s, left_s))
                fresh = [event for event in events if event.id not in seen]
                await write(b"".join(map(encode_event, fresh)) or b": still here\n\n")
            if not gone.done():
                await write(f"retry: {RETRY_MS}\nevent: reconnect\ndata: {{}}\n\n".encode())
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _catch_up(
        self, write: Callable[[bytes], Awaitable[None]], topics: Sequence[str], last_id: str
    ) -> frozenset[str]:
        if not _EVENT_ID.fullmatch(last_id):
            return frozenset()
        missed = await self._history.missed_since(topics, last_id, limit=CATCH_UP_LIMIT + 1)
        if len(missed) > CATCH_UP_LIMIT:
            # Too long away to be told one by one: the page loads itself again.
            await write(b"event: reset\ndata: {}\n\n")
            return frozenset()
        if missed:
            await write(b"".join(map(encode_event, missed)))
        return frozenset(event.id for event in missed)


_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def encode_event(event: Event) -> bytes:
    """An event as the wire has it (WHATWG HTML, 9.2.5): JSON keeps line ends out of the data.

    Raises ValueError for an id or a name that could break out of its line.
    """
    if not _EVENT_ID.fullmatch(event.id) or not _EVENT_NAME.fullmatch(event.name):
        raise ValueError(f"{event.name!r} with id {event.id!r} cannot be an event")
    data = orjson.dumps({"topic": event.topic, "data": event.data})
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event.id.encode(), event.name.encode(), data)


def _writer(send: Send) -> Callable[[bytes], Awaitable[None]]:
    async def write(body: bytes) -> None:
        # A client that stopped reading blocks the send; it has to reconnect like one that was let go.
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    return write
