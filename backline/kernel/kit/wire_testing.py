"""For tests only: a raw ASGI application on a real uvicorn (uvloop, httptools) on loopback, and plain ways to talk to it.

What a server does with ranges, hang-ups and slow clients shows only on a real socket.
"""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import uvicorn
from uvicorn._types import ASGIApplication

from backline.kernel.kit.asgi import App

WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as http.client read it; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server that is running on a loopback port."""

    port: int
    loop: asyncio.AbstractEventLoop

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            lines = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, lines, answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A bare connection, for clients that misbehave."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)


@contextmanager
def live_server(app: App, *, lifespan: bool = False) -> Iterator[LiveServer]:
    """Run the application until the block ends; its background tasks are awaited."""
    config = uvicorn.Config(
        cast(ASGIApplication, app),
        host="127.0.0.1",
        port=0,
        log_config=None,
        loop="uvloop",
        http="httptools",
        lifespan="on" if lifespan else "off",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run(), loop_factory=None) if False else _run(config, run))
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        port = server.servers[0].sockets[0].getsockname()[1]
        yield LiveServer(port, loops[0])
    finally:
        server.should_exit = True
        thread.join(WAIT_S)


def _run(config: uvicorn.Config, run: Callable[[], object]) -> None:
    server_loop = config.get_loop_factory()
    loop = server_loop() if server_loop is not None else asyncio.new_event_loop()
    try:
        loop.run_until_complete(run())  # type: ignore[arg-type]
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about. Raises TimeoutError after ten seconds."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)
