"""The permission table is complete and true: every route is in it, and nobody gets more than it says."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from backline.config.api import api
from backline.config.permissions import API, PAGES, REDIRECTS, SIGNING_IN, STAFF_PREFIXES, Access
from backline.core.artists.models import Artist, Membership
from backline.core.artists.testing import make_artist, make_user
from backline.core.catalog.models import Credit, Track, Upload
from backline.core.catalog.testing import make_track
from backline.kernel.accounts.models import Role, User
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db


def routes(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, address, space + (f"{entry.namespace}:" if entry.namespace else ""))
        else:
            assert isinstance(entry, URLPattern)
            yield address, space + str(entry.name)


def operations() -> set[tuple[str, str]]:
    return {
        (method, str(operation.url_name))
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
        for method in operation.methods
    }


def test_every_operation_of_the_api_is_in_the_table_and_no_other() -> None:
    assert operations() == set(API)


def test_every_address_is_in_the_table_and_no_other() -> None:
    in_api = {f"api:{name}" for _, name in API}
    found = {
        name
        for address, name in routes(get_resolver())
        if not address.startswith(STAFF_PREFIXES) and address not in REDIRECTS and name not in in_api
    }

    assert found == set(PAGES) | SIGNING_IN


ADDRESSES = {
    "auth_sign_out_everywhere": "/api/v1/auth/sign-out-everywhere",
    "auth_me": "/api/v1/auth/me",
    "artists_create": "/api/v1/artists",
    "artist_patch": "/api/v1/artists/{handle}",
    "artist_image": "/api/v1/artists/{handle}/images/cover",
    "artist_publish": "/api/v1/artists/{handle}/publish",
    "artist_join": "/api/v1/artists/{handle}/join",
    "artist_leave": "/api/v1/artists/{handle}/leave",
    "artist_upload": "/api/v1/artists/{handle}/tracks",
    "track_patch": "/api/v1/tracks/{track}",
    "track_delete": "/api/v1/tracks/{track}",
    "track_cover": "/api/v1/tracks/{track}/cover",
}
BODIES: dict[str, dict[str, Any]] = {
    "artists_create": {"handle": "mallory", "name": "Mallory"},
    "artist_patch": {"name": "Mallory was here"},
    "track_patch": {"title": "Mallory was here"},
}
WITH_FILE = ("artist_image", "artist_upload", "track_cover")


def call(client: Client, method: str, name: str, track: Track) -> int:
    address = ADDRESSES[name].format(handle=track.artist.handle, track=track.id)
    if name in WITH_FILE:
        file = SimpleUploadedFile("x.wav", b"RIFF0000WAVEfmt ")
        return int(client.post(address, {"file": file}).status_code)
    body = json.dumps(BODIES.get(name, {}))
    return int(client.generic(method, address, body, content_type="application/json").status_code)


def world() -> tuple[object, ...]:
    """Everything that a refused call must leave as it was."""
    return (
        list(Artist.objects.order_by("id").values_list("id", "name", "state", "cover")),
        list(Track.objects.order_by("id").values_list("id", "title", "is_published", "deleted_at", "cover")),
        Membership.objects.count(),
        Upload.objects.count(),
        Credit.objects.count(),
        Fact.objects.count(),
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("method", "name"), [key for key, access in API.items() if access is not Access.ANYONE])
def test_nobody_in_particular_is_asked_to_sign_in(method: str, name: str) -> None:
    track = make_track(is_published=True)
    before = world()

    assert call(Client(), method, name, track) == 401
    assert world() == before


@pytest.mark.parametrize(("method", "name"), [key for key, access in API.items() if access is Access.OWNER])
@pytest.mark.parametrize("who", ["stranger", "artist", "moderator"])
@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_somebody_elses_is_refused_and_hidden_if_it_is_not_open(
    method: str, name: str, who: str, is_open: bool
) -> None:
    track = make_track(is_published=True) if is_open else make_track(artist=make_artist())
    user = {
        "stranger": lambda: make_user(),
        "artist": lambda: make_artist().owner,
        "moderator": lambda: make_user(roles=[Role.MODERATOR]),
    }[who]()
    before = world()

    status = call(signed_in(user), method, name, track)

    assert status == (403 if is_open or who == "moderator" else 404)
    assert world() == before


def page_address(name: str, track: Track) -> str:
    fixed = {
        "web:settings": "/settings",
        "web:studio": "/studio",
        "web:studio_stream": "/studio/stream",
        "web:studio_upload": "/studio/uploads",
        "web:studio_world": "/studio/world",
        "web:studio_rows": "/studio/tracks/rows",
        "web:studio_track": f"/studio/tracks/{track.id}",
        "web:studio_row": f"/studio/tracks/{track.id}/row",
        "web:studio_delete": f"/studio/tracks/{track.id}/delete",
        "web:join": f"/{track.artist.handle}/join",
        "web:leave": f"/{track.artist.handle}/leave",
        "upload_create": "/api/uploads",
        "mfa_remove_webauthn": "/accounts/2fa/webauthn/keys/1/remove/",
        "mfa_edit_webauthn": "/accounts/2fa/webauthn/keys/1/edit/",
    }
    return fixed.get(name) or reverse(name)


POST_ONLY = ("web:studio_upload", "web:studio_delete", "web:join", "web:leave", "upload_create")
SIGNED_IN_PAGES = [name for name, access in PAGES.items() if access in (Access.SIGNED_IN, Access.OWNER, Access.ARTIST)]


@pytest.mark.parametrize("name", SIGNED_IN_PAGES)
def test_pages_of_ones_own_lead_to_sign_in_first(name: str) -> None:
    track = make_track(is_published=True)
    before = world()
    client = Client()

    address = page_address(name, track)
    response = client.post(address) if name in POST_ONLY else client.get(address)

    if name in POST_ONLY:
        assert response.status_code in (401, 403)
    else:
        assert response.status_code in (302, 303)
        assert response["Location"].startswith("/accounts/login/")
    assert world() == before


@pytest.mark.parametrize("name", [name for name, access in PAGES.items() if access is Access.OWNER])
def test_pages_of_somebody_elses_track_are_refused(name: str) -> None:
    track = make_track(is_published=True)
    client = signed_in(make_artist().owner)
    before = world()

    address = page_address(name, track)
    response = client.post(address) if name in POST_ONLY else client.get(address)

    assert response.status_code == 403
    assert world() == before


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/outbox/fact/", "/admin/catalog/track/"])
def test_the_admin_is_for_staff(path: str) -> None:
    assert Client().get(path).status_code == 302
    assert signed_in(make_artist().owner).get(path).status_code in (302, 403, 404)
    assert signed_in(make_user(roles=[Role.ADMIN])).get(path).status_code == 200


def test_what_is_local_is_hidden_from_afar() -> None:
    for path in ("/metrics", "/mailbox"):
        assert Client().get(path, REMOTE_ADDR="127.0.0.1").status_code == 200
        assert Client().get(path, REMOTE_ADDR="203.0.113.9").status_code == 404
        assert Client().get(path, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404


def test_what_is_not_there_looks_like_what_may_not_be_seen() -> None:
    hidden = make_track(artist=make_artist())

    for path in (f"/api/v1/tracks/{hidden.id}", f"/api/v1/tracks/{uuid4()}", f"/api/v1/artists/{hidden.artist.handle}"):
        response = Client().get(path)
        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert Client().get(f"/{hidden.artist.handle}").status_code == 404
    play = f"/api/v1/tracks/{hidden.id}/play"
    assert Client().post(play, "{}", content_type="application/json").status_code == 404
