"""The JSON edge of playing: ask for an address, report how far a play came."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import BaseModel, Field

from backline.core.catalog.media.model import Encoding
from backline.core.catalog.models import RenditionScope
from backline.core.catalog.queries import get_track
from backline.core.streaming import plays
from backline.core.streaming.access import Listener, open_play
from backline.core.streaming.models import Milestone
from backline.core.streaming.tokens import LISTENER_COOKIE
from backline.kernel.accounts.identity import actor_of
from backline.kernel.kit.api import answers
from backline.kernel.kit.conf import conf

router = Router(tags=["playing"])

COOKIE_AGE_S = 365 * 24 * 3600


class PlayIn(BaseModel):
    """Which encodings the caller can play, the preferred one first; without it, the universal one."""

    formats: Annotated[list[Encoding], Field(max_length=10)] = [Encoding.MP3, Encoding.OPUS_WEBM]


class PlayOut(BaseModel):
    """An address good for about a minute. `start_ms` is where in the track the served sound begins."""

    url: str
    access: Literal["hook", "full"]
    expires_at: datetime
    content_type: str
    start_ms: int
    duration_ms: int
    title: str
    artist: str
    track_url: str
    play: str


class MilestoneIn(BaseModel):
    """How far a play came; `play` is the token that came with the address."""

    play: Annotated[str, Field(max_length=2000)]
    milestone: Milestone


def _listener(request: HttpRequest) -> Listener:
    try:
        known = UUID(request.COOKIES.get(LISTENER_COOKIE, ""))
    except ValueError:
        return Listener(uuid4(), is_bound=False)
    # A program with a bearer token may fetch the bytes with another client than the one that asked.
    return Listener(known, is_bound=not getattr(request, "via_bearer", False))


@router.post(
    "/tracks/{track_id}/play",
    response=answers({200: PlayOut}, 404, 409),
    url_name="track_play",
    summary="An address to play a track from",
)
def play(request: HttpRequest, response: HttpResponse, track_id: UUID, body: PlayIn | None = None) -> PlayOut:
    """Owner and members get the whole track, everyone else the hook."""
    track = get_track(track_id)
    listener = _listener(request)
    found = open_play(actor_of(request), track, listener, (body or PlayIn()).formats)
    response.set_cookie(
        LISTENER_COOKIE,
        str(listener.listener_id),
        max_age=COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    response["Cache-Control"] = "no-store"
    return PlayOut(
        url=found.url,
        access="full" if found.scope is RenditionScope.FULL else "hook",
        expires_at=found.expires_at,
        content_type=found.encoding.content_type,
        start_ms=found.start_ms,
        duration_ms=found.duration_ms,
        title=track.title,
        artist=track.artist.name,
        track_url=f"/{track.artist.handle}/{track.id}",
        play=found.play_token,
    )


@router.post("/plays", response=answers({204: None}, 403), url_name="play_report", summary="Report how far a play came")
def report(request: HttpRequest, body: MilestoneIn) -> Status[None]:
    """Count a milestone of a play, once; one that was counted before, or cannot be reached yet, changes nothing."""
    plays.count_play(body.play, body.milestone, secret=conf().secret_key)
    return Status(204, None)
