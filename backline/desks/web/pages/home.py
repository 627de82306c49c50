"""The first page: what was published last, and which worlds opened last."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from backline.core.artists.present import artist_view
from backline.core.artists.queries import list_published_artists
from backline.core.catalog.present import track_view
from backline.core.catalog.queries import list_published_tracks
from backline.desks.web.pages.common import page

WORLDS = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Newest hooks, page by page; the newest worlds on the first. For everyone."""
    cursor = request.GET.get("cursor") or None
    tracks = list_published_tracks(cursor=cursor)
    worlds = [] if cursor else list_published_artists(limit=WORLDS).items
    return page(
        request,
        "home.html",
        tracks=[track_view(track, is_owner=False) for track in tracks.items],
        next_cursor=tracks.next_cursor,
        worlds=[artist_view(artist) for artist in worlds],
        is_first=cursor is None,
    )
