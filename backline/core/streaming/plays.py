"""Counting plays: start, thirty seconds, end; each once, each by the one who was given the address.

The right to report a play is a signed token that names it. A milestone that cannot have been reached yet by the clock
(thirty seconds after ten) is not counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import connection
from pydantic import TypeAdapter, ValidationError

from backline.core.streaming.errors import PlayRefused
from backline.core.streaming.models import Milestone, Play
from backline.kernel.kit import signing
from backline.kernel.kit.clock import now

PURPOSE = "streaming.play"
REPORT_WITHIN = timedelta(hours=6)
# Clocks and the buffer of a player may run a little ahead.
SLACK = timedelta(seconds=2)
THIRTY_SECONDS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PlayGrant:
    """A play that may be reported: who hears what, since when, for how long at most (milliseconds)."""

    play_id: UUID
    track_id: UUID
    artist_id: UUID
    user_id: UUID | None
    listener_id: UUID
    is_full: bool
    started_at: datetime
    duration_ms: int


_adapter = TypeAdapter(PlayGrant)


def issue_play_token(grant: PlayGrant, *, secret: str) -> str:
    """The token by which a player reports this play."""
    return signing.sign(_adapter.dump_json(grant), key=signing.key_for(secret, PURPOSE))


def read_play_token(token: str, *, secret: str, at: datetime) -> PlayGrant:
    """The play of a token. Raises PlayRefused for a token that is not ours, or older than six hours."""
    try:
        grant = _adapter.validate_json(signing.verify(token, key=signing.key_for(secret, PURPOSE)))
    except (signing.BadSignature, ValidationError) as error:
        raise PlayRefused from error
    if at > grant.started_at + REPORT_WITHIN:
        raise PlayRefused("This play began too long ago to be reported: ask for a new address")
    return grant


def earliest(milestone: Milestone, grant: PlayGrant) -> datetime:
    """The instant before which a milestone cannot have been reached (a player may run at double speed)."""
    if milestone is Milestone.START:
        return grant.started_at - SLACK
    played = timedelta(milliseconds=grant.duration_ms)
    if milestone is Milestone.THIRTY_SECONDS:
        played = min(played, THIRTY_SECONDS)
        return grant.started_at + played / 2 - SLACK
    # The end may be reached by seeking; it is an end all the same, but not before anything was played.
    return grant.started_at


def count_play(token: str, milestone: Milestone, *, secret: str) -> bool:
    """Count a milestone of a play; True where it was counted now, False where it was before or cannot be yet.

    Raises PlayRefused.
    """
    at = now()
    grant = read_play_token(token, secret=secret, at=at)
    if at < earliest(milestone, grant):
        return False
    play = Play(
        id=uuid5(grant.play_id, milestone.value),
        started_at=grant.started_at,
        play_id=grant.play_id,
        milestone=milestone.value,
        track_id=grant.track_id,
        artist_id=grant.artist_id,
        user_id=grant.user_id,
        listener_id=grant.listener_id,
        is_full=grant.is_full,
        counted_at=at,
    )
    return _insert_once(play)


def _insert_once(play: Play) -> bool:
    fields = list(Play._meta.concrete_fields)
    names = ", ".join(connection.ops.quote_name(field.attname) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Two reports of one milestone carry the same id: the primary key lets one in, whoever comes second adds nothing.
    sql = f"INSERT INTO streaming_play ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(sql, [getattr(play, field.attname) for field in fields])
        return int(cursor.rowcount) == 1
