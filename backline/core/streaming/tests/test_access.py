from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backline.core.artists.testing import make_member, make_user
from backline.core.catalog.errors import TrackNotReady
from backline.core.catalog.media.model import Encoding
from backline.core.catalog.models import Rendition, RenditionScope, Track, TrackStatus
from backline.core.catalog.testing import make_track
from backline.core.streaming import plays
from backline.core.streaming.access import Listener, Playable, decide_scope, open_play
from backline.core.streaming.errors import NoSuchEncoding, PlayRefused
from backline.core.streaming.models import Milestone, Play
from backline.core.streaming.tokens import AudioTokens, RenditionKind
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.rows import ANYBODY, Actor

pytestmark = pytest.mark.django_db

BOTH = (Encoding.OPUS_WEBM, Encoding.MP3)


def open_for(actor: Actor, track: Track) -> Playable:
    return open_play(actor, track, Listener(uuid4(), is_bound=False), BOTH)


def test_who_hears_what() -> None:
    track = make_track(is_published=True)
    member = make_member(track.artist)

    assert decide_scope(ANYBODY, track) is RenditionScope.HOOK
    assert decide_scope(Actor(make_user().id), track) is RenditionScope.HOOK
    assert decide_scope(Actor(member.id), track) is RenditionScope.FULL
    assert decide_scope(Actor(track.artist.owner_id), track) is RenditionScope.FULL
    assert decide_scope(Actor(make_user().id, is_staff=True), track) is RenditionScope.FULL


def test_a_strangers_address_names_the_file_of_the_hook() -> None:
    track = make_track(is_published=True)

    found = open_for(ANYBODY, track)

    token = found.url.split("token=")[1]
    grant = AudioTokens(conf().secret_key).read(token, track_id=track.id, at=now())
    hook = Rendition.objects.get(track=track, scope="hook", encoding="opus_webm")
    assert (grant.kind, grant.sha256, grant.size_bytes) == (RenditionKind.HOOK, hook.sha256, hook.size_bytes)
    assert timedelta(seconds=55) < found.expires_at - now() <= timedelta(seconds=60)
    assert (found.start_ms, found.duration_ms) == (10_000, 20_000)


def test_the_first_encoding_that_the_caller_can_play_is_given() -> None:
    track = make_track(is_published=True)
    listener = Listener(uuid4(), is_bound=False)

    assert open_play(ANYBODY, track, listener, (Encoding.MP3, Encoding.OPUS_WEBM)).encoding is Encoding.MP3
    with pytest.raises(NoSuchEncoding):
        open_play(ANYBODY, track, listener, ())


def test_a_track_in_processing_has_no_address() -> None:
    track = make_track(status=TrackStatus.PROCESSING)

    with pytest.raises(TrackNotReady):
        open_for(Actor(track.artist.owner_id), track)


def test_each_milestone_is_counted_once() -> None:
    track = make_track(is_published=True)
    token = open_for(ANYBODY, track).play_token
    secret = conf().secret_key

    counted = [plays.count_play(token, Milestone.START, secret=secret) for _ in range(3)]

    assert counted == [True, False, False]
    play = Play.objects.get()
    assert (play.track_id, play.artist_id, play.milestone, play.is_full, play.user_id) == (
        track.id,
        track.artist_id,
        "start",
        False,
        None,
    )


def test_thirty_seconds_cannot_have_passed_at_once() -> None:
    track = make_track(is_published=True)
    token = open_for(ANYBODY, track).play_token

    assert plays.count_play(token, Milestone.THIRTY_SECONDS, secret=conf().secret_key) is False
    assert Play.objects.count() == 0


def test_a_play_of_ones_own_making_is_refused() -> None:
    token = open_for(ANYBODY, make_track(is_published=True)).play_token
    for bad in (token[:-2], "x.y", ""):
        with pytest.raises(PlayRefused):
            plays.count_play(bad, Milestone.START, secret=conf().secret_key)
    with pytest.raises(PlayRefused, match="too long ago"):
        plays.read_play_token(token, secret=conf().secret_key, at=datetime.now(UTC) + timedelta(hours=7))

    assert Play.objects.count() == 0
