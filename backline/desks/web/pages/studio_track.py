"""The form of one's own track: words, lyrics, credits, the hook, publishing, deleting."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from backline.core.catalog.actions.tracks import change_track, delete_track
from backline.core.catalog.events import studio_topic
from backline.core.catalog.media.model import MAX_HOOK_MS
from backline.core.catalog.models import CreditRole, Track, TrackStatus
from backline.core.catalog.present import track_view
from backline.core.catalog.queries import get_own_track
from backline.core.catalog.rules import MIN_HOOK_MS
from backline.desks.web.forms import read_track
from backline.desks.web.pages.common import page, see_other, signed_in
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.kit.errors import Conflict, Malformed, PayloadTooLarge
from backline.kernel.outbox.live import stream_url

SAID = {
    "save": "Saved.",
    "publish": "Published: everyone with the link hears the hook.",
    "withdraw": "Taken back: only you see this track now.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, track_id: UUID) -> HttpResponse:
    """Change one's own track. For its artist."""
    track = get_own_track(track_id, actor_of(request))
    if request.method != "POST":
        return _form(request, track, None)
    try:
        change_track(require_user(request), track, read_track(request.POST, request.FILES))
    except (Malformed, Conflict, PayloadTooLarge) as error:
        return _form(request, get_own_track(track_id, actor_of(request)), error)
    messages.success(request, SAID.get(request.POST.get("then", "save"), SAID["save"]))
    return see_other(reverse("web:studio_track", kwargs={"track_id": track_id}))


@require_safe
@signed_in
def row(request: HttpRequest, track_id: UUID) -> HttpResponse:
    """One row of the studio's list, as a piece of HTML. For its artist."""
    track = get_own_track(track_id, actor_of(request))
    return page(request, "studio/rows.html", tracks=[track_view(track, is_owner=True)])


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: HttpRequest, track_id: UUID) -> HttpResponse:
    """Ask, then delete one's own track. For its artist."""
    track = get_own_track(track_id, actor_of(request))
    if request.method != "POST":
        return page(request, "studio/delete.html", track=track_view(track, is_owner=True))
    delete_track(require_user(request), track)
    messages.success(request, f'"{track.title}" was deleted.')
    return see_other(reverse("web:studio"))


def _form(request: HttpRequest, track: Track, error: Malformed | Conflict | PayloadTooLarge | None) -> HttpResponse:
    return page(
        request,
        "studio/track.html",
        status=error.status if error else 200,
        track=track_view(track, is_owner=True),
        lyrics=track.lyrics_lrc or track.lyrics,
        is_ready=track.status == TrackStatus.READY,
        error=error,
        typed=request.POST if error else None,
        roles=list(CreditRole),
        shortest_ms=min(MIN_HOOK_MS, track.duration_ms or MIN_HOOK_MS),
        longest_ms=min(MAX_HOOK_MS, track.duration_ms or MAX_HOOK_MS),
        stream=stream_url([studio_topic(track.artist_id)]),
    )
