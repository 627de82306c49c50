"""For tests only: a raw ASGI application on a real uvicorn on loopback, and plain ways to talk to it.

What a server does with ranges, hang-ups and slow clients shows only on a real socket.
"""

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
        cast("ASGIApplication", app),
        host="127.0.0.1",
        port=0,
        log_config=None,
        loop="uvloop",
        http="httptools",
        lifespan="on" if lifespan else "off",
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        port = server.servers[0].sockets[0].getsockname()[1]
        yield LiveServer(port)
    finally:
        server.should_exit = True
        thread.join(WAIT_S)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about. Raises TimeoutError after ten seconds."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)
