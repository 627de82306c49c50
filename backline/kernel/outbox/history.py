"""What a live page missed while it was away: the fact log itself, read topic by topic.

Ids are made before their transaction commits, so a fact can become visible after a later one was heard. Reading begins
a few seconds before the last event that the page names; a page may hear a fact twice and must not mind.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import close_old_connections, connection, transaction

from backline.kernel.kit.ids import instant_of
from backline.kernel.kit.rows import ANYBODY, act_as
from backline.kernel.outbox.models import Fact
from backline.kernel.outbox.sse import Event

OVERLAP = timedelta(seconds=5)


class FactHistory:
    """The history that `sse.StreamApp` asks, in a thread, with a connection that it gives back at once."""

    async def missed_since(self, topics: Sequence[str], last_event_id: str, *, limit: int) -> list[Event]:
        """The first `limit` facts of these topics since shortly before that event, oldest first."""
        return await asyncio.to_thread(_read, tuple(topics), last_event_id, limit)


def _read(topics: tuple[str, ...], last_event_id: str, limit: int) -> list[Event]:
    try:
        since = instant_of(UUID(last_event_id)) - OVERLAP
    except ValueError:
        return []
    close_old_connections()
    try:
        found = [event for topic in topics for event in _facts_of(topic, since, limit) if event.id != last_event_id]
    finally:
        connection.close()
    return sorted(found, key=lambda event: event.id)[:limit]


def _facts_of(topic: str, since: object, limit: int) -> list[Event]:
    with transaction.atomic(), act_as(ANYBODY), connection.cursor() as cursor:
        # The policy of the fact log shows a topic's facts to whoever says that it listens to that topic; the signed
        # token of the stream is what entitles it to say so.
        cursor.execute("SELECT set_config('backline.topic', %s, true)", [topic])
        rows = Fact.objects.filter(topic=topic, occurred_at__gte=since).order_by("id")[:limit]
        return [Event(id=str(row.id), topic=row.topic, name=row.name, data=row.data) for row in rows]
