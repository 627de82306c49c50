"""Reads of the catalogue. Row security decides what an actor sees; what is not visible is not found."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from backline.core.artists.errors import NotYourWorld
from backline.core.artists.models import Artist
from backline.core.catalog.errors import TrackNotFound
from backline.core.catalog.models import Credit, Rendition, RenditionScope, Track
from backline.kernel.kit.paging import DEFAULT_LIMIT, Page, page_newest_first
from backline.kernel.kit.rows import Actor


def _alive() -> "QuerySet[Track]":
    shown = Prefetch("credits", Credit.objects.filter(deleted_at=None).order_by("position"), to_attr="shown_credits")
    hooks = Prefetch(
        "renditions",
        Rendition.objects.filter(retired_at=None, scope=RenditionScope.HOOK),
        to_attr="current_hooks",
    )
    return Track.objects.filter(deleted_at=None).select_related("artist").prefetch_related(shown, hooks)


def get_track(track_id: UUID) -> Track:
    """A track that the actor may see, with its artist and credits. Raises TrackNotFound."""
    track = _alive().filter(id=track_id).first()
    if track is None:
        raise TrackNotFound
    return track


def get_own_track(track_id: UUID, actor: Actor) -> Track:
    """A track of the actor's own. Raises TrackNotFound, or NotYourWorld for somebody else's visible track."""
    track = get_track(track_id)
    if track.artist.owner_id != actor.user_id:
        raise NotYourWorld("This track belongs to somebody else")
    return track


def list_tracks_of(
    artist: Artist, actor: Actor, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[Track]:
    """An artist's tracks, newest upload first: all of them for the owner, the published ones for others."""
    rows = _alive().filter(artist=artist)
    if artist.owner_id != actor.user_id:
        rows = rows.filter(is_published=True)
    return page_newest_first(rows, by="created_at", cursor=cursor, limit=limit)


def list_world(artist: Artist) -> list[Track]:
    """What a world plays, in the artist's order: its published tracks, at most 200."""
    return list(_alive().filter(artist=artist, is_published=True).order_by("position", "id")[:200])


def list_published_tracks(*, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Track]:
    """Published tracks of all worlds that the actor may open, newest first."""
    return page_newest_first(_alive().filter(is_published=True), by="published_at", cursor=cursor, limit=limit)


def list_renditions(track_id: UUID, scope: RenditionScope) -> list[Rendition]:
    """The current files of a track in one scope, as far as the actor may know of them."""
    return list(Rendition.objects.filter(track_id=track_id, scope=scope, retired_at=None))
