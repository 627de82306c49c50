"""Facts about profiles."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backline.kernel.outbox.facts import Fact


@dataclass(frozen=True, slots=True)
class ArtistCreated(Fact):
    """An account became an artist."""

    name: ClassVar = "artists.artist_created"
    artist_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class WorldPublished(Fact):
    """A world opened to everyone (or again)."""

    name: ClassVar = "artists.world_published"
    artist_id: UUID


@dataclass(frozen=True, slots=True)
class WorldWithdrawn(Fact):
    """A world went back to draft or became private."""

    name: ClassVar = "artists.world_withdrawn"
    artist_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class CassetJoined(Fact):
    """A listener joined a casset for free and hears everything from now on."""

    name: ClassVar = "artists.casset_joined"
    artist_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class CassetLeft(Fact):
    """A member left a casset."""

    name: ClassVar = "artists.casset_left"
    artist_id: UUID
    user_id: UUID
