"""One connection per process hears the database's notifications and feeds the hub; no page holds one.

Notifications sent while the connection is down are lost, so after every reconnection all streams are let
go: their pages come back at once and ask for what they missed.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, Protocol, cast

import orjson
import psycopg
import structlog
from psycopg import sql

from backline.kernel.outbox.sse import Event, Hub

CHANNEL: Final = "backline_facts"
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0

log = structlog.get_logger("outbox.listener")


class Notice(Protocol):
    """What Postgres says to those who LISTEN."""

    @property
    def payload(self) -> str:
        """The text that was sent along."""
        ...


class Connection(Protocol):
    """The part of psycopg.AsyncConnection that is needed here."""

    async def execute(self, query: sql.SQL, /) -> object:
        """Run a statement."""
        ...

    def notifies(self) -> AsyncGenerator[Notice, None]:
        """Wait for notifications, for ever."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


Connect = Callable[[], Awaitable[Connection]]


def connect_to(database_url: str) -> Connect:
    """A way to open the listening connection; TCP keepalives notice a database that went away silently."""

    async def connect() -> Connection:
        opened = await psycopg.AsyncConnection.connect(
            database_url,
            autocommit=True,
            application_name="backline listener",
            connect_timeout=10,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
        return cast("Connection", opened)

    return connect


class FactListener:
    """Listens from `start` to `stop`, reconnecting with growing pauses."""

    def __init__(self, hub: Hub, connect: Connect, *, first_wait_s: float = FIRST_WAIT_S) -> None:
        self._hub = hub
        self._connect = connect
        self._first_wait_s = first_wait_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen in the background; the process starts also while the database is away."""
        self._task = asyncio.create_task(self._listen_forever(), name="outbox.listener")

    async def stop(self) -> None:
        """Stop listening and end every stream."""
        self._hub.let_go()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen_forever(self) -> None:
        wait_s = self._first_wait_s
        while True:
            try:
                connection = await self._connect()
                try:
                    await connection.execute(sql.SQL(f"LISTEN {CHANNEL}"))
                    self._hub.let_go()
                    wait_s = self._first_wait_s
                    await self._feed(connection)
                finally:
                    await connection.close()
            except (psycopg.Error, OSError) as error:
                log.warning("outbox.listener_lost", error=str(error).strip(), again_in_s=wait_s)
            # Spread out, so that many processes do not all knock at the moment a database comes back.
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret depends on it
            wait_s = min(LONGEST_WAIT_S, wait_s * 2)

    async def _feed(self, connection: Connection) -> None:
        async for notice in connection.notifies():
            event = read_notice(notice.payload)
            if event is None:
                log.error("outbox.notice_unreadable", payload=notice.payload[:200])
            else:
                self._hub.publish(event)


def read_notice(payload: str) -> Event | None:
    """The event in a payload, JSON of id, topic, name and data; None where it is something else."""
    try:
        said = orjson.loads(payload)
        return Event(id=str(said["id"]), topic=str(said["topic"]), name=str(said["name"]), data=said["data"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
