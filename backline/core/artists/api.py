"""The JSON edge of worlds: parse, call one action or query, answer."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile
from pydantic import BaseModel, ConfigDict, Field

from backline.core.artists import actions, queries
from backline.core.artists.actions import ProfileChange
from backline.core.artists.gate import checklist
from backline.core.artists.images import store_image
from backline.core.artists.models import Artist, WorldState
from backline.core.artists.present import ArtistView, artist_view
from backline.core.artists.rules import Link
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.kit.api import Cursor, Limit, PageOf, answers
from backline.kernel.kit.money import Currency, Money

router = Router(tags=["artists"])

Line = Annotated[str, Field(max_length=400)]
INT4_MAX = 2**31 - 1


class LinkIn(BaseModel):
    """A place elsewhere: a web address and what to call it."""

    url: Line
    label: Line = ""


class MoneyIn(BaseModel):
    """An amount in the smallest unit of its currency: 700 USD is seven dollars."""

    amount: Annotated[int, Field(ge=0, le=INT4_MAX, strict=True)]
    currency: Currency = Currency.USD


class ProfileFields(BaseModel):
    """The fields of a profile; those left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    bio: Annotated[str, Field(max_length=20_000)] | None = None
    location: Line | None = None
    genres: Annotated[list[Line], Field(max_length=50)] | None = None
    links: Annotated[list[LinkIn], Field(max_length=50)] | None = None
    price: MoneyIn | None = None
    state: WorldState | None = None


class ArtistIn(ProfileFields):
    """A new profile."""

    handle: Line
    name: Line


class ArtistPatch(ProfileFields):
    """A change of a profile."""

    handle: Line | None = None
    name: Line | None = None


class StepOut(BaseModel):
    """A step of onboarding, done or not, and where it is done."""

    step: str
    title: str
    url: str
    is_done: bool


class ArtistOut(ArtistView):
    """A world, with how many have joined and how the caller stands to it; the checklist is the owner's."""

    members: int
    is_member: bool
    is_owner: bool
    onboarding: list[StepOut] | None


def _change(body: ArtistIn | ArtistPatch) -> ProfileChange:
    links = None if body.links is None else [Link(link.label, link.url) for link in body.links]
    price = None if body.price is None else Money(body.price.amount, body.price.currency)
    return ProfileChange(
        handle=body.handle,
        name=body.name,
        bio=body.bio,
        location=body.location,
        genres=body.genres,
        links=links,
        price=price,
        state=body.state,
    )


def _out(request: HttpRequest, artist: Artist) -> ArtistOut:
    actor = actor_of(request)
    is_owner = actor.user_id is not None and artist.owner_id == actor.user_id
    steps = None
    if is_owner:
        steps = [
            StepOut(step=item.step.value, title=item.title, url=item.url, is_done=item.is_done)
            for item in checklist(require_user(request), artist)
        ]
    return ArtistOut(
        **artist_view(artist).model_dump(),
        members=queries.count_members(artist.id),
        is_member=queries.is_member(artist.id, actor),
        is_owner=is_owner,
        onboarding=steps,
    )


@router.get(
    "", response=answers({200: PageOf[ArtistView]}), url_name="artists_list", summary="Published worlds, newest first"
)
def list_artists(request: HttpRequest, cursor: Query[Cursor] = None, limit: Query[Limit] = 20) -> PageOf[ArtistView]:
    """Published worlds, newest first."""
    page = queries.list_published_artists(cursor=cursor, limit=limit)
    return PageOf(items=[artist_view(artist) for artist in page.items], next_cursor=page.next_cursor)


@router.post(
    "", response=answers({201: ArtistOut}, 401, 403, 409), url_name="artists_create", summary="Become an artist"
)
def create_artist(request: HttpRequest, body: ArtistIn) -> Status[ArtistOut]:
    """Make the account's one profile, as a draft unless `state` says otherwise."""
    return Status(201, _out(request, actions.create_artist(require_user(request), _change(body))))


@router.get("/{handle}", response=answers({200: ArtistOut}, 404), url_name="artist_get", summary="One world")
def get_artist(request: HttpRequest, handle: str) -> ArtistOut:
    """The world at a handle, if the caller may open it."""
    return _out(request, queries.get_artist(handle))


@router.patch(
    "/{handle}",
    response=answers({200: ArtistOut}, 401, 403, 404, 409),
    url_name="artist_patch",
    summary="Change a world",
)
def patch_artist(request: HttpRequest, handle: str, body: ArtistPatch) -> ArtistOut:
    """Set the given fields of one's own world."""
    user = require_user(request)
    artist = queries.get_own_artist(handle, actor_of(request))
    return _out(request, actions.change_profile(user, artist, _change(body)))


@router.post(
    "/{handle}/images/{kind}",
    response=answers({200: ArtistOut}, 400, 401, 403, 404, 413, 507),
    url_name="artist_image",
    summary="Set the cover or the avatar",
)
def set_image(
    request: HttpRequest, handle: str, kind: Literal["cover", "avatar"], file: File[UploadedFile]
) -> ArtistOut:
    """Store a picture (JPEG, PNG, WebP, AVIF or GIF by content) as the world's cover or avatar."""
    user = require_user(request)
    artist = queries.get_own_artist(handle, actor_of(request))
    images = store_image(file.read())
    change = ProfileChange(cover=images) if kind == "cover" else ProfileChange(avatar=images)
    return _out(request, actions.change_profile(user, artist, change))


@router.post(
    "/{handle}/publish",
    response=answers({200: ArtistOut}, 401, 403, 404, 409),
    url_name="artist_publish",
    summary="Open a world",
)
def publish(request: HttpRequest, handle: str) -> ArtistOut:
    """Open one's own world to everyone."""
    user = require_user(request)
    artist = queries.get_own_artist(handle, actor_of(request))
    actions.publish_world(user, artist)
    return _out(request, artist)


@router.post(
    "/{handle}/join",
    response=answers({200: ArtistOut}, 401, 403, 404, 409),
    url_name="artist_join",
    summary="Join a casset",
)
def join(request: HttpRequest, handle: str) -> ArtistOut:
    """Join a casset for free: a member hears everything."""
    user = require_user(request)
    artist = queries.get_artist(handle)
    actions.join_casset(user, artist)
    return _out(request, artist)


@router.post(
    "/{handle}/leave",
    response=answers({200: ArtistOut}, 401, 403, 404),
    url_name="artist_leave",
    summary="Leave a casset",
)
def leave(request: HttpRequest, handle: str) -> ArtistOut:
    """Leave a casset; leaving one that was not joined changes nothing."""
    user = require_user(request)
    artist = queries.get_artist(handle)
    actions.leave_casset(user, artist)
    return _out(request, artist)
