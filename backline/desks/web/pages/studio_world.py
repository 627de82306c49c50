"""The form of one's own world: making it, changing it, opening it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from backline.core.artists.actions import change_profile, create_artist
from backline.core.artists.models import Artist, WorldState
from backline.core.artists.present import artist_view
from backline.core.artists.queries import find_artist_of
from backline.desks.web.forms import read_world
from backline.desks.web.pages.common import page, see_other, signed_in
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.kit.errors import Conflict, Malformed, PayloadTooLarge
from backline.kernel.kit.money import Currency


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest) -> HttpResponse:
    """Make or change one's own world. For whoever is signed in."""
    artist = find_artist_of(actor_of(request))
    if request.method != "POST":
        return _form(request, artist, None)
    try:
        saved = _save(request, artist)
    except (Malformed, Conflict, PayloadTooLarge) as error:
        # The action may have set fields of this object before it refused; what is stored is read again.
        return _form(request, find_artist_of(actor_of(request)), error)
    said = "Your world is open to everyone." if saved.state == WorldState.PUBLISHED else "Saved."
    messages.success(request, said)
    return see_other(reverse("web:studio_world"))


def _save(request: HttpRequest, artist: Artist | None) -> Artist:
    user, change = require_user(request), read_world(request.POST, request.FILES)
    return create_artist(user, change) if artist is None else change_profile(user, artist, change)


def _form(
    request: HttpRequest, artist: Artist | None, error: Malformed | Conflict | PayloadTooLarge | None
) -> HttpResponse:
    return page(
        request,
        "studio/world.html",
        status=error.status if error else 200,
        artist=artist_view(artist) if artist else None,
        error=error,
        typed=request.POST if error else None,
        currencies=list(Currency),
        states=list(WorldState),
    )
