"""What the studio's forms say, turned into the changes that the actions below take.

Only shape is judged here (is this a number?); what a handle, a hook or a lyric may be is decided below.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from backline.core.artists.actions import ProfileChange
from backline.core.artists.images import store_image
from backline.core.artists.models import WorldState
from backline.core.artists.rules import Link
from backline.core.catalog.actions.tracks import CreditLine, HookChange, TrackChange
from backline.core.catalog.models import CreditRole
from backline.kernel.kit.errors import Malformed
from backline.kernel.kit.money import Currency, Money

Files: TypeAlias = "MultiValueDict[str, UploadedFile[bytes]]"
T = TypeVar("T")

AMOUNT_MAX = 2**31 - 1
NUMBER_MAX = 9999
SECONDS_MAX = 24 * 3600
PICTURES = ("cover", "avatar")


class BadField(Malformed):
    """A field of a form holds something that cannot be read; `field` names it."""

    code = "bad_field"
    title = "One field needs another value"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why, field=field)


def read_world(post: QueryDict, files: Files) -> ProfileChange:
    """The world form. Raises BadField, NotAnImage, ImageTooLarge or StorageFull."""
    return ProfileChange(
        handle=post.get("handle", ""),
        name=post.get("name", ""),
        bio=post.get("bio", ""),
        location=post.get("location", ""),
        genres=[genre for genre in post.get("genres", "").split(",") if genre.strip()],
        links=_links(post),
        price=_price(post),
        state=_choice("state", WorldState, post.get("state", WorldState.DRAFT)),
        avatar=_picture(files, "avatar"),
        cover=_picture(files, "cover"),
        cleared=frozenset(name for name in PICTURES if post.get(f"remove_{name}")),
    )


def read_track(post: QueryDict, files: Files) -> TrackChange:
    """The track form; the hook is there once the track is ready. Raises BadField and what pictures raise."""
    wish = post.get("then", "save")
    return TrackChange(
        title=post.get("title", ""),
        album=post.get("album", ""),
        genre=post.get("genre", ""),
        number=_number(post, "number"),
        year=_number(post, "year"),
        isrc=post.get("isrc", ""),
        lyrics=post.get("lyrics", ""),
        is_explicit=post.get("is_explicit") == "yes",
        credits=_credits(post),
        hook=_hook(post),
        published={"publish": True, "withdraw": False}.get(wish),
        cover=_picture(files, "cover"),
        cleared=_emptied(post, "number", "year") | ({"cover"} if post.get("remove_cover") else frozenset()),
    )


def _emptied(post: QueryDict, *names: str) -> frozenset[str]:
    """The fields that the form showed and the person left empty."""
    return frozenset(name for name in names if name in post and not post.get(name, "").strip())


def _links(post: QueryDict) -> list[Link]:
    pairs = zip(post.getlist("link_label"), post.getlist("link_url"), strict=False)
    return [Link(label, url) for label, url in pairs if url.strip()]


def _price(post: QueryDict) -> Money:
    currency = _choice("price_currency", Currency, post.get("price_currency", Currency.USD))
    text = post.get("price", "").strip().replace(",", ".") or "0"
    amount = _decimal("price", text) * 10**currency.exponent
    if amount != amount.to_integral_value() or not 0 <= amount <= AMOUNT_MAX:
        raise BadField("price", f"Give a price like 7 or 7.50; {currency} has {currency.exponent} decimals.")
    return Money(int(amount), currency)


def _credits(post: QueryDict) -> list[CreditLine]:
    pairs = zip(post.getlist("credit_name"), post.getlist("credit_role"), strict=False)
    return [CreditLine(name, _choice("credits", CreditRole, role)) for name, role in pairs if name.strip()]


def _hook(post: QueryDict) -> HookChange | None:
    if "hook_start" not in post:
        return None
    return HookChange(start_ms=_millis(post, "hook_start"), duration_ms=_millis(post, "hook_length"))


def _millis(post: QueryDict, name: str) -> int:
    seconds = _decimal(name, post.get(name, "").strip().replace(",", "."))
    if not 0 <= seconds <= SECONDS_MAX:
        raise BadField(name, "Give a time in seconds from the start of the track.")
    return int((seconds * 1000).to_integral_value())


def _number(post: QueryDict, name: str) -> int | None:
    text = post.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > NUMBER_MAX:
        raise BadField(name, f"Give a whole number up to {NUMBER_MAX}.")
    return int(text)


def _decimal(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadField(name, f'"{text[:40]}" is not a number.') from error
    if not value.is_finite():
        raise BadField(name, "Give a number.")
    return value


def _choice(name: str, kind: Callable[[str], T], text: str) -> T:
    try:
        return kind(text)
    except ValueError as error:
        raise BadField(name, f'"{text[:40]}" is not one of the choices.') from error


def _picture(files: Files, name: str) -> dict[str, str] | None:
    file = files.get(name)
    return store_image(file.read()) if file else None
