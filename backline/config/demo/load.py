"""Puts the demo scene into the database, through the same actions that people use.

Loading twice adds nothing, and loading again after being killed adds what is missing: each artist is found by handle
and each track by its title. Rendering and processing use as many processes as there are cores.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from django.db import connection, transaction

from backline.config.demo import covers, scene
from backline.config.demo.files import DemoTrackFile, write_demo_file
from backline.config.demo.scene import ARTISTS, TRACKS, DemoArtist, DemoTrack
from backline.core.artists.actions import ProfileChange, create_artist, publish_world
from backline.core.artists.images import store_image
from backline.core.artists.models import Artist
from backline.core.artists.rules import Link
from backline.core.catalog.actions import processing, tracks, uploads
from backline.core.catalog.actions.tracks import CreditLine, HookChange, TrackChange
from backline.core.catalog.models import CreditRole, Track, TrackStatus
from backline.kernel.accounts.actions import sign_up
from backline.kernel.accounts.models import User
from backline.kernel.kit.conf import conf
from backline.kernel.kit.money import Currency, Money
from backline.kernel.storage.store import incoming_dir

DEMO_PASSWORD = "casset-demo-2026"  # noqa: S105 - printed at every start: the scene is there to be played with
LISTENER_EMAIL = "listener@example.org"


ROLES = {
    scene.CreditRole.COMPOSER: CreditRole.COMPOSER,
    scene.CreditRole.LYRICIST: CreditRole.LYRICIST,
    scene.CreditRole.PERFORMER: CreditRole.PERFORMER,
    scene.CreditRole.PRODUCER: CreditRole.PRODUCER,
    scene.CreditRole.MIXER: CreditRole.MIXING,
    scene.CreditRole.MASTERING: CreditRole.MASTERING,
}


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login to try the platform with."""

    email: str
    password: str
    what: str


def demo_logins() -> list[DemoLogin]:
    """The logins of the demo scene: the artists, and somebody who only listens."""
    artists = [DemoLogin(artist.email, DEMO_PASSWORD, f"{artist.name}, /{artist.handle}") for artist in ARTISTS]
    return [*artists, DemoLogin(LISTENER_EMAIL, DEMO_PASSWORD, "somebody who listens")]


def load_demo(say: Callable[[str], None] = print) -> None:
    """Make the demo scene: accounts, worlds, twelve tracks measured, cut and published."""
    make_account(LISTENER_EMAIL, "Demo Listener")
    for artist in ARTISTS:
        make_world(artist)
    missing = [track for track in TRACKS if not is_published(track)]
    if not missing:
        return
    say(f"Making the demo scene: {len(missing)} tracks are composed, recorded and measured. This is done once.")
    folder = conf().data_dir / "demo"
    cores = os.cpu_count() or 1
    with (
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as studio,
        ThreadPoolExecutor(cores, thread_name_prefix="demo") as desk,
    ):
        # The function that the processes of the studio run must live in a module that needs no Django.
        rendered = [studio.submit(write_demo_file, track, folder) for track in missing]
        done = [desk.submit(_add, track, future) for track, future in zip(missing, rendered, strict=True)]
        for number, (track, future) in enumerate(zip(missing, done, strict=True), 1):
            future.result()
            say(f"  {number:>2}/{len(missing)}  {track.artist.name}: {track.title}")


def _add(track: DemoTrack, rendered: "Future[DemoTrackFile]") -> None:
    try:
        add_track(track, rendered.result().path)
    finally:
        connection.close()


@transaction.atomic
def make_account(email: str, name: str) -> User:
    """The account of that address, made if it is missing."""
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    sign_up(email=email, name=name, password=DEMO_PASSWORD)
    user = User.objects.get(email=email)
    user.emailaddress_set.update(verified=True)
    return user


@transaction.atomic
def make_world(demo: DemoArtist) -> Artist:
    """The artist's published world, made if it is missing."""
    user = make_account(demo.email, demo.name)
    found = Artist.objects.filter(handle=demo.handle).first()
    if found is not None:
        return found
    change = ProfileChange(
        handle=demo.handle,
        name=demo.name,
        bio=demo.bio,
        location=demo.location,
        genres=list(demo.genres),
        links=[Link(link.label, link.url) for link in demo.links],
        price=Money(demo.price_amount, Currency(demo.price_currency)),
        avatar=store_image(covers.draw_avatar(demo)),
        cover=store_image(covers.draw_world_cover(demo)),
    )
    artist = create_artist(user, change)
    publish_world(user, artist)
    return artist


def _find(track: DemoTrack) -> Track | None:
    return Track.objects.filter(artist__handle=track.artist.handle, title=track.title, deleted_at=None).first()


def is_published(track: DemoTrack) -> bool:
    """Whether the track is there and done."""
    found = _find(track)
    return found is not None and found.is_published


def add_track(demo: DemoTrack, path: Path) -> None:
    """Upload, process and publish one track; what a killed run left is taken up where it was."""
    artist = Artist.objects.select_related("owner").get(handle=demo.artist.handle)
    track = _find(demo)
    if track is None:
        with transaction.atomic():
            copy = incoming_dir() / f"demo-{demo.key}-{os.getpid()}"
            copy.unlink(missing_ok=True)
            os.link(path, copy)
            track = uploads.receive_file(artist.owner, artist, copy, filename=path.name, title=demo.title)[0].track
    processing.process_track(track.id)
    track.refresh_from_db()
    if track.status == TrackStatus.FAILED:
        raise RuntimeError(f"{demo.title}: {track.error_detail}")
    hook = HookChange(demo.hook.start_ms, demo.hook.duration_ms) if demo.hook else None
    change = TrackChange(
        lyrics=demo.lyrics_text,
        is_explicit=demo.is_explicit,
        position=demo.number,
        credits=[CreditLine(credit.name, ROLES[credit.role]) for credit in demo.credits],
        hook=hook,
        published=True,
    )
    with transaction.atomic():
        tracks.change_track(artist.owner, track, change)
    processing.cut_hook(track.id)
    path.unlink(missing_ok=True)
