import io
import re
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from PIL import Image

from backline.core.artists.models import Artist, Membership, WorldState
from backline.core.artists.rules import RESERVED_HANDLES
from backline.core.artists.testing import make_artist
from backline.core.catalog.models import Credit, Track, TrackStatus
from backline.core.catalog.testing import make_track
from backline.kernel.accounts.models import User
from backline.kernel.accounts.testing import make_user

pytestmark = pytest.mark.django_db


def as_owner(artist: Artist) -> Client:
    client = Client()
    client.force_login(artist.owner)
    return client


def open_artist(**overrides: object) -> Artist:
    return make_artist(state=WorldState.PUBLISHED, owner=make_user(), **overrides)


def picture() -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, "PNG")
    return SimpleUploadedFile("cover.png", buffer.getvalue(), "image/png")


def world_form(**overrides: str) -> dict[str, str]:
    return {
        "handle": "mira",
        "name": "Mira",
        "price": "0",
        "price_currency": "USD",
        "state": "draft",
    } | overrides


def track_form(**overrides: str) -> dict[str, str]:
    return {"title": "Tide", "hook_start": "10.000", "hook_length": "20.000", "then": "save"} | overrides


def text(response: object) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return content.decode()


def test_home_shows_published_tracks_and_worlds_only() -> None:
    artist = open_artist(name="Mira")
    make_track(artist=artist, title="Heard", is_published=True)
    make_track(artist=artist, title="Unheard")
    make_artist(name="Hidden", owner=make_user())

    body = text(Client().get("/"))

    assert body.count("<play-button") == 1
    assert "Heard" in body
    assert "Unheard" not in body
    assert "Hidden" not in body


def test_home_without_music_says_what_will_appear() -> None:
    assert "Nothing has been published yet" in text(Client().get("/"))


def test_home_pages_by_cursor() -> None:
    artist = open_artist()
    for number in range(21):
        make_track(artist=artist, title=f"Song {number}", is_published=True)

    first = text(Client().get("/"))
    link = re.search(r'href="(/\?cursor=[^"]+)"', first)

    assert link is not None
    second = text(Client().get(link[1]))
    assert (first.count("<play-button"), second.count("<play-button")) == (20, 1)
    assert "cursor=" not in second


def test_a_wrong_cursor_is_refused() -> None:
    response = Client().get("/?cursor=nonsense")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "start again without one" in text(response)


def test_a_world_is_found_in_any_case_and_has_one_address() -> None:
    open_artist(handle="mira")

    response = Client().get("/MIRA")

    assert response.status_code == HTTPStatus.MOVED_PERMANENTLY
    assert response.headers["Location"] == "/mira"


@pytest.mark.parametrize("state", [WorldState.DRAFT, WorldState.PRIVATE])
def test_a_world_that_is_not_open_looks_like_none(state: WorldState) -> None:
    artist = make_artist(state=state, owner=make_user(), name="Hidden")
    track = make_track(artist=artist, is_published=True)

    answers = [Client().get(f"/{artist.handle}"), Client().get(f"/{artist.handle}/{track.id}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not any("Hidden" in text(answer) for answer in answers)


def test_the_owner_sees_drafts_and_the_way_to_the_form() -> None:
    artist = make_artist(owner=make_user())
    make_track(artist=artist, title="Unheard")

    body = text(as_owner(artist).get(f"/{artist.handle}"))

    assert "Only you see this world" in body
    assert "Unheard" in body
    assert 'href="/studio/world"' in body


def test_words_of_the_site_are_no_worlds() -> None:
    taken = [word for word in sorted(RESERVED_HANDLES) if _view_at(f"/{word}") == "web:world"]
    shouted = [word for word in sorted(RESERVED_HANDLES) if _view_at(f"/{word.upper()}") == "web:world"]

    assert (taken, shouted) == ([], [])
    assert _view_at("/mira") == "web:world"


def _view_at(address: str) -> str:
    try:
        return resolve(address).view_name
    except Resolver404:
        return ""


def test_nobody_gets_lost_at_an_address_that_is_not_there() -> None:
    response = Client().get("/no-such-world-here/and/deeper")

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert 'href="/"' in text(response)


def test_a_missing_address_of_the_api_is_a_problem_document() -> None:
    response = Client().get("/api/v1/nothing")

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert response.headers["Content-Type"] == "application/problem+json"


def test_joining_and_leaving() -> None:
    artist, listener = open_artist(handle="mira"), make_user()
    client = Client()
    client.force_login(listener)

    joined = client.post("/mira/join")
    page = text(client.get("/mira"))
    left = client.post("/mira/leave")

    assert (joined.status_code, joined.headers["Location"]) == (303, "/mira")
    assert 'action="/mira/leave"' in page
    assert "1 member" in page
    assert left.status_code == HTTPStatus.SEE_OTHER
    assert Membership.objects.filter(artist=artist, left_at=None).count() == 0


def test_joining_needs_a_person() -> None:
    open_artist(handle="mira")

    response = Client().post("/mira/join")

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert "/accounts/login/?next=" in text(response)
    assert Membership.objects.count() == 0


def test_a_track_page_shows_lyrics_credits_and_facts() -> None:
    artist = open_artist(handle="mira", name="Mira")
    track = make_track(
        artist=artist,
        title="Tide",
        is_published=True,
        lyrics="one",
        lyrics_lrc="[00:01.50]one\n[00:03.00]two",
        isrc="USRC17607839",
    )
    Credit.objects.create(track=track, artist=artist, name="Ana", role="producer")

    body = text(Client().get(f"/mira/{track.id}"))

    assert re.findall(r'data-at-ms="(\d+)"', body) == ["1500", "3000"]
    assert "<dt>Producer</dt><dd><bdi>Ana</bdi></dd>" in body
    assert "USRC17607839" in body


def test_a_track_under_another_handle_leads_to_its_own_address() -> None:
    track = make_track(artist=open_artist(handle="mira"), is_published=True)
    open_artist(handle="other")

    response = Client().get(f"/other/{track.id}")

    assert response.headers["Location"] == f"/mira/{track.id}"


def test_text_of_people_is_never_markup() -> None:
    artist = open_artist(handle="mira", name="<b>Mira</b>", bio='"><script>alert(1)</script>')
    make_track(artist=artist, title="<img src=x onerror=alert(1)>", is_published=True)

    body = text(Client().get("/mira"))

    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert "<b>Mira" not in body


@pytest.mark.parametrize(
    "name", ["web:studio", "web:studio_world", "web:settings", "web:studio_rows", "web:studio_stream"]
)
def test_the_studio_asks_strangers_to_sign_in(name: str) -> None:
    response = Client().get(reverse(name))

    assert response.status_code == HTTPStatus.FOUND
    assert response.headers["Location"].startswith("/accounts/login/?next=/")


def test_a_new_account_is_led_to_its_world() -> None:
    client = Client()
    client.force_login(make_user())

    body = text(client.get("/studio"))

    assert "Make your world" in body
    assert "<upload-area" not in body


def test_the_form_makes_a_world_with_pictures() -> None:
    user = make_user()
    client = Client()
    client.force_login(user)

    response = client.post("/studio/world", world_form() | {"cover": picture()})

    artist = Artist.objects.get(owner=user)
    assert response.headers["Location"] == "/studio/world"
    assert (artist.handle, artist.state) == ("mira", WorldState.DRAFT)
    assert artist.cover is not None
    assert sorted(artist.cover) == ["1200", "300", "600", "96"]


def test_a_refused_form_keeps_what_was_typed_and_changes_nothing() -> None:
    open_artist(handle="taken")
    artist = make_artist(handle="mira", owner=make_user(), name="Mira")

    response = as_owner(artist).post("/studio/world", world_form(handle="taken", name="New name", bio="Typed"))

    artist.refresh_from_db()
    body = text(response)
    assert response.status_code == HTTPStatus.CONFLICT
    assert 'value="New name"' in body
    assert "Typed" in body
    assert (artist.handle, artist.name, artist.bio) == ("mira", "Mira", "")


def test_what_is_no_picture_is_refused_in_the_form() -> None:
    artist = make_artist(handle="mira", owner=make_user())

    response = as_owner(artist).post("/studio/world", world_form() | {"cover": SimpleUploadedFile("cover.png", b"no")})

    artist.refresh_from_db()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert artist.cover is None


def test_the_track_form_changes_words_credits_and_hook_and_publishes() -> None:
    artist = open_artist()
    track = make_track(artist=artist)
    form = track_form(hook_start="5.500", hook_length="12", then="publish", isrc="us-rc1-76-07839")

    response = as_owner(artist).post(
        f"/studio/tracks/{track.id}", form | {"credit_name": ["Ana", ""], "credit_role": ["mixing", "other"]}
    )

    track.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (track.title, track.isrc, track.is_published) == ("Tide", "USRC17607839", True)
    assert (track.hook_start_ms, track.hook_duration_ms) == (5500, 12_000)
    assert list(Credit.objects.values_list("name", "role")) == [("Ana", "mixing")]


def test_a_hook_outside_the_track_is_said_and_nothing_changes() -> None:
    artist = open_artist()
    track = make_track(artist=artist, title="Before")

    response = as_owner(artist).post(f"/studio/tracks/{track.id}", track_form(hook_start="55", hook_length="20"))

    track.refresh_from_db()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "the hook ends at 75000 ms" in text(response)
    assert (track.title, track.hook_start_ms) == ("Before", 10_000)


def test_a_failed_track_says_why_and_offers_no_publishing() -> None:
    artist = open_artist()
    track = make_track(
        artist=artist,
        status=TrackStatus.FAILED,
        error_code="truncated",
        error_detail="The file ends too early.",
    )

    body = text(as_owner(artist).get(f"/studio/tracks/{track.id}"))

    assert "The file ends too early. The upload is kept." in body
    assert 'value="publish"' not in body
    assert "<hook-editor" not in body


def test_the_studio_lists_every_track_with_its_state() -> None:
    artist = open_artist()
    make_track(artist=artist, title="One", is_published=True)
    make_track(artist=artist, title="Two")
    make_track(artist=artist, title="Three", status=TrackStatus.PROCESSING)
    client = as_owner(artist)

    states = re.findall(r'class="status" data-is="(\w+)"', text(client.get("/studio/tracks/rows")))

    assert states == ["processing", "draft", "published"]
    assert text(client.get("/studio")).count('class="studio-track"') == 3


def test_tracks_of_others_cannot_be_opened_in_the_studio() -> None:
    track = make_track(artist=open_artist(), title="Before", is_published=True)
    client = as_owner(open_artist())
    paths = [f"/studio/tracks/{track.id}{tail}" for tail in ("", "/row", "/delete")]

    answers = [client.get(path).status_code for path in paths]
    answers += [client.post(paths[0], track_form()).status_code, client.post(paths[2]).status_code]

    track.refresh_from_db()
    assert answers == [403] * 5
    assert (track.title, track.deleted_at) == ("Before", None)


def test_deleting_asks_first() -> None:
    artist = open_artist()
    track = make_track(artist=artist, is_published=True)
    client = as_owner(artist)

    asked = client.get(f"/studio/tracks/{track.id}/delete")
    before = Track.objects.get(id=track.id).deleted_at
    client.post(f"/studio/tracks/{track.id}/delete")

    assert asked.status_code == HTTPStatus.OK
    assert before is None
    assert Track.objects.get(id=track.id).deleted_at is not None
    assert client.get(f"/{artist.handle}/{track.id}").status_code == HTTPStatus.NOT_FOUND


def test_the_plain_form_takes_several_files_and_says_what_became_of_each(wav: bytes) -> None:
    artist = open_artist()
    client = as_owner(artist)
    files = [SimpleUploadedFile("good.wav", wav), SimpleUploadedFile("bad.wav", b"MZ this is a program" * 40)]

    response = client.post("/studio/uploads", {"file": files}, follow=True)

    assert list(Track.objects.values_list("title", "status")) == [("good", TrackStatus.PROCESSING)]
    assert "good.wav arrived" in text(response)
    assert "bad.wav: " in text(response)


def test_every_page_has_a_policy_without_inline_code() -> None:
    response = Client().get("/")

    policy = response.headers["Content-Security-Policy"]
    body = text(response)
    assert "unsafe-inline" not in policy
    assert not re.search(r"\sstyle=", body)
    assert not re.search(r"\son\w+=", body)
    assert re.findall(r"<script(?![^>]*\ssrc=)", body) == []


def test_account_pages_stand_in_the_same_frame() -> None:
    ours, theirs = text(Client().get("/")), text(Client().get("/accounts/login/"))

    for piece in ('class="site-head"', 'id="dock"', 'class="skip"', 'name="csrf-token"', 'id="icon-play"'):
        assert (ours.count(piece), theirs.count(piece)) == (1, 1)


def test_a_fault_of_ours_is_a_page_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("backline.desks.web.pages.home.list_published_tracks", broken)
    client = Client(raise_request_exception=False)

    response = client.get("/")

    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Something broke on our side" in text(response)
    assert "a fault" not in text(response)


def test_a_signed_in_person_finds_the_account_pages() -> None:
    user: User = make_user()
    client = Client()
    client.force_login(user)

    body = text(client.get("/settings"))

    assert user.email in body
    assert 'href="/accounts/sessions"' in body
