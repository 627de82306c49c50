"""Reads of profiles. Row security decides what an actor sees; what is not visible is not found."""

from uuid import UUID

from backline.core.artists.errors import ArtistNotFound, NotYourWorld
from backline.core.artists.models import Artist, Membership, WorldState
from backline.kernel.kit.paging import DEFAULT_LIMIT, Page, page_newest_first
from backline.kernel.kit.rows import Actor


def get_artist(handle: str) -> Artist:
    """The world at a handle. Raises ArtistNotFound where there is none that the actor may see."""
    artist = find_artist(handle)
    if artist is None:
        raise ArtistNotFound(f"There is no world at /{handle[:60]} that you may open")
    return artist


def find_artist(handle: str) -> Artist | None:
    """The world at a handle, if the actor may see it."""
    if "\x00" in handle:
        return None
    return Artist.objects.filter(handle=handle.lower(), deleted_at=None).first()


def get_own_artist(handle: str, actor: Actor) -> Artist:
    """The world at a handle, which must be the actor's. Raises ArtistNotFound or NotYourWorld."""
    artist = get_artist(handle)
    if artist.owner_id != actor.user_id:
        raise NotYourWorld
    return artist


def find_artist_of(actor: Actor) -> Artist | None:
    """The actor's own profile."""
    if actor.user_id is None:
        return None
    return Artist.objects.filter(owner_id=actor.user_id, deleted_at=None).first()


def is_member(artist_id: UUID, actor: Actor) -> bool:
    """True where the actor has joined the casset and not left it."""
    if actor.user_id is None:
        return False
    return Membership.objects.filter(artist_id=artist_id, user_id=actor.user_id, left_at=None).exists()


def count_members(artist_id: UUID) -> int:
    """How many members a casset has: counted by the database for everyone, without showing who they are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT artists_count_members(%s)", [artist_id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def list_published_artists(*, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Artist]:
    """Published worlds, newest first."""
    rows = Artist.objects.filter(state=WorldState.PUBLISHED, deleted_at=None)
    return page_newest_first(rows, by="published_at", cursor=cursor, limit=limit)
