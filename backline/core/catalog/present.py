"""A track as the outside sees it: the one shape that the API's JSON and the pages share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from backline.core.artists.images import image_url
from backline.core.catalog.media.lyrics import parse_lrc
from backline.core.catalog.models import Track, TrackStatus
from backline.kernel.kit.conf import conf
from backline.kernel.storage.store import media_signer


class ProblemView(BaseModel):
    """Why processing failed: a code for programs, a sentence that says what to do."""

    code: str
    detail: str


class ArtistRef(BaseModel):
    """The artist of a track."""

    handle: str
    name: str


class CreditView(BaseModel):
    """Who did what."""

    name: str
    role: str


class LyricLine(BaseModel):
    """A line of the lyrics and when it is sung, in milliseconds from the start."""

    at_ms: int
    text: str


class HookView(BaseModel):
    """The window everyone may hear. `is_ready` is false while it is being cut; until then the one before plays."""

    start_ms: int
    duration_ms: int
    suggested: bool
    reason: str | None
    is_ready: bool


class SuggestionView(BaseModel):
    """The window that the machine would choose, and why, in plain words."""

    start_ms: int
    duration_ms: int
    reason: str


class TrackView(BaseModel):
    """A track. Times in milliseconds, loudness in LUFS (EBU R128), true peak in dBTP; null: not known."""

    id: UUID
    status: TrackStatus
    error: ProblemView | None
    title: str
    artist: ArtistRef
    album: str
    number: int | None
    year: int | None
    genre: str
    isrc: str | None
    lyrics: str
    lyrics_timed: list[LyricLine]
    is_explicit: bool
    credits: list[CreditView]
    channels: int | None
    sample_rate_hz: int | None
    duration_ms: int | None
    loudness_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None
    hook: HookView | None
    suggestion: SuggestionView | None
    peaks_url: str | None
    peaks_detail_url: str | None
    cover_url: str | None
    source_name: str | None
    source_codec: str
    position: int
    published: bool
    published_at: datetime | None
    created_at: datetime
    url: str


def track_view(track: Track, *, is_owner: bool) -> TrackView:
    """The track as the owner or as everyone else sees it. `track` comes from `queries`, with credits and hooks."""
    shown_credits: list[Any] = getattr(track, "shown_credits", [])
    return TrackView(
        id=track.id,
        status=TrackStatus(track.status),
        error=ProblemView(code=track.error_code, detail=track.error_detail) if track.status == "failed" else None,
        title=track.title,
        artist=ArtistRef(handle=track.artist.handle, name=track.artist.name),
        album=track.album,
        number=track.number,
        year=track.year,
        genre=track.genre,
        isrc=track.isrc or None,
        lyrics=track.lyrics,
        lyrics_timed=_timed(track),
        is_explicit=track.is_explicit,
        credits=[CreditView(name=credit.name, role=credit.role) for credit in shown_credits],
        channels=track.channels,
        sample_rate_hz=track.sample_rate_hz,
        duration_ms=track.duration_ms,
        loudness_lufs=track.loudness_lufs,
        loudness_range_lu=track.loudness_range_lu,
        true_peak_dbtp=track.true_peak_dbtp,
        hook=_hook(track),
        suggestion=_suggestion(track) if is_owner else None,
        peaks_url=_peaks(track.peaks_sha256, "application/json"),
        peaks_detail_url=_peaks(track.peaks_detail_sha256, "application/octet-stream") if is_owner else None,
        cover_url=cover_url(track),
        source_name=track.source_name if is_owner else None,
        source_codec=track.source_codec,
        position=track.position,
        published=track.is_published,
        published_at=track.published_at,
        created_at=track.created_at,
        url=f"{conf().public_url}/{track.artist.handle}/{track.id}",
    )


def cover_url(track: Track, width: int = 600) -> str | None:
    """The address of the track's cover, else of its world's, else None."""
    return image_url(track.cover, width) or image_url(track.artist.cover, width)


def _peaks(sha256: str, content_type: str) -> str | None:
    return media_signer().address(sha256, content_type=content_type) if sha256 else None


def _timed(track: Track) -> list[LyricLine]:
    if not track.lyrics_lrc:
        return []
    return [LyricLine(at_ms=line.at_ms, text=line.text) for line in parse_lrc(track.lyrics_lrc).lines]


def _hook(track: Track) -> HookView | None:
    if track.hook_start_ms is None or track.hook_duration_ms is None:
        return None
    wanted = (track.hook_start_ms, track.hook_duration_ms)
    hooks: list[Any] = getattr(track, "current_hooks", [])
    return HookView(
        start_ms=wanted[0],
        duration_ms=wanted[1],
        suggested=track.is_hook_suggested,
        reason=track.suggested_reason if track.is_hook_suggested else None,
        is_ready=bool(hooks) and all((hook.start_ms, hook.duration_ms) == wanted for hook in hooks),
    )


def _suggestion(track: Track) -> SuggestionView | None:
    if track.suggested_start_ms is None or track.suggested_duration_ms is None:
        return None
    return SuggestionView(
        start_ms=track.suggested_start_ms,
        duration_ms=track.suggested_duration_ms,
        reason=track.suggested_reason,
    )
