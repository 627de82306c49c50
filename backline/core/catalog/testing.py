"""Factories of tracks, for tests only; for sound files see `media/testing.py`."""

from itertools import count
from typing import Any

from django.utils import timezone

from backline.core.artists.models import WorldState
from backline.core.artists.testing import make_artist
from backline.core.catalog.media.model import Encoding
from backline.core.catalog.models import Rendition, RenditionScope, Track, TrackStatus
from backline.kernel.storage.store import blob_store

_numbers = count(1)


def make_track(**overrides: Any) -> Track:
    """A ready track of 60 s on a published world, not published itself, with its four renditions."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "title": f"Track {number}",
        "status": TrackStatus.READY,
        "duration_ms": 60_000,
        "channels": 2,
        "sample_rate_hz": 44_100,
        "hook_start_ms": 10_000,
        "hook_duration_ms": 20_000,
        "suggested_start_ms": 10_000,
        "suggested_duration_ms": 20_000,
        "suggested_reason": "The loudest part.",
    } | overrides
    if "artist" not in values:
        values["artist"] = make_artist(state=WorldState.PUBLISHED)
    if values.get("is_published"):
        values.setdefault("published_at", timezone.now())
    track = Track.objects.create(**values)
    if track.status == TrackStatus.READY:
        for scope in RenditionScope:
            for encoding in Encoding:
                make_rendition(track, scope, encoding)
    return track


def make_rendition(track: Track, scope: RenditionScope, encoding: Encoding) -> Rendition:
    """A rendition whose file says what it is."""
    content = f"{scope} {encoding} of {track.id}".encode() * 50
    ref = blob_store().put_bytes(content, content_type=encoding.content_type)
    is_hook = scope is RenditionScope.HOOK
    return Rendition.objects.create(
        track=track,
        artist_id=track.artist_id,
        scope=scope,
        encoding=encoding.value,
        sha256=ref.sha256,
        size_bytes=ref.size_bytes,
        start_ms=(track.hook_start_ms or 0) if is_hook else 0,
        duration_ms=(track.hook_duration_ms if is_hook else track.duration_ms) or 0,
    )
