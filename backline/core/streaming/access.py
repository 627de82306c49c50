"""Decides who hears what, and turns the decision into an address.

Other modules can widen access (a purchase, a radio pass) by registering a check; none can narrow the owner's. The
answer is one of two: the whole track, or the hook. There is no "nothing" for a track that may be seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backline.core.artists.queries import is_member
from backline.core.catalog.errors import TrackNotReady
from backline.core.catalog.media.model import Encoding
from backline.core.catalog.models import Rendition, RenditionScope, Track, TrackStatus
from backline.core.catalog.queries import list_renditions
from backline.core.streaming.errors import NoSuchEncoding
from backline.core.streaming.plays import PlayGrant, issue_play_token
from backline.core.streaming.tokens import AudioGrant, AudioTokens, RenditionKind
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.ids import instant_of, new_id
from backline.kernel.kit.rows import Actor

ADDRESS_LIFETIME = timedelta(seconds=60)

AccessCheck = Callable[[Actor, Track], bool]
_checks: list[AccessCheck] = []


def register_access_check(check: AccessCheck) -> None:
    """Let a module above say who else hears a whole track. Called in AppConfig.ready."""
    _checks.append(check)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: a session id of the browser, and whether addresses should be tied to that browser's cookie."""

    listener_id: UUID
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Playable:
    """An address to play from, and what it plays."""

    url: str
    scope: RenditionScope
    encoding: Encoding
    expires_at: datetime
    start_ms: int
    duration_ms: int
    play_token: str


def decide_scope(actor: Actor, track: Track) -> RenditionScope:
    """Owner, staff, members and whoever a registered check lets in hear it all; everyone else hears the hook."""
    if actor.user_id is not None and (actor.is_staff or track.artist.owner_id == actor.user_id):
        return RenditionScope.FULL
    if is_member(track.artist_id, actor) or any(check(actor, track) for check in _checks):
        return RenditionScope.FULL
    return RenditionScope.HOOK


def open_play(actor: Actor, track: Track, listener: Listener, encodings: Sequence[Encoding]) -> Playable:
    """An address for the best encoding that the caller can play. Raises TrackNotReady or NoSuchEncoding."""
    if track.status != TrackStatus.READY:
        raise TrackNotReady("This track is still being processed, or failed: look at it in the studio")
    scope = decide_scope(actor, track)
    rendition = _best(list_renditions(track.id, scope), encodings)
    expires_at = now() + ADDRESS_LIFETIME
    encoding = Encoding(rendition.encoding)
    grant = AudioGrant(
        track_id=track.id,
        kind=RenditionKind(scope.value),
        sha256=rendition.sha256,
        size_bytes=rendition.size_bytes,
        content_type=encoding.content_type,
        expires_at=expires_at,
        listener_id=listener.listener_id,
        is_bound=listener.is_bound,
    )
    play_id = new_id()
    play = PlayGrant(
        play_id=play_id,
        track_id=track.id,
        artist_id=track.artist_id,
        user_id=actor.user_id,
        listener_id=listener.listener_id,
        is_full=scope is RenditionScope.FULL,
        started_at=instant_of(play_id),
        duration_ms=rendition.duration_ms,
    )
    return Playable(
        url=AudioTokens(conf().secret_key, conf().nginx_secret).address(grant),
        scope=scope,
        encoding=encoding,
        expires_at=expires_at,
        start_ms=rendition.start_ms,
        duration_ms=rendition.duration_ms,
        play_token=issue_play_token(play, secret=conf().secret_key),
    )


def _best(renditions: Sequence[Rendition], encodings: Sequence[Encoding]) -> Rendition:
    by_encoding = {rendition.encoding: rendition for rendition in renditions}
    for encoding in encodings:
        if encoding.value in by_encoding:
            return by_encoding[encoding.value]
    raise NoSuchEncoding(f"Ask for one of: {', '.join(sorted(by_encoding)) or 'none yet'}")
