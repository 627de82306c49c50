import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from backline.core.catalog import queries
from backline.core.catalog.actions import tracks
from backline.core.catalog.actions.tracks import CreditLine, HookChange, TrackChange
from backline.core.catalog.errors import BadHook, BadTrack, TrackNotFound, TrackNotReady
from backline.core.catalog.models import CreditRole, Track, TrackStatus
from backline.core.catalog.present import track_view
from backline.core.catalog.testing import make_track
from backline.kernel.kit.errors import DomainError
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db


def jobs(task: str) -> int:
    return ProcrastinateJob.objects.filter(task_name=task).count()


def test_words_are_set_and_cleaned() -> None:
    track = make_track()

    tracks.change_track(
        track.artist.owner,
        track,
        TrackChange(
            title=" Lune\x00 ", isrc="fr-z03-14-00123", lyrics="[00:01.50]One\n[00:03.00]Two", is_explicit=True
        ),
    )

    view = track_view(queries.get_track(track.id), is_owner=True)
    assert (view.title, view.isrc, view.lyrics, view.is_explicit) == ("Lune", "FRZ031400123", "One\nTwo", True)
    assert [(line.at_ms, line.text) for line in view.lyrics_timed] == [(1500, "One"), (3000, "Two")]


def test_a_number_can_be_taken_away_and_is_else_left_alone() -> None:
    track = make_track(number=3, year=2020)
    owner = track.artist.owner

    tracks.change_track(owner, track, TrackChange(title="Same"))
    assert Track.objects.values_list("number", "year").get() == (3, 2020)
    tracks.change_track(owner, track, TrackChange(cleared=frozenset({"number"})))

    assert Track.objects.values_list("number", "year").get() == (None, 2020)


def test_plain_lyrics_stay_plain() -> None:
    track = make_track()

    tracks.change_track(track.artist.owner, track, TrackChange(lyrics="[Chorus]\nLa la"))

    view = track_view(queries.get_track(track.id), is_owner=True)
    assert (view.lyrics, view.lyrics_timed) == ("[Chorus]\nLa la", [])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (TrackChange(title="  "), BadTrack),
        (TrackChange(isrc="nonsense"), BadTrack),
        (TrackChange(lyrics="[00:01]a\nno stamp"), BadTrack),
        (TrackChange(credits=[CreditLine(" ", CreditRole.BASS)]), BadTrack),
        (TrackChange(hook=HookChange(50_000, 20_000)), BadHook),
        (TrackChange(hook=HookChange(0, 30_001)), BadHook),
    ],
)
def test_a_bad_change_changes_nothing(change: TrackChange, error: type[DomainError]) -> None:
    track = make_track(title="Before")

    with pytest.raises(error), transaction.atomic():
        tracks.change_track(track.artist.owner, track, change)

    after = Track.objects.get(id=track.id)
    assert (after.title, after.hook_start_ms, after.isrc) == ("Before", 10_000, "")
    assert jobs("catalog.cut_hook") == 0


def test_a_new_hook_is_cut_by_one_job_and_the_same_hook_by_none() -> None:
    track = make_track()

    tracks.change_track(track.artist.owner, track, TrackChange(hook=HookChange(10_000, 20_000)))
    assert jobs("catalog.cut_hook") == 0
    tracks.change_track(track.artist.owner, track, TrackChange(hook=HookChange(start_ms=40_000)))

    assert jobs("catalog.cut_hook") == 1
    hook = track_view(queries.get_track(track.id), is_owner=True).hook
    assert hook is not None
    assert (hook.start_ms, hook.duration_ms, hook.suggested, hook.is_ready) == (40_000, 20_000, False, False)
    tracks.change_track(track.artist.owner, track, TrackChange(use_suggested_hook=True))
    hook = track_view(queries.get_track(track.id), is_owner=True).hook
    assert hook is not None
    assert (hook.start_ms, hook.suggested, hook.is_ready) == (10_000, True, True)


def test_only_a_ready_track_is_published() -> None:
    track = make_track(status=TrackStatus.PROCESSING)

    with pytest.raises(TrackNotReady), transaction.atomic():
        tracks.change_track(track.artist.owner, track, TrackChange(published=True, title="New"))

    after = Track.objects.get(id=track.id)
    assert (after.is_published, after.title) == (False, track.title)
    assert Fact.objects.count() == 0


def test_publishing_and_withdrawing_are_facts_once_each() -> None:
    track = make_track()
    owner = track.artist.owner

    for published in (True, True, False, False):
        tracks.change_track(owner, track, TrackChange(published=published))

    assert list(Fact.objects.order_by("id").values_list("name", flat=True)) == [
        "catalog.track_published",
        "catalog.track_withdrawn",
    ]


def test_credits_are_replaced_as_a_whole_and_the_old_rows_kept() -> None:
    track = make_track()
    owner = track.artist.owner
    tracks.change_track(owner, track, TrackChange(credits=[CreditLine("Ada", CreditRole.VOCALS)]))

    tracks.change_track(
        owner, track, TrackChange(credits=[CreditLine("Bo", CreditRole.BASS), CreditLine("Ada", CreditRole.PRODUCER)])
    )

    view = track_view(queries.get_track(track.id), is_owner=False)
    assert [(credit.name, credit.role) for credit in view.credits] == [("Bo", "bass"), ("Ada", "producer")]
    assert track.credits.count() == 3


def test_a_deleted_track_is_gone_everywhere_and_its_row_kept() -> None:
    track = make_track(is_published=True)

    tracks.delete_track(track.artist.owner, track)

    with pytest.raises(TrackNotFound):
        queries.get_track(track.id)
    assert queries.list_published_tracks().items == []
    assert Track.objects.get(id=track.id).deleted_at is not None


def test_a_list_costs_three_queries_however_long(django_assert_num_queries: object) -> None:
    artist = make_track(is_published=True).artist
    for _ in range(7):
        make_track(is_published=True, artist=artist)

    with django_assert_num_queries(3):  # type: ignore[operator]
        page = queries.list_published_tracks(limit=5)
        views = [track_view(track, is_owner=False) for track in page.items]

    assert len(views) == 5
    assert page.next_cursor is not None
    rest = queries.list_published_tracks(cursor=page.next_cursor, limit=5)
    assert [len(rest.items), rest.next_cursor] == [3, None]
    assert len({track.id for track in page.items} | {track.id for track in rest.items}) == 8
