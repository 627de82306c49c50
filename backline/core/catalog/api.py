"""The JSON edge of tracks: parse, call one action or query, answer."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile
from pydantic import BaseModel, ConfigDict, Field

from backline.core.artists.images import store_image
from backline.core.artists.queries import get_artist, get_own_artist
from backline.core.catalog import queries
from backline.core.catalog.actions import tracks, uploads
from backline.core.catalog.actions.tracks import CreditLine, HookChange, TrackChange
from backline.core.catalog.models import CreditRole, Track, TrackStatus
from backline.core.catalog.present import TrackView, track_view
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.kit.api import Cursor, Limit, PageOf, answers

router = Router(tags=["tracks"])
artist_router = Router(tags=["tracks"])

Line = Annotated[str, Field(max_length=400)]
Millis = Annotated[int, Field(ge=0, le=24 * 3600 * 1000)]


class CreditIn(BaseModel):
    """A name and what that person did."""

    name: Annotated[str, Field(min_length=1, max_length=400)]
    role: CreditRole


class HookIn(BaseModel):
    """The window everyone may hear, at most 30 000 ms long; what is left out stays as it is."""

    model_config = ConfigDict(extra="ignore")  # a client may send back the hook it was given

    start_ms: Millis | None = None
    duration_ms: Annotated[int, Field(ge=1, le=24 * 3600 * 1000)] | None = None


class TrackPatch(BaseModel):
    """A change of a track. `lyrics` is plain text or LRC. Fields left out stay; null empties `number` and `year`."""

    model_config = ConfigDict(extra="forbid")

    title: Line | None = None
    album: Line | None = None
    genre: Line | None = None
    number: Annotated[int, Field(ge=0, le=9999)] | None = None
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None
    position: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    isrc: Line | None = None
    lyrics: Annotated[str, Field(max_length=60_000)] | None = None
    is_explicit: bool | None = None
    credits: Annotated[list[CreditIn], Field(max_length=200)] | None = None
    hook: HookIn | None = None
    use_suggested_hook: bool = False
    published: bool | None = None


class ReceivedOut(BaseModel):
    """A file that became a track and now waits to be processed."""

    id: UUID
    status: TrackStatus
    name: str


class AcceptedOut(BaseModel):
    """What became of an upload: one track (`id`, `status`), or for a zip one item per sound in it."""

    id: UUID | None = None
    status: TrackStatus | None = None
    name: str | None = None
    items: list[ReceivedOut] | None = None


def _out(request: HttpRequest, track: Track) -> TrackView:
    actor = actor_of(request)
    return track_view(track, is_owner=actor.user_id is not None and track.artist.owner_id == actor.user_id)


@artist_router.get(
    "/{handle}/tracks",
    response=answers({200: PageOf[TrackView]}, 404),
    url_name="artist_tracks",
    summary="An artist's tracks",
)
def list_artist_tracks(
    request: HttpRequest, handle: str, cursor: Query[Cursor] = None, limit: Query[Limit] = 20
) -> PageOf[TrackView]:
    """An artist's tracks, newest first: all of them for the owner, the published ones for others."""
    page = queries.list_tracks_of(get_artist(handle), actor_of(request), cursor=cursor, limit=limit)
    return PageOf(items=[_out(request, track) for track in page.items], next_cursor=page.next_cursor)


@artist_router.post(
    "/{handle}/tracks",
    response=answers({202: AcceptedOut}, 400, 401, 403, 404, 409, 413, 507),
    url_name="artist_upload",
    exclude_none=True,
    summary="Upload a sound file, or a zip of an album",
)
def upload(
    request: HttpRequest, handle: str, file: File[UploadedFile], title: Form[Line | None] = None
) -> Status[AcceptedOut]:
    """Send a sound file or a zip in the field `file`; processing goes on after the answer (see `status`)."""
    user = require_user(request)
    artist = get_own_artist(handle, actor_of(request))
    received = uploads.receive_file(user, artist, _path_of(file), filename=file.name or "untitled", title=title)
    items = [ReceivedOut(id=r.track.id, status=TrackStatus(r.track.status), name=r.name) for r in received]
    if received[0].track.archive_member:
        return Status(202, AcceptedOut(items=items))
    return Status(202, AcceptedOut(id=items[0].id, status=items[0].status, name=items[0].name))


def _path_of(file: UploadedFile) -> Path:
    """Where Django streamed the file to: always a file, never memory (FILE_UPLOAD_HANDLERS)."""
    if not isinstance(file, TemporaryUploadedFile):
        raise TypeError("uploads are streamed to files")
    file.flush()
    return Path(file.temporary_file_path())


@router.get(
    "", response=answers({200: PageOf[TrackView]}), url_name="tracks_list", summary="Published tracks, newest first"
)
def list_tracks(request: HttpRequest, cursor: Query[Cursor] = None, limit: Query[Limit] = 20) -> PageOf[TrackView]:
    """Published tracks of all open worlds, newest first."""
    page = queries.list_published_tracks(cursor=cursor, limit=limit)
    return PageOf(items=[_out(request, track) for track in page.items], next_cursor=page.next_cursor)


@router.get("/{track_id}", response=answers({200: TrackView}, 404), url_name="track_get", summary="One track")
def get_track(request: HttpRequest, track_id: UUID) -> TrackView:
    """A track that the caller may see; its owner sees also what is being processed and why something failed."""
    return _out(request, queries.get_track(track_id))


@router.patch(
    "/{track_id}",
    response=answers({200: TrackView}, 401, 403, 404, 409),
    url_name="track_patch",
    summary="Change a track",
)
def patch_track(request: HttpRequest, track_id: UUID, body: TrackPatch) -> TrackView:
    """Set the given fields of one's own track; a new hook is cut in the background."""
    user = require_user(request)
    track = queries.get_own_track(track_id, actor_of(request))
    tracks.change_track(user, track, _change(body))
    return _out(request, queries.get_track(track_id))


@router.post(
    "/{track_id}/cover",
    response=answers({200: TrackView}, 400, 401, 403, 404, 413, 507),
    url_name="track_cover",
    summary="Set a track's cover",
)
def set_cover(request: HttpRequest, track_id: UUID, file: File[UploadedFile]) -> TrackView:
    """Store a picture (JPEG, PNG, WebP, AVIF or GIF by content) as the track's cover."""
    user = require_user(request)
    track = queries.get_own_track(track_id, actor_of(request))
    tracks.change_track(user, track, TrackChange(cover=store_image(file.read())))
    return _out(request, queries.get_track(track_id))


@router.delete(
    "/{track_id}", response=answers({204: None}, 401, 403, 404), url_name="track_delete", summary="Delete a track"
)
def delete_track(request: HttpRequest, track_id: UUID) -> Status[None]:
    """Delete one's own track: it disappears everywhere."""
    user = require_user(request)
    tracks.delete_track(user, queries.get_own_track(track_id, actor_of(request)))
    return Status(204, None)


def _change(body: TrackPatch) -> TrackChange:
    lines = None if body.credits is None else [CreditLine(credit.name, credit.role) for credit in body.credits]
    hook = None if body.hook is None else HookChange(body.hook.start_ms, body.hook.duration_ms)
    return TrackChange(
        title=body.title,
        album=body.album,
        genre=body.genre,
        number=body.number,
        year=body.year,
        position=body.position,
        isrc=body.isrc,
        lyrics=body.lyrics,
        is_explicit=body.is_explicit,
        credits=lines,
        hook=hook,
        use_suggested_hook=body.use_suggested_hook,
        published=body.published,
        cleared=frozenset(name for name in body.model_fields_set & {"number", "year"} if getattr(body, name) is None),
    )
