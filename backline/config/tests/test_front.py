import hashlib
import http.client
import io
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import pytest

from backline.config import bridge
from backline.config.access_log import RequestSeen, console_access_log, json_access_log
from backline.config.bridge import Environ, StartResponse
from backline.config.front import FrontConfig, RawRoute, build_app
from backline.config.spool import SMALL_BYTES
from backline.kernel.kit.asgi import Receive, Scope, Send, respond
from backline.kernel.kit.errors import Conflict
from backline.kernel.kit.wire_testing import LiveServer, live_server, wait_until

LARGE = os.urandom(3_000_000)


class Desk:
    """A WSGI application that does what its path says and remembers its environments."""

    def __init__(self) -> None:
        self.environs: list[Environ] = []
        self.release = threading.Event()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.environs.append(environ)
        path = str(environ["PATH_INFO"])
        body = cast("BinaryIO", environ["wsgi.input"])
        if path == "/fail":
            raise RuntimeError("a secret detail")
        if path == "/wait":
            self.release.wait(10)
        if path == "/large":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [LARGE[at : at + 10_000] for at in range(0, len(LARGE), 10_000)]
        if path == "/nothing":
            start_response("204 No Content", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
            return []
        data = body.read()
        digest = hashlib.sha256(data).hexdigest()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{len(data)} {digest} {environ.get('CONTENT_LENGTH', '')}".encode()]

    def heard(self, name: str) -> object:
        return self.environs[-1].get(name)


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/raw/no":
        raise Conflict("Not now.")
    if scope["path"] == "/raw/bug":
        raise RuntimeError("a secret detail")
    await respond(send, 200, [(b"content-type", b"text/plain")], scope["path"].encode())


class Background:
    def __init__(self, log: list[str], name: str, *, fails: bool = False) -> None:
        self.log, self.name, self.fails = log, name, fails

    async def start(self) -> None:
        if self.fails:
            raise RuntimeError(f"{self.name} cannot start")
        self.log.append(f"start {self.name}")

    async def stop(self) -> None:
        self.log.append(f"stop {self.name}")


class Stage:
    def __init__(self, tmp_path: Path, **options: object) -> None:
        self.folder = tmp_path
        self.desk = Desk()
        self.seen: list[RequestSeen] = []
        settings: dict[str, object] = {
            "data_dir": tmp_path,
            "max_upload_bytes": 20_000_000,
            "routes": (RawRoute("raw", "/raw/", raw), RawRoute("one", "/only", raw)),
            "web_threads": 2,
            "on_request": (self.seen.append,),
        }
        self.config = FrontConfig(**(settings | options))  # type: ignore[arg-type]

    @contextmanager
    def running(self, *, lifespan: bool = False) -> Iterator[LiveServer]:
        with live_server(build_app(self.desk, config=self.config), lifespan=lifespan) as server:
            yield server

    def left_behind(self) -> list[Path]:
        return list((self.folder / "incoming").iterdir())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def described(body: bytes) -> bytes:
    length = str(len(body)) if body else ""
    return f"{len(body)} {hashlib.sha256(body).hexdigest()} {length}".encode()


def chunked(server: LiveServer, path: str, pieces: list[bytes]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", path, body=iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_raw_addresses_go_to_raw_applications_and_the_rest_to_django(stage: Stage) -> None:
    with stage.running() as server:
        bodies = [server.request("GET", path).body for path in ("/raw/a", "/only")]
        django = [server.request("GET", path).body for path in ("/", "/raw", "/only/x", "/onlyx")]

    assert bodies == [b"/raw/a", b"/only"]
    assert django == [described(b"")] * 4
    assert [seen.route for seen in stage.seen] == ["raw", "one", "django", "django", "django", "django"]


def test_every_request_is_seen_once_without_its_query(stage: Stage) -> None:
    with stage.running() as server:
        mine = server.request("GET", "/raw/a?token=secret", headers={"X-Request-ID": "my-request-1"})
        forged = server.request("GET", "/page", headers={"X-Request-ID": "a b\tc"})

    assert mine.headers["x-request-id"] == "my-request-1"
    assert len(forged.headers["x-request-id"]) == 20
    assert stage.desk.heard("HTTP_X_REQUEST_ID") == forged.headers["x-request-id"]
    assert [(seen.method, seen.path, seen.status, seen.body_bytes) for seen in stage.seen] == [
        ("GET", "/raw/a", 200, 6),
        ("GET", "/page", 200, len(described(b""))),
    ]
    assert [seen.request_id for seen in stage.seen] == ["my-request-1", forged.headers["x-request-id"]]


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES, SMALL_BYTES + 1, 3_000_000])
def test_a_body_reaches_django_whole_whatever_its_size_and_framing(stage: Stage, size: int) -> None:
    body = os.urandom(size)

    with stage.running() as server:
        plain = server.request("POST", "/form", body=body).body
        status, framed = chunked(server, "/form", [body[at : at + 70_000] for at in range(0, size, 70_000)])

    assert plain.startswith(described(body).rsplit(b" ", 1)[0])
    assert (status, framed) == (200, described(body))
    assert "HTTP_TRANSFER_ENCODING" not in stage.desk.environs[-1]
    assert stage.left_behind() == []


def test_a_body_that_is_too_large_is_refused_unread(stage: Stage) -> None:
    with stage.running() as server, server.connect() as client:
        client.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 13000000\r\nExpect: 100-continue\r\n\r\n")
        first = client.makefile("rb").readline()
        framed, _ = chunked(server, "/form", [b"x" * 1_000_000] * 13)
        announced = server.request("POST", "/form", body=b"x" * 13_000_000)

    assert first == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    assert framed == 413
    assert announced.status == 413
    assert announced.headers["content-type"] == "application/problem+json"
    assert announced.headers["connection"] == "close"
    assert b'"max_bytes":12582912' in announced.body
    assert stage.desk.environs == []
    assert stage.left_behind() == []


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/artists/nina/tracks", {"Authorization": "Bearer x"}, 200),
        ("/api/v1/artists/nina/tracks", {"Cookie": "a=b; backline_session=x"}, 200),
        ("/api/v1/artists/nina/tracks", {}, 413),
        ("/api/v1/artists/nina/tracks", {"Cookie": "a=b"}, 413),
        ("/api/v1/artists/nina/tracks/x", {"Authorization": "Bearer x"}, 413),
        ("/api/v1/artists/nina/x/tracks", {"Authorization": "Bearer x"}, 413),
    ],
)
def test_only_the_upload_route_takes_a_file_and_only_from_somebody(
    stage: Stage, path: str, headers: dict[str, str], status: int
) -> None:
    with stage.running() as server:
        answer = server.request("POST", path, headers=headers, body=b"x" * 13_000_000)
        too_large = server.request("POST", path, headers={**headers, "Content-Length": "22000000"})

    assert answer.status == status
    assert too_large.status == 413
    assert stage.left_behind() == []


def test_half_a_request_never_reaches_django(stage: Stage) -> None:
    with stage.running() as server:
        for sent in (10, 200_000):
            client = server.connect()
            client.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"x" * sent)
            client.close()
        wait_until(lambda: len(stage.seen) == 2)

    assert stage.desk.environs == []
    assert [seen.status for seen in stage.seen] == [0, 0]
    assert stage.left_behind() == []


def test_slow_senders_and_slow_readers_hold_no_thread(stage: Stage) -> None:
    with stage.running() as server:
        slow: list[socket.socket] = []
        for _ in range(5):
            sender = server.connect()
            sender.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"x" * 100_000)
            reader = server.connect()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            reader.recv(1)
            slow += [sender, reader]
        quick = [server.request("GET", "/page").status for _ in range(4)]
        for client in slow:
            client.close()

    assert quick == [200] * 4


def test_large_answers_arrive_whole_and_small_ones_with_their_headers(stage: Stage) -> None:
    with stage.running() as server:
        large = server.request("GET", "/large")
        head = server.request("HEAD", "/large")
        nothing = server.request("GET", "/nothing")

    assert (large.status, large.body) == (200, LARGE)
    assert large.headers["content-length"] == str(len(LARGE))
    assert (head.status, head.body) == (200, b"")
    assert (nothing.status, nothing.headers["set-cookie"]) == (204, "b=2")
    assert stage.left_behind() == []


def test_a_fault_is_a_problem_document_that_tells_nothing(stage: Stage) -> None:
    with stage.running() as server:
        answers = [server.request("GET", path) for path in ("/fail", "/raw/bug", "/raw/no")]

    assert [answer.status for answer in answers] == [500, 500, 409]
    assert all(b"secret" not in answer.body for answer in answers)
    assert answers[0].headers["x-request-id"].encode() in answers[0].body
    assert [seen.status for seen in stage.seen] == [500, 500, 409]


def test_when_too_many_wait_the_next_is_sent_away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MOST_WAITING", 2)

    with stage.running() as server:
        waiting = [server.connect() for _ in range(2)]
        for client in waiting:
            client.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: len(stage.desk.environs) == 2)
        crowded = server.request("GET", "/page")
        stage.desk.release.set()
        statuses = [client.makefile("rb").readline() for client in waiting]
        for client in waiting:
            client.close()

    assert crowded.status == 503
    assert statuses == [b"HTTP/1.1 200 OK\r\n"] * 2


def test_what_django_could_misread_does_not_reach_it(stage: Stage) -> None:
    with stage.running() as server, server.connect() as client:
        client.sendall(
            b"GET /page?q=%C3%A9 HTTP/1.1\r\nHost: x\r\nX_Forwarded_Proto: https\r\n"
            b"X-Forwarded-Proto: https\r\n"
            b"X-Forwarded-Host: evil\r\nX-Forwarded-For: 192.0.2.1\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"
        )
        status = client.makefile("rb").readline()

    assert status == b"HTTP/1.1 200 OK\r\n"
    assert stage.desk.heard("QUERY_STRING") == "q=%C3%A9"
    assert stage.desk.heard("HTTP_COOKIE") == "a=1; b=2"
    assert stage.desk.heard("HTTP_X_FORWARDED_PROTO") is None
    assert stage.desk.heard("HTTP_X_FORWARDED_HOST") is None
    assert stage.desk.heard("HTTP_X_FORWARDED_FOR") == "192.0.2.1"
    assert stage.desk.heard("REMOTE_ADDR") == "127.0.0.1"
    assert stage.desk.heard("wsgi.url_scheme") == "http"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, 10.0.0.7", "192.0.2.1"),
        ("192.0.2.1:4711, 10.0.0.7", "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("unknown", "127.0.0.1"),
        ("192.0.2.1, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_says_who_it_speaks_for(tmp_path: Path, forwarded: str, client: str) -> None:
    stage = Stage(tmp_path, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))

    with stage.running() as server:
        server.request("GET", "/page", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"})

    assert stage.desk.heard("REMOTE_ADDR") == client
    assert stage.desk.heard("wsgi.url_scheme") == "https"
    assert stage.seen[0].client == client


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("music.test", 200),
        ("MUSIC.test:8000", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("evil.test", 400),
        ("music.test.evil.test", 400),
        ("", 400),
    ],
)
def test_the_host_must_be_ours(tmp_path: Path, host: str, status: int) -> None:
    stage = Stage(tmp_path, allowed_hosts=("music.test", "[::1]"))

    with stage.running() as server:
        answers = [server.request("GET", path, headers={"Host": host}).status for path in ("/page", "/raw/a")]

    assert answers == [status, status]


def test_background_services_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    log: list[str] = []
    stage = Stage(tmp_path, services=(Background(log, "one"), Background(log, "two")))

    with stage.running(lifespan=True) as server:
        assert server.request("GET", "/page").status == 200
        assert log == ["start one", "start two"]

    assert log == ["start one", "start two", "stop two", "stop one"]


def test_a_service_that_cannot_start_keeps_the_process_from_starting(tmp_path: Path) -> None:
    log: list[str] = []
    stage = Stage(tmp_path, services=(Background(log, "one"), Background(log, "two", fails=True)))
    app = build_app(stage.desk, config=stage.config)
    sent: list[object] = []

    async def play() -> None:
        async def receive() -> dict[str, object]:
            return {"type": "lifespan.startup"}

        async def send(message: object) -> None:
            sent.append(message)

        await app({"type": "lifespan"}, cast("Receive", receive), cast("Send", send))

    run(play)

    assert sent == [{"type": "lifespan.startup.failed", "message": "two cannot start"}]
    assert log == ["start one", "stop one"]


def run(play: Callable[[], object]) -> None:
    import asyncio

    asyncio.run(play())  # type: ignore[arg-type]


def test_the_whole_environment_is_there(stage: Stage) -> None:
    with stage.running() as server:
        server.request("POST", "/a%20b/%C3%A9?x=1", body=b"data", headers={"Content-Type": "text/x"})

    environ = stage.desk.environs[-1]
    assert environ["REQUEST_METHOD"] == "POST"
    assert str(environ["PATH_INFO"]).encode("latin-1").decode() == "/a b/é"
    assert environ["QUERY_STRING"] == "x=1"
    assert environ["CONTENT_TYPE"] == "text/x"
    assert environ["CONTENT_LENGTH"] == "4"
    assert isinstance(environ["wsgi.input"], io.BytesIO)


def test_the_access_log_is_one_line_a_request_that_nobody_can_break() -> None:
    seen = RequestSeen("raw", "GET", "/a\nb\x1b[2J", 206, 7, 0.00123, "192.0.2.1", "request-1")
    machine, person = io.BytesIO(), io.BytesIO()

    json_access_log(machine)(seen)
    console_access_log(person)(seen)

    line = orjson.loads(machine.getvalue())
    assert machine.getvalue().count(b"\n") == 1
    assert (line["event"], line["path"], line["status"], line["bytes"], line["ms"]) == (
        "front.request",
        "/a\nb\x1b[2J",
        206,
        7,
        1.23,
    )
    assert person.getvalue().count(b"\n") == 1
    assert b"\x1b" not in person.getvalue()
