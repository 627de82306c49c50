"""The studio's first page: the steps that are left, uploads, and every track with its live status."""

from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from backline.core.artists.errors import StepMissing
from backline.core.artists.gate import Step, checklist
from backline.core.artists.models import Artist
from backline.core.artists.present import artist_view
from backline.core.artists.queries import find_artist_of
from backline.core.catalog.actions.uploads import receive_file
from backline.core.catalog.errors import NoFile
from backline.core.catalog.events import studio_topic
from backline.core.catalog.present import TrackView, track_view
from backline.core.catalog.queries import list_tracks_of
from backline.desks.web.pages.common import page, see_other, signed_in
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.accounts.models import User
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import DomainError
from backline.kernel.kit.paging import Page
from backline.kernel.outbox.live import stream_url

ROWS = 50


@require_safe
@signed_in
def dashboard(request: HttpRequest) -> HttpResponse:
    """Steps, uploads, tracks. For whoever is signed in; uploads need an artist profile."""
    artist = find_artist_of(actor_of(request))
    tracks: Page[TrackView] = Page([], None)
    if artist is not None:
        tracks = _tracks(request, artist, request.GET.get("cursor") or None)
    return page(
        request,
        "studio/dashboard.html",
        artist=artist_view(artist) if artist else None,
        steps=checklist(require_user(request), artist),
        tracks=tracks,
        stream=stream_url([studio_topic(artist.id)]) if artist else "",
        max_bytes=conf().max_upload_bytes,
    )


@require_safe
@signed_in
def rows(request: HttpRequest) -> HttpResponse:
    """The rows of the newest tracks, as a piece of HTML. For the artist."""
    return page(request, "studio/rows.html", tracks=_tracks(request, _own(request), None).items)


@require_safe
@signed_in
def stream(request: HttpRequest) -> HttpResponse:
    """A fresh address of the live stream, as plain text. For the artist."""
    return HttpResponse(stream_url([studio_topic(_own(request).id)]), content_type="text/plain; charset=utf-8")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Files sent without scripts: each becomes a track or says why not. For the artist."""
    user, artist = require_user(request), _own(request)
    files = request.FILES.getlist("file")
    if not files:
        raise NoFile("Choose one or more sound files first.")
    for file in files:
        _receive(request, user, artist, file)
    return see_other(reverse("web:studio"))


def _receive(request: HttpRequest, user: User, artist: Artist, file: "UploadedFile[bytes]") -> None:
    name = file.name or "untitled"
    try:
        with transaction.atomic():  # one refused file must not undo the others
            receive_file(user, artist, _path_of(file), filename=name)
    except DomainError as error:
        messages.error(request, f"{name}: {error.detail}")
    else:
        messages.success(request, f"{name} arrived and is being prepared.")


def _path_of(file: "UploadedFile[bytes]") -> Path:
    """Where Django streamed the file to: always a file, never memory (FILE_UPLOAD_HANDLERS)."""
    if not isinstance(file, TemporaryUploadedFile):
        raise TypeError("uploads are streamed to files")
    file.flush()
    return Path(file.temporary_file_path())


def _own(request: HttpRequest) -> Artist:
    artist = find_artist_of(actor_of(request))
    if artist is None:
        address = reverse("web:studio_world")
        raise StepMissing("Make your artist profile first: a handle and a name", step=Step.PROFILE, step_url=address)
    return artist


def _tracks(request: HttpRequest, artist: Artist, cursor: str | None) -> Page[TrackView]:
    found = list_tracks_of(artist, actor_of(request), cursor=cursor, limit=ROWS)
    return Page([track_view(track, is_owner=True) for track in found.items], found.next_cursor)
