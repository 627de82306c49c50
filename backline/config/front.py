"""The one port of a web process: sound, uploads and live streams by raw ASGI, everything else by Django.

Whatever the address, a request gets an id, a checked host, its true sender, one line in the access log and
one count in the metrics; the line has no query, since queries carry tokens. Django's requests come to it
with their bodies complete. Background services of the process start before the first request and stop after
the last.
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

import structlog

from backline.config.access_log import RequestSeen, Tell
from backline.config.bridge import WsgiApp, WsgiBridge
from backline.config.proxies import Hosts, Proxies, clean_headers, request_id_of
from backline.config.spool import ORDINARY_BYTES, BodyLimits, take_body
from backline.kernel.kit.asgi import App, ClientGone, Message, Receive, RequestBody, Scope, Send, refuse_early
from backline.kernel.kit.errors import DomainError

log = structlog.get_logger("front")

DJANGO: Final = "django"


class ServerFault(DomainError):
    """Something broke that should not; the request id finds it in the log."""

    code = "server_error"
    status = 500
    title = "Something broke on our side"


class Service(Protocol):
    """Something that runs in the background of the process, on its event loop."""

    async def start(self) -> None:
        """Begin; the process takes no request before this returns."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


@dataclass(frozen=True, slots=True)
class RawRoute:
    """The addresses of a raw ASGI application: all below a `prefix` that ends with a slash, or one.

    `name` is what logs and metrics call it.
    """

    name: str
    prefix: str
    app: App


@dataclass(frozen=True, slots=True)
class FrontConfig:
    """What the front needs to know.

    `on_request` are told of every request when it is over: the access log, the metrics. `on_end` is called
    when the process is asked to end, before open connections are waited for: streams end there.
    """

    data_dir: Path
    max_upload_bytes: int
    on_request: tuple[Tell, ...]
    routes: tuple[RawRoute, ...] = ()
    services: tuple[Service, ...] = ()
    web_threads: int = 16
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    session_cookie: str = "backline_session"
    on_end: tuple[Callable[[], None], ...] = field(default=())


def build_app(wsgi_app: WsgiApp, *, config: FrontConfig) -> "Front":
    """The ASGI application of a web process."""
    return Front(wsgi_app, config)


def _refusal(error: Exception, scope: Scope, request_id: str) -> DomainError:
    if isinstance(error, DomainError):
        return error
    log.error("front.fault", path=scope["path"], request_id=request_id, exc_info=error)
    return ServerFault(request_id=request_id)


class _Watched:
    """One request on its way: forwards the answer, notes its status and length, adds the request id."""

    __slots__ = ("_request_id", "_send", "body_bytes", "status")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0
        self.body_bytes = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._request_id)]
            await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
            return
        self.body_bytes += len(message.get("body", b""))
        await self._send(message)


class Front:
    """Routes requests; see `build_app`."""

    def __init__(self, wsgi_app: WsgiApp, config: FrontConfig) -> None:
        self._config = config
        self._proxies = Proxies(config.trusted_proxies)
        self._hosts = Hosts(config.allowed_hosts)
        self._folder = config.data_dir / "incoming"
        self._limits = BodyLimits(ORDINARY_BYTES, config.max_upload_bytes, config.session_cookie)
        self._bridge = WsgiBridge(wsgi_app, threads=config.web_threads, folder=self._folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request_id = request_id_of(scope)
        watched = _Watched(send, request_id)
        route = self._route_of(scope["path"])
        body = RequestBody(receive)
        try:
            self._proxies.apply(scope)
            self._hosts.check(scope)
            if route is not None:
                await route.app(scope, receive, watched.send)
            else:
                await self._django(scope, body, receive, watched.send, request_id)
        except ClientGone:
            pass  # nobody is there to be answered; the request is still logged below
        except Exception as error:
            if watched.status:
                raise  # the answer has begun: only breaking the connection says that it is not whole
            await refuse_early(body, watched.send, _refusal(error, scope, request_id.decode()))
        finally:
            self._seen(scope, route, watched, request_id, time.perf_counter() - began)

    def _route_of(self, path: str) -> RawRoute | None:
        for route in self._config.routes:
            if path == route.prefix or (route.prefix.endswith("/") and path.startswith(route.prefix)):
                return route
        return None

    async def _django(self, scope: Scope, body: RequestBody, receive: Receive, send: Send, request_id: bytes) -> None:
        spool, size = await take_body(scope, body, limit=self._limits.limit_for(scope), folder=self._folder)
        with spool:
            headers = clean_headers(scope, request_id, content_length=size)
            cleaned = {**scope, "headers": headers}
            await self._bridge(cleaned, spool, receive, send)

    def _seen(self, scope: Scope, route: RawRoute | None, watched: _Watched, request_id: bytes, seconds: float) -> None:
        client = scope["client"]
        seen = RequestSeen(
            route.name if route is not None else DJANGO,
            scope["method"],
            scope["path"],
            watched.status,
            watched.body_bytes,
            seconds,
            client[0] if client else "",
            request_id.decode(),
        )
        for tell in self._config.on_request:
            tell(seen)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with contextlib.AsyncExitStack() as running:
            try:
                for service in self._config.services:
                    await service.start()
                    running.push_async_callback(service.stop)
            except Exception as error:
                log.exception("front.start_failed")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            self._watch_for_the_end()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        self._bridge.shut_down()
        await send({"type": "lifespan.shutdown.complete"})

    def _watch_for_the_end(self) -> None:
        # The server waits for open connections before it tells the application that it ends, and a stream
        # would keep it waiting: so the signal is heard here too, and passed on to the server's own handler.
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()

        def end() -> None:
            for call in self._config.on_end:
                loop.call_soon_threadsafe(call)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _also(end, signal.getsignal(number)))


_Handler = Callable[[int, FrameType | None], object] | int | None


def _also(first: Callable[[], None], then: _Handler) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        first()
        if callable(then):
            then(number, frame)

    return handle
