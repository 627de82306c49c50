"""What the pages share: rendering, the signed-in account, and how a reader stands to an artist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from backline.core.artists.models import Artist
from backline.kernel.accounts.identity import actor_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """A Jinja2 template of this module as an answer."""
    return render(request, f"web/{template}", context, status=status, using="jinja2")


def see_other(address: str) -> HttpResponse:
    """303 after a form: the browser fetches the next page with GET (RFC 9110, section 15.4.4)."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def signed_in(view: View[P]) -> View[P]:
    """Ask whoever reads the page to sign in first and come back; the answer is never kept by a cache."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method in ("GET", "HEAD") and actor_of(request).is_anonymous:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return never_cache(wrapped)


def is_owner(request: HttpRequest, artist: Artist) -> bool:
    """True where the reader is the artist."""
    actor = actor_of(request)
    return actor.user_id is not None and artist.owner_id == actor.user_id
