"""Facts about tracks. Their topic is the artist's studio, which hears them live."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backline.kernel.outbox.facts import Fact


def studio_topic(artist_id: UUID) -> str:
    """The live topic that an artist's studio listens to."""
    return f"artist:{artist_id}"


@dataclass(frozen=True, slots=True)
class _TrackFact(Fact):
    track_id: UUID
    artist_id: UUID

    @property
    def topic(self) -> str:
        """The artist's studio."""
        return studio_topic(self.artist_id)


@dataclass(frozen=True, slots=True)
class TrackReceived(_TrackFact):
    """A file arrived whole and became a track; it waits to be processed."""

    name: ClassVar = "catalog.track_received"


@dataclass(frozen=True, slots=True)
class TrackReady(_TrackFact):
    """A track was measured and cut: it can be played."""

    name: ClassVar = "catalog.track_ready"


@dataclass(frozen=True, slots=True)
class TrackFailed(_TrackFact):
    """A file could not become a track; `code` names the cause. The upload is kept."""

    name: ClassVar = "catalog.track_failed"
    code: str


@dataclass(frozen=True, slots=True)
class HookCut(_TrackFact):
    """The hook preview was cut anew: from now on it plays this window."""

    name: ClassVar = "catalog.hook_cut"
    start_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TrackPublished(_TrackFact):
    """A track became audible on the artist's world."""

    name: ClassVar = "catalog.track_published"


@dataclass(frozen=True, slots=True)
class TrackWithdrawn(_TrackFact):
    """A track was taken back from the world, or deleted."""

    name: ClassVar = "catalog.track_withdrawn"
