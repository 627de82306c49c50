"""Writes of profiles: one function per use case, each inside the edge's transaction."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from backline.core.artists import events, rules
from backline.core.artists.errors import AlreadyAnArtist, BadProfile, HandleTaken, NotOpenToJoin, OwnersDoNotJoin
from backline.core.artists.gate import GatedAction, pass_gate
from backline.core.artists.models import Artist, Membership, WorldState
from backline.kernel.accounts.actions import grant_role
from backline.kernel.accounts.models import Role, User
from backline.kernel.kit.clock import now
from backline.kernel.kit.money import Money
from backline.kernel.outbox.facts import publish

BIO_MAX = 4000


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The fields of a profile to set; None leaves a field as it is."""

    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    location: str | None = None
    genres: list[str] | None = None
    links: list[rules.Link] | None = None
    price: Money | None = None
    state: WorldState | None = None
    avatar: dict[str, str] | None = None
    cover: dict[str, str] | None = None
    cleared: frozenset[str] = field(default_factory=frozenset)  # "avatar" and "cover" can be taken away


def create_artist(user: User, change: ProfileChange) -> Artist:
    """Make the account's profile, as a draft. Raises StepMissing, BadProfile, HandleTaken or AlreadyAnArtist."""
    pass_gate(user, None, GatedAction.CREATE_PROFILE)
    artist = Artist(owner=user)
    _apply(artist, change)
    if not artist.handle:
        raise BadProfile("handle", "choose one")
    if not artist.name:
        raise BadProfile("name", "say what you are called")
    try:
        with transaction.atomic():
            artist.save(force_insert=True)
    except IntegrityError as error:
        raise _clash(error) from error
    grant_role(user, Role.ARTIST, granted_by_id=user.id)
    publish(events.ArtistCreated(artist_id=artist.id, owner_id=user.id), actor_id=user.id)
    if change.state is WorldState.PUBLISHED:
        publish_world(user, artist)
    return artist


def change_profile(user: User, artist: Artist, change: ProfileChange) -> Artist:
    """Set the given fields; a change of state goes through the gate. Raises BadProfile, HandleTaken, StepMissing."""
    before = artist.state
    _apply(artist, change)
    try:
        with transaction.atomic():
            artist.save()
    except IntegrityError as error:
        raise _clash(error) from error
    if change.state is WorldState.PUBLISHED:
        publish_world(user, artist)
    elif change.state is not None and change.state != before:
        withdraw_world(user, artist, change.state)
    return artist


def publish_world(user: User, artist: Artist) -> None:
    """Open the world to everyone; once open, nothing happens. Raises StepMissing."""
    pass_gate(user, artist, GatedAction.PUBLISH_WORLD)
    if artist.state == WorldState.PUBLISHED:
        return
    artist.state = WorldState.PUBLISHED
    artist.published_at = artist.published_at or now()
    artist.save(update_fields=("state", "published_at", "updated_at"))
    publish(events.WorldPublished(artist_id=artist.id), actor_id=user.id)


def withdraw_world(user: User, artist: Artist, state: WorldState) -> None:
    """Take the world back to draft, or keep it to its members (private)."""
    artist.state = state
    artist.save(update_fields=("state", "updated_at"))
    publish(events.WorldWithdrawn(artist_id=artist.id, state=state.value), actor_id=user.id)


def join_casset(user: User, artist: Artist) -> Membership:
    """Make the listener a member, for free; joining twice is joining once. Raises OwnersDoNotJoin or NotOpenToJoin."""
    if artist.owner_id == user.id:
        raise OwnersDoNotJoin
    if artist.state != WorldState.PUBLISHED:
        present = Membership.objects.filter(artist=artist, user=user, left_at=None).first()
        if present is None:
            raise NotOpenToJoin
        return present
    # Two clicks at once: the partial unique index lets one row in, the other finds it.
    membership, is_new = Membership.objects.get_or_create(artist=artist, user=user, left_at=None)
    if is_new:
        publish(events.CassetJoined(artist_id=artist.id, user_id=user.id), actor_id=user.id)
    return membership


def leave_casset(user: User, artist: Artist) -> None:
    """End the membership; leaving a casset one is not in changes nothing."""
    if Membership.objects.filter(artist=artist, user=user, left_at=None).update(left_at=now()):
        publish(events.CassetLeft(artist_id=artist.id, user_id=user.id), actor_id=user.id)


def _clash(error: IntegrityError) -> Exception:
    if "one_per_account" in str(error):
        return AlreadyAnArtist()
    if "artists_artist_handle" in str(error):
        return HandleTaken()
    return error


def _apply(artist: Artist, change: ProfileChange) -> None:
    for name, clean in _CLEANERS.items():
        value = getattr(change, name)
        if value is not None:
            try:
                setattr(artist, name, clean(value))
            except rules.BadValue as error:
                raise BadProfile(name, str(error)) from error
    if change.name is not None and not artist.name:
        raise BadProfile("name", "say what you are called")
    if change.price is not None:
        if change.price.amount < 0:
            raise BadProfile("price", "a price is not negative")
        artist.price_amount, artist.price_currency = change.price.amount, change.price.currency.value
    for name in ("avatar", "cover"):
        if getattr(change, name) is not None:
            setattr(artist, name, getattr(change, name))
        elif name in change.cleared:
            setattr(artist, name, None)


_CLEANERS: dict[str, Any] = {
    "handle": rules.clean_handle,
    "name": lambda text: rules.clean_line(text, max_length=120),
    "bio": lambda text: rules.clean_text(text, max_length=BIO_MAX),
    "location": lambda text: rules.clean_line(text, max_length=120),
    "genres": rules.clean_genres,
    "links": lambda links: [asdict(link) for link in rules.clean_links(links)],
}
