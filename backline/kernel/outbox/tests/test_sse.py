import asyncio
import http.client
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from backline.kernel.kit.asgi import Receive, Scope, Send
from backline.kernel.kit.errors import TooMany
from backline.kernel.kit.wire_testing import LiveServer, live_server, wait_until
from backline.kernel.outbox import sse
from backline.kernel.outbox.listener import FactListener, Notice, read_notice
from backline.kernel.outbox.sse import (
    CATCH_UP_LIMIT,
    QUEUE_LENGTH,
    Event,
    Hub,
    NoHistory,
    StreamApp,
    StreamExpired,
    StreamGrant,
    StreamRefused,
    encode_event,
    issue_stream_token,
    read_stream_token,
)

SECRET = "a secret of some length"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
GRANT = StreamGrant(("track:1", "artist:2"), AT + timedelta(hours=1))
ADDRESS = f"/api/stream?token={issue_stream_token(GRANT, secret=SECRET)}"


def event(number: int, topic: str = "track:1") -> Event:
    return Event(f"id-{number}", topic, "catalog.track_ready", {"number": number})


class Past:
    def __init__(self, *events: Event) -> None:
        self.events = events
        self.asked: list[tuple[tuple[str, ...], str, int]] = []

    async def missed_since(self, topics: Sequence[str], last_event_id: str, *, limit: int) -> list[Event]:
        self.asked.append((tuple(topics), last_event_id, limit))
        return list(self.events)[:limit]


class Stage:
    """A stream app whose hub can be reached from the test's thread."""

    def __init__(self, history: sse.History | None = None, **options: float) -> None:
        self.hub = Hub()
        self.app = StreamApp(self.hub, history or NoHistory(), secret=SECRET, clock=lambda: AT, **options)
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)

    def tell(self, call: Callable[..., None], *values: object) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(call, *values)


class Listening:
    """A client that reads one event at a time."""

    def __init__(self, server: LiveServer, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        self.connection.request("GET", ADDRESS, headers=headers)
        self.answer = self.connection.getresponse()

    def block(self) -> str:
        lines: list[bytes] = []
        while (line := self.answer.readline()) not in (b"\n", b""):
            lines.append(line)
        return b"".join(lines).decode()

    def close(self) -> None:
        self.connection.close()
        self.answer.close()


def run(play: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(play())


def test_a_token_says_which_topics_and_until_when() -> None:
    token = issue_stream_token(GRANT, secret=SECRET)

    assert read_stream_token(token, secret=SECRET, at=AT) == GRANT
    with pytest.raises(StreamExpired):
        read_stream_token(token, secret=SECRET, at=GRANT.expires_at)
    with pytest.raises(StreamRefused):
        read_stream_token(token, secret="another", at=AT)
    for index in range(len(token)):
        edited = token[:index] + chr(ord(token[index]) ^ 1) + token[index + 1 :]
        with pytest.raises(StreamRefused):
            read_stream_token(edited, secret=SECRET, at=AT)


def test_an_event_on_the_wire() -> None:
    told = Event("id-1", "track:1", "catalog.track_ready", {"title": "two\nlines"})

    assert encode_event(told) == (
        b'id: id-1\nevent: catalog.track_ready\ndata: {"topic":"track:1","data":{"title":"two\\nlines"}}\n\n'
    )
    for broken in (Event("a\nb", "t", "n", None), Event("a", "t", "n\ndata: x", None)):
        with pytest.raises(ValueError, match="cannot be an event"):
            encode_event(broken)


def test_listeners_hear_their_topics_only() -> None:
    stage = Stage()

    with live_server(stage) as server:
        listening = Listening(server)
        opening = listening.block()
        stage.tell(stage.hub.publish, event(1, "track:other"))
        stage.tell(stage.hub.publish, event(2, "artist:2"))
        stage.tell(stage.hub.publish, event(3))
        blocks = [listening.block(), listening.block()]
        listening.close()
        wait_until(lambda: len(stage.hub) == 0)

    assert opening == "retry: 2000\n"
    assert listening.answer.getheader("content-type") == "text/event-stream"
    assert listening.answer.getheader("cache-control") == "no-store"
    assert [block.splitlines()[0] for block in blocks] == ["id: id-2", "id: id-3"]


def test_whoever_comes_back_hears_what_it_missed_and_nothing_twice() -> None:
    past = Past(event(2), event(3))
    stage = Stage(past)

    with live_server(stage) as server:
        listening = Listening(server, **{"Last-Event-ID": "id-1"})
        blocks = [listening.block() for _ in range(3)]
        stage.tell(stage.hub.publish, event(3))
        stage.tell(stage.hub.publish, event(4))
        while "id: " not in (last := listening.block()):
            pass
        listening.close()

    assert past.asked == [(("track:1", "artist:2"), "id-1", CATCH_UP_LIMIT + 1)]
    assert [block.splitlines()[0] for block in blocks] == ["retry: 2000", "id: id-2", "id: id-3"]
    assert last.splitlines()[0] == "id: id-4"


def test_whoever_missed_too_much_is_told_to_start_over() -> None:
    stage = Stage(Past(*(event(number) for number in range(CATCH_UP_LIMIT + 1))))

    with live_server(stage) as server:
        listening = Listening(server, **{"Last-Event-ID": "id-0"})
        blocks = [listening.block(), listening.block()]
        listening.close()

    assert blocks[1] == "event: reset\ndata: {}\n"


@pytest.mark.parametrize("last_id", ["", "x y", "é", "a" * 65])
def test_a_last_event_id_that_is_none_of_ours_is_ignored(last_id: str) -> None:
    past = Past(event(1))
    stage = Stage(past, longest_s=0.0)

    with live_server(stage) as server:
        listening = Listening(server, **{"Last-Event-ID": last_id})
        blocks = [listening.block(), listening.block()]
        listening.close()

    assert past.asked == []
    assert blocks[1] == "retry: 2000\nevent: reconnect\ndata: {}\n"


def test_a_quiet_stream_beats_and_ends_with_a_hint_to_come_back() -> None:
    stage = Stage(heartbeat_s=0.01, longest_s=0.2)

    with live_server(stage) as server:
        answer = server.request("GET", ADDRESS)

    assert answer.status == 200
    assert answer.body.startswith(b"retry: 2000\n\n: still here\n\n")
    assert answer.body.endswith(b"retry: 2000\nevent: reconnect\ndata: {}\n\n")
    assert len(stage.hub) == 0


def test_letting_go_ends_the_stream_at_once() -> None:
    stage = Stage()

    with live_server(stage) as server:
        listening = Listening(server)
        listening.block()
        stage.tell(stage.hub.let_go)
        blocks = [listening.block(), listening.block(), listening.block()]
        listening.close()

    assert blocks[1:] == ["retry: 2000\nevent: reconnect\ndata: {}\n", ""]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/api/stream", 403),
        ("GET", "/api/stream?token=x", 403),
        ("GET", ADDRESS + "x", 403),
        ("POST", ADDRESS, 405),
    ],
)
def test_refusals(method: str, address: str, status: int) -> None:
    stage = Stage()

    with live_server(stage) as server:
        answer = server.request(method, address, body=b"" if method == "POST" else None)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(stage.hub) == 0


def test_a_listener_that_cannot_keep_up_is_let_go_and_the_others_are_not() -> None:
    async def play() -> None:
        hub = Hub()
        with hub.subscribe(["track:1"]) as slow, hub.subscribe(["track:1"]) as quick:
            for number in range(QUEUE_LENGTH):
                hub.publish(event(number))
            assert len(await quick.take(1)) == QUEUE_LENGTH
            hub.publish(event(QUEUE_LENGTH))

            assert slow.is_closed
            assert await slow.take(1) == []
            assert not quick.is_closed
            assert await quick.take(1) == [event(QUEUE_LENGTH)]
        assert len(hub) == 0
        assert hub._by_topic == {}

    run(play)


def test_a_process_holds_a_bounded_number_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_STREAMS", 1)
    hub = Hub()

    with hub.subscribe(["a"]), pytest.raises(TooMany), hub.subscribe(["a"]):
        pass

    assert len(hub) == 0


class Line:
    """A database connection that says a few things and then breaks or waits."""

    def __init__(self, payloads: list[str], *, breaks: bool) -> None:
        self.payloads = payloads
        self.breaks = breaks
        self.executed: list[sql.SQL] = []
        self.is_closed = False

    async def execute(self, query: sql.SQL, /) -> object:
        self.executed.append(query)
        return None

    async def notifies(self) -> AsyncGenerator[Notice, None]:
        for payload in self.payloads:
            yield psycopg.Notify("backline_facts", payload, 1)
        if self.breaks:
            raise psycopg.OperationalError("server closed the connection")
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.is_closed = True


def test_the_listener_reconnects_and_lets_go_of_those_who_may_have_missed_something() -> None:
    first = Line(['{"id": "1", "topic": "t", "name": "a.b", "data": {"x": 1}}'], breaks=True)
    second = Line(["nonsense", '{"id": "2", "topic": "t", "name": "a.b", "data": null}'], breaks=False)
    lines: list[Line | None] = [None, first, second]

    async def connect() -> Line:
        line = lines.pop(0)
        if line is None:
            raise psycopg.OperationalError("the database is starting up")
        return line

    async def play() -> None:
        hub = Hub()
        listener = FactListener(hub, connect, first_wait_s=0.001)
        await listener.start()
        with hub.subscribe(["t"]) as before:
            while not before.is_closed:
                await before.take(1)
        with hub.subscribe(["t"]) as after:
            while not (events := await after.take(1)):
                pass
        await listener.stop()

        assert events[-1].id in ("1", "2")

    run(play)

    assert first.executed == second.executed == [sql.SQL("LISTEN backline_facts")]
    assert first.is_closed
    assert second.is_closed


def test_a_notice_is_read_or_put_aside() -> None:
    assert read_notice('{"id": "1", "topic": "t", "name": "a.b", "data": {"x": 1}}') == Event("1", "t", "a.b", {"x": 1})
    for payload in ("", "[]", "{}", '{"id": "1"}', "nul"):
        assert read_notice(payload) is None
