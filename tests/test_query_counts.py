"""How many queries the pages that everybody opens cost: a fixed number, however many tracks there are.

Each page is measured with one track and with ten. The numbers are those of the test run: beside the page's
own queries they hold the savepoint that stands in for the request's transaction and the switch to the web
role, which `FRAME` counts.
"""

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from backline.core.artists.models import WorldState
from backline.core.artists.testing import make_artist, make_member
from backline.core.catalog.models import Credit, Track
from backline.core.catalog.testing import make_track
from backline.kernel.accounts.models import User

pytestmark = pytest.mark.django_db
Count = DjangoAssertNumQueries

# Begin, take the web role, say who acts; afterwards give the role back, be nobody, commit.
FRAME = 6
# The session's row, who acts now, the account's row.
SIGNED_IN = 3
# The tracks with their artists, their credits, their hooks.
TRACKS = 3


@pytest.fixture(params=[1, 10], ids=["one track", "ten tracks"])
def tracks(request: pytest.FixtureRequest) -> list[Track]:
    """One or ten published tracks of an open world, each with hooks and two credits."""
    artist = make_artist(state=WorldState.PUBLISHED)
    made = [make_track(artist=artist, is_published=True, position=number) for number in range(request.param)]
    for track in made:
        for name in ("Ada", "Bea"):
            Credit.objects.create(track=track, artist=artist, name=name, role="bass")
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_world_for_a_stranger(tracks: list[Track], django_assert_num_queries: Count) -> None:
    world, members = 1, 1

    with django_assert_num_queries(FRAME + TRACKS + world + members):
        response = Client().get(f"/{tracks[0].artist.handle}")

    assert all(track.title in response.content.decode() for track in tracks)


def test_a_world_for_a_member(tracks: list[Track], django_assert_num_queries: Count) -> None:
    member = signed_in(make_member(tracks[0].artist))
    world, members, membership = 1, 1, 1

    with django_assert_num_queries(FRAME + SIGNED_IN + TRACKS + world + members + membership):
        response = member.get(f"/{tracks[0].artist.handle}")

    assert all(track.title in response.content.decode() for track in tracks)


def test_the_list_of_tracks(tracks: list[Track], django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(FRAME + TRACKS):
        response = Client().get("/api/v1/tracks?limit=20")

    assert len(response.json()["items"]) == len(tracks)


def test_a_track_for_a_stranger(tracks: list[Track], django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(FRAME + TRACKS):
        response = Client().get(f"/{tracks[0].artist.handle}/{tracks[0].id}")

    assert tracks[0].title in response.content.decode()


def test_the_studio(tracks: list[Track], django_assert_num_queries: Count) -> None:
    owner = signed_in(tracks[0].artist.owner)
    profile = 1

    with django_assert_num_queries(FRAME + SIGNED_IN + TRACKS + profile):
        response = owner.get("/studio")

    assert all(track.title in response.content.decode() for track in tracks)
