"""A track at `/{handle}/{track_id}`: waveform, lyrics, credits, facts."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from backline.core.artists.queries import is_member
from backline.core.catalog.models import TrackStatus
from backline.core.catalog.present import track_view
from backline.core.catalog.queries import get_track
from backline.desks.web.pages.common import is_owner, page
from backline.kernel.accounts.identity import actor_of


@require_safe
def track(request: HttpRequest, handle: str, track_id: UUID) -> HttpResponse:
    """A track that the reader may see, at its one address. For everyone."""
    found = get_track(track_id)
    if handle != found.artist.handle:
        address = reverse("web:track", kwargs={"handle": found.artist.handle, "track_id": track_id})
        return HttpResponsePermanentRedirect(address)
    owns = is_owner(request, found.artist)
    return page(
        request,
        "track.html",
        track=track_view(found, is_owner=owns),
        is_ready=found.status == TrackStatus.READY,
        is_owner=owns,
        is_member=not owns and is_member(found.artist_id, actor_of(request)),
    )
