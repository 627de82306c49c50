"""What artists change about their tracks: words, credits, the hook, and whether the world hears them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from backline.core.artists.gate import GatedAction, pass_gate
from backline.core.artists.models import Artist
from backline.core.artists.rules import BadValue, clean_line, clean_text
from backline.core.catalog import events, rules
from backline.core.catalog.errors import BadHook, BadTrack, TrackNotReady
from backline.core.catalog.media.errors import BadIsrc, BadLyrics
from backline.core.catalog.media.isrc import parse_isrc
from backline.core.catalog.media.lyrics import is_lrc, parse_lrc, plain_of
from backline.core.catalog.models import Credit, CreditRole, Track, TrackStatus
from backline.kernel.accounts.models import User
from backline.kernel.kit.clock import now
from backline.kernel.outbox.facts import publish
from backline.kernel.outbox.jobs import Lane, defer

LYRICS_MAX = 20_000
CLEARABLE = ("number", "year", "cover")
CREDITS_MAX = 100


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A name and what that person did."""

    name: str
    role: CreditRole


@dataclass(frozen=True, slots=True)
class HookChange:
    """The window that strangers may hear; None leaves start or length as they are."""

    start_ms: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TrackChange:
    """The fields of a track to set; None leaves a field as it is, an empty text or a place in `cleared` empties it."""

    title: str | None = None
    album: str | None = None
    genre: str | None = None
    number: int | None = None
    year: int | None = None
    position: int | None = None
    isrc: str | None = None
    lyrics: str | None = None
    is_explicit: bool | None = None
    credits: Sequence[CreditLine] | None = None
    hook: HookChange | None = None
    use_suggested_hook: bool = False
    published: bool | None = None
    cover: dict[str, str] | None = None
    cleared: frozenset[str] = frozenset()  # of CLEARABLE


def next_position(artist: Artist) -> int:
    """The place after the artist's last track."""
    last = Track.objects.filter(artist=artist).aggregate(last=Max("position"))["last"]
    return 1 if last is None else int(last) + 1


def change_track(user: User, track: Track, change: TrackChange) -> Track:
    """Set the given fields. Raises BadTrack, BadHook, TrackNotReady or StepMissing; then nothing has changed.

    A new hook is cut by a job; until it is ready the old one plays.
    """
    # The processing job writes the same row when it ends; without the lock the later of the two would undo the other.
    track = Track.objects.select_for_update().select_related("artist").get(id=track.id)
    _set_words(track, change)
    hook_changed = _set_hook(track, change)
    track.save()
    if change.credits is not None:
        _replace_credits(track, change.credits)
    if hook_changed and track.status == TrackStatus.READY:
        defer("catalog.cut_hook", lane=Lane.MEDIA, lock=f"track:{track.id}", track_id=str(track.id))
    if change.published is True:
        publish_track(user, track)
    elif change.published is False:
        withdraw_track(user, track)
    return track


def publish_track(user: User, track: Track) -> None:
    """Let the world hear the track; once published, nothing happens. Raises TrackNotReady or StepMissing."""
    pass_gate(user, track.artist, GatedAction.PUBLISH_TRACK)
    if track.status != TrackStatus.READY:
        why = (
            "it is still being processed: wait until it is ready"
            if track.status == TrackStatus.PROCESSING
            else (f"processing failed: {track.error_detail}")
        )
        raise TrackNotReady(f"This track cannot be published, {why}", status_of_track=track.status)
    if track.is_published:
        return
    track.is_published = True
    track.published_at = track.published_at or now()
    track.save(update_fields=("is_published", "published_at", "updated_at"))
    publish(events.TrackPublished(track_id=track.id, artist_id=track.artist_id), actor_id=user.id)


def withdraw_track(user: User, track: Track) -> None:
    """Take the track back from the world; it stays in the studio."""
    if not track.is_published:
        return
    track.is_published = False
    track.save(update_fields=("is_published", "updated_at"))
    publish(events.TrackWithdrawn(track_id=track.id, artist_id=track.artist_id), actor_id=user.id)


def delete_track(user: User, track: Track) -> None:
    """Delete the track: it disappears everywhere, its row and its files are kept."""
    withdraw_track(user, track)
    track.deleted_at = now()
    track.save(update_fields=("deleted_at", "updated_at"))


def _set_words(track: Track, change: TrackChange) -> None:
    if change.title is not None:
        track.title = _line("title", change.title, 200)
        track.is_title_given = True
        if not track.title:
            raise BadTrack("title", "give it a title")
    if change.album is not None:
        track.album = _line("album", change.album, 200)
    if change.genre is not None:
        track.genre = _line("genre", change.genre, 60)
    for name in ("number", "year", "position", "is_explicit", "cover"):
        value: Any = getattr(change, name)
        if value is not None:
            setattr(track, name, value)
    for name in CLEARABLE:
        if name in change.cleared and getattr(change, name) is None:
            setattr(track, name, None)
    if change.isrc is not None:
        track.isrc = _isrc(change.isrc)
    if change.lyrics is not None:
        track.lyrics, track.lyrics_lrc = read_lyrics(change.lyrics)


def _line(name: str, text: str, max_length: int) -> str:
    try:
        return clean_line(text, max_length=max_length)
    except BadValue as error:
        raise BadTrack(name, str(error)) from error


def _isrc(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return parse_isrc(text)
    except BadIsrc as error:
        raise BadTrack("isrc", error.detail) from error


def read_lyrics(text: str) -> tuple[str, str]:
    """Lyrics as plain text and, where they carry time stamps, as LRC. Raises BadTrack."""
    try:
        clean = clean_text(text, max_length=LYRICS_MAX)
        if not is_lrc(clean):
            return clean, ""
        return plain_of(parse_lrc(clean)), clean
    except BadValue as error:
        raise BadTrack("lyrics", str(error)) from error
    except BadLyrics as error:
        raise BadTrack("lyrics", error.detail) from error


def _set_hook(track: Track, change: TrackChange) -> bool:
    """Set the wanted window; True where it differs from before."""
    before = (track.hook_start_ms, track.hook_duration_ms)
    if change.use_suggested_hook:
        if track.suggested_start_ms is None:
            raise BadHook("there is no suggestion yet: wait until the track is processed")
        track.hook_start_ms, track.hook_duration_ms = track.suggested_start_ms, track.suggested_duration_ms
    elif change.hook is not None:
        start_ms = change.hook.start_ms if change.hook.start_ms is not None else (track.hook_start_ms or 0)
        duration_ms = change.hook.duration_ms or track.hook_duration_ms or _longest_from(track, start_ms)
        try:
            window = rules.check_hook(start_ms, duration_ms, track_ms=track.duration_ms)
        except rules.HookOutside as error:
            raise BadHook(str(error)) from error
        track.hook_start_ms, track.hook_duration_ms = window.start_ms, window.duration_ms
    return before != (track.hook_start_ms, track.hook_duration_ms)


def _longest_from(track: Track, start_ms: int) -> int:
    left = 30_000 if track.duration_ms is None else track.duration_ms - start_ms
    return min(30_000, left)


def _replace_credits(track: Track, lines: Sequence[CreditLine]) -> None:
    if len(lines) > CREDITS_MAX:
        raise BadTrack("credits", f"at most {CREDITS_MAX}")
    names = [_line("credits", line.name, 120) for line in lines]
    if not all(names):
        raise BadTrack("credits", "a credit needs a name")
    Credit.objects.filter(track=track, deleted_at=None).update(deleted_at=now())
    Credit.objects.bulk_create(
        Credit(track=track, artist_id=track.artist_id, name=name, role=line.role, position=position)
        for position, (name, line) in enumerate(zip(names, lines, strict=True))
    )
