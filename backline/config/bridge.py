"""Django runs as WSGI in a few threads, and a thread works for a request only while Python does.

The request's body is there before the thread starts (`spool.py`), and the thread leaves the whole answer
behind, in memory or in a file without a name, before the first byte goes to the client: slow clients wait
on the event loop. a2wsgi builds the WSGI environment; its own responder is not used, because there a client
that reads slowly holds its thread, one that disappears can hold it for ever, and every piece of the answer
costs two hops between the thread and the loop.
"""

import asyncio
import contextvars
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, cast

from a2wsgi.asgi_typing import HTTPScope
from a2wsgi.wsgi import Body, build_environ

from backline.kernel.kit.asgi import ClientGone, Headers, Message, Receive, Scope, Send, hung_up
from backline.kernel.kit.errors import Unavailable

MEMORY_BYTES: Final = 1024 * 1024
CHUNK_BYTES: Final = 256 * 1024
STALL_S: Final = 120.0
MOST_WAITING: Final = 512

_WITHOUT_LENGTH: Final = frozenset({204, 304})
_HOP_BY_HOP: Final = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"})

Environ = dict[str, object]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
WsgiApp = Callable[[Environ, "StartResponse"], Iterable[bytes]]


class StartResponse(Protocol):
    """What a WSGI application calls to begin its answer (PEP 3333)."""

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """Note the status and headers."""
        ...


class Crowded(Unavailable):
    """More requests wait for a thread than could be answered in reasonable time."""

    code = "crowded"
    title = "The server has too much to do: try again in a moment"


class _Answer:
    """A whole answer: status, headers, and a body that lies in memory or in a nameless file."""

    def __init__(self, folder: Path) -> None:
        self.status = 0
        self.headers: Headers = []
        # Closed by whoever has the answer last: the thread if the application fails, else the sender.
        self.body = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        self.size_bytes = 0

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        # With exc_info the application replaces what it said before; nothing was sent, so that is always
        # possible.
        self.status = int(status.split(" ", 1)[0])
        lines = [(name.strip().lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.headers = [line for line in lines if line[0] not in _HOP_BY_HOP]
        return self.body.write

    def finish(self) -> None:
        self.size_bytes = self.body.tell()
        self.body.seek(0)


class WsgiBridge:
    """Runs a WSGI application in at most `threads` threads."""

    def __init__(self, app: WsgiApp, *, threads: int, folder: Path) -> None:
        self._app = app
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._waiting = 0
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="wsgi")

    async def __call__(self, scope: Scope, body: BinaryIO, receive: Receive, send: Send) -> None:
        """Answer one request whose body is complete. Raises Crowded, ClientGone, what the application
        raises.
        """
        if self._waiting >= MOST_WAITING:
            raise Crowded
        run = contextvars.copy_context().run
        self._waiting += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, run, self._run, scope, body)
        finally:
            self._waiting -= 1
        with answer.body:
            await _send_answer(scope, receive, send, answer)

    def shut_down(self) -> None:
        """Take no more requests; those being worked on end in their threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, scope: Scope, body: BinaryIO) -> _Answer:
        environ = cast("Environ", build_environ(cast("HTTPScope", scope), cast("Body", body)))
        environ |= {"wsgi.errors": sys.stderr, "wsgi.input_terminated": True}
        answer = _Answer(self._folder)
        try:
            result = self._app(environ, answer.start)
            try:
                for chunk in result:
                    answer.body.write(chunk)
            finally:
                # Django hears by this that the request is over, and gives its database connection back.
                getattr(result, "close", _nothing)()
            answer.finish()
        except BaseException:
            answer.body.close()
            raise
        return answer


async def _send_answer(scope: Scope, receive: Receive, send: Send, answer: _Answer) -> None:
    headers = answer.headers
    is_bodiless = scope["method"] == "HEAD" or answer.status in _WITHOUT_LENGTH
    if not is_bodiless and all(name != b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", b"%d" % answer.size_bytes)]
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    if is_bodiless or answer.size_bytes <= CHUNK_BYTES:
        await send(start)
        await send({"type": "http.response.body", "body": b"" if is_bodiless else answer.body.read()})
    else:
        await _send_long(receive, send, start, answer)


async def _send_long(receive: Receive, send: Send, start: Message, answer: _Answer) -> None:
    gone = asyncio.ensure_future(hung_up(receive))
    try:
        await send(start)
        piece = await asyncio.to_thread(answer.body.read, CHUNK_BYTES)
        while piece and not gone.done():
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await asyncio.to_thread(answer.body.read, CHUNK_BYTES)
        if gone.done():
            raise ClientGone
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError as error:
        raise ClientGone from error
    finally:
        gone.cancel()


def _nothing() -> None:
    return None
