"""Two hundred worlds with fifty published tracks each: rows as the product writes them, without any sound.

Imported only after Django is set up, as the owner of the database.
"""

from datetime import timedelta

from django.db import connection, transaction

from backline.core.artists.models import Artist, Membership, WorldState
from backline.core.catalog.media.model import Encoding
from backline.core.catalog.models import Credit, CreditRole, Rendition, RenditionScope, Track, TrackStatus
from backline.kernel.accounts.models import User
from backline.kernel.kit.clock import now

ARTISTS, TRACKS_EACH, LISTENERS = 200, 50, 100
COVER = {"300": "c" * 64, "600": "d" * 64}
HOOK_MS, TRACK_MS = 30_000, 200_000


@transaction.atomic
def fill() -> str:
    """Make everything and let Postgres look at it; returns the handle of one world."""
    owners = [User(email=f"artist{number}@example.org", name=f"Artist {number}") for number in range(ARTISTS)]
    listeners = [User(email=f"fan{number}@example.org", name=f"Fan {number}") for number in range(LISTENERS)]
    User.objects.bulk_create(owners + listeners)
    worlds = Artist.objects.bulk_create([make_world(owner, number) for number, owner in enumerate(owners)])
    Membership.objects.bulk_create(Membership(artist=world, user=fan) for world in worlds for fan in listeners)
    # In turns, as they arrive in life: the newest tracks are of many worlds.
    tracks = [make_track(world, number) for number in range(TRACKS_EACH) for world in worlds]
    Track.objects.bulk_create(tracks, batch_size=1000)
    Credit.objects.bulk_create([credit for track in tracks for credit in make_credits(track)], batch_size=1000)
    Rendition.objects.bulk_create([file for track in tracks for file in make_files(track)], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return worlds[0].handle


def make_world(owner: User, number: int) -> Artist:
    """A published world."""
    return Artist(
        owner=owner,
        handle=f"artist{number}",
        name=owner.name,
        bio="Songs from a small room. " * 8,
        cover=COVER,
        state=WorldState.PUBLISHED,
        published_at=now(),
    )


def make_track(world: Artist, number: int) -> Track:
    """A published track."""
    return Track(
        artist=world,
        title=f"Track {number}",
        status=TrackStatus.READY,
        duration_ms=TRACK_MS,
        channels=2,
        sample_rate_hz=44_100,
        hook_start_ms=10_000,
        hook_duration_ms=HOOK_MS,
        suggested_start_ms=10_000,
        suggested_duration_ms=HOOK_MS,
        suggested_reason="The chorus begins here.",
        peaks_sha256="e" * 64,
        position=number,
        is_published=True,
        published_at=now() - timedelta(hours=TRACKS_EACH - number),
    )


def make_credits(track: Track) -> list[Credit]:
    """Who played and who wrote."""
    return [
        Credit(track=track, artist_id=track.artist_id, name=name, role=role, position=position)
        for position, (name, role) in enumerate((("Ada Borg", CreditRole.PERFORMER), ("Bea Clay", CreditRole.COMPOSER)))
    ]


def make_files(track: Track) -> list[Rendition]:
    """The track and its hook in both encodings."""
    return [
        Rendition(
            track=track,
            artist_id=track.artist_id,
            scope=scope,
            encoding=encoding.value,
            sha256="f" * 64,
            size_bytes=1_000_000,
            start_ms=10_000 if scope is RenditionScope.HOOK else 0,
            duration_ms=HOOK_MS if scope is RenditionScope.HOOK else TRACK_MS,
        )
        for scope in RenditionScope
        for encoding in Encoding
    ]
