"""A world as the outside sees it: the one shape that the API's JSON and the pages share."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from backline.core.artists.images import image_url
from backline.core.artists.models import Artist, WorldState
from backline.kernel.kit.conf import conf
from backline.kernel.kit.money import Currency


class LinkView(BaseModel):
    """A place elsewhere."""

    label: str
    url: str


class MoneyView(BaseModel):
    """An amount in the smallest unit of its currency (ISO 4217)."""

    amount: int
    currency: Currency


class ArtistView(BaseModel):
    """A world and its artist."""

    id: UUID
    handle: str
    name: str
    bio: str
    location: str
    genres: list[str]
    links: list[LinkView]
    price: MoneyView
    state: WorldState
    published_at: datetime | None
    created_at: datetime
    avatar_url: str | None
    cover_url: str | None
    url: str


def artist_view(artist: Artist) -> ArtistView:
    """The world as everyone who may open it sees it."""
    return ArtistView(
        id=artist.id,
        handle=artist.handle,
        name=artist.name,
        bio=artist.bio,
        location=artist.location,
        genres=list(artist.genres),
        links=[LinkView(**link) for link in artist.links],
        price=MoneyView(amount=artist.price_amount, currency=Currency(artist.price_currency)),
        state=WorldState(artist.state),
        published_at=artist.published_at,
        created_at=artist.created_at,
        avatar_url=image_url(artist.avatar, 300),
        cover_url=image_url(artist.cover, 600),
        url=f"{conf().public_url}/{artist.handle}",
    )
