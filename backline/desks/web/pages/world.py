"""A world at `/{handle}`: the artist, the tracks, joining and leaving."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from backline.core.artists import actions, queries
from backline.core.artists.models import Artist
from backline.core.artists.present import artist_view
from backline.core.catalog.present import track_view
from backline.core.catalog.queries import list_tracks_of, list_world
from backline.desks.web.pages.common import is_owner, page, see_other
from backline.kernel.accounts.identity import actor_of, require_user

DRAFTS = 50


@require_safe
def world(request: HttpRequest, handle: str) -> HttpResponse:
    """A world as far as the reader may open it; its owner also sees what is not published. For everyone."""
    artist = queries.get_artist(handle)
    if handle != artist.handle:
        return HttpResponsePermanentRedirect(_address(artist))
    owns = is_owner(request, artist)
    actor = actor_of(request)
    drafts = list_tracks_of(artist, actor, limit=DRAFTS).items if owns else []
    return page(
        request,
        "world.html",
        artist=artist_view(artist),
        tracks=[track_view(track, is_owner=owns) for track in list_world(artist)],
        drafts=[track_view(track, is_owner=True) for track in drafts if not track.is_published],
        members=queries.count_members(artist.id),
        is_owner=owns,
        is_member=queries.is_member(artist.id, actor),
    )


@require_POST
def join(request: HttpRequest, handle: str) -> HttpResponse:
    """Join the casset for free. For signed-in listeners."""
    artist = queries.get_artist(handle)
    actions.join_casset(require_user(request), artist)
    messages.success(request, f"You joined {artist.name}: every track plays in full from now on.")
    return see_other(_address(artist))


@require_POST
def leave(request: HttpRequest, handle: str) -> HttpResponse:
    """Leave the casset. For signed-in listeners."""
    artist = queries.get_artist(handle)
    actions.leave_casset(require_user(request), artist)
    messages.info(request, f"You left {artist.name}. The hooks still play.")
    return see_other(_address(artist))


def _address(artist: Artist) -> str:
    return reverse("web:world", kwargs={"handle": artist.handle})
