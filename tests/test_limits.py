"""The limits of the routes that cost the most, counted to the last request; a refusal changes nothing."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client

from backline.core.catalog.models import Track, Upload
from backline.core.catalog.testing import make_track
from backline.kernel.kit.http import limited_routes
from backline.kernel.kit.limits import RateLimit

pytestmark = pytest.mark.django_db


def play(client: Client, track: Track) -> HttpResponseBase:
    return client.post(f"/api/v1/tracks/{track.id}/play", "{}", content_type="application/json")


def announce(client: Client, track: Track) -> HttpResponseBase:
    return client.post("/api/uploads", headers={"Upload-Length": "1000", "Upload-Metadata": "filename YQ=="})


def send(client: Client, track: Track) -> HttpResponseBase:
    file = SimpleUploadedFile("x.wav", b"nonsense that is no sound" * 10)
    return client.post(f"/api/v1/artists/{track.artist.handle}/tracks", {"file": file})


@pytest.mark.parametrize(
    ("call", "limit", "status"),
    [(play, "limit_play", 200), (announce, "limit_uploads", 201), (send, "limit_uploads", 422)],
)
def test_the_fourth_of_three_is_refused(
    settings: object, call: Callable[[Client, Track], HttpResponseBase], limit: str, status: int
) -> None:
    settings.BACKLINE = settings.BACKLINE.model_copy(update={limit: RateLimit(3, 3600)})  # type: ignore[attr-defined]
    track = make_track(is_published=True)
    client = Client()
    client.force_login(track.artist.owner)

    statuses = [call(client, track).status_code for _ in range(3)]
    uploads = Upload.objects.count()
    refused = call(client, track)

    assert statuses == [status] * 3
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 1200
    assert Upload.objects.count() == uploads


def test_every_route_that_costs_much_has_a_limit() -> None:
    assert {"api:artist_tracks", "upload_create", "web:studio_upload", "api:track_play", "api:play_report"} <= set(
        limited_routes()
    )
