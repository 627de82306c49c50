"""The Jinja2 environment of all pages: addresses, built files, words for numbers, the request's nonce and messages."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from backline.desks.web import words
from backline.desks.web.assets import asset


def url(name: str, **parts: Any) -> str:
    """The address of a named page."""
    return reverse(name, kwargs=parts or None)


def nonce(request: HttpRequest | None) -> str:
    """The nonce of this answer's Content-Security-Policy; empty where no middleware made one."""
    return str(getattr(request, "csp_nonce", ""))


def csrf_of(request: HttpRequest | None) -> str:
    """The token that scripts send back in X-CSRFToken."""
    return get_token(request) if request is not None else ""


def messages_of(request: HttpRequest | None) -> list[Any]:
    """What was said to the reader on the way here; said once."""
    return list(messages.get_messages(request)) if hasattr(request, "_messages") and request else []


def person_of(request: HttpRequest | None) -> Any:
    """The signed-in account, or None."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def environment(**options: Any) -> Environment:
    """Jinja2 as Django asks for it, with what our templates may say."""
    options.setdefault("autoescape", True)
    made = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **_without_undefined(options)
    )  # noqa: S701 - set above
    made.globals.update(
        asset=asset,
        csrf_of=csrf_of,
        messages_of=messages_of,
        nonce=nonce,
        person_of=person_of,
        static=static,
        url=url,
    )
    made.filters.update(
        clock=words.clock,
        counted=words.counted,
        day=words.day,
        hertz=words.hertz,
        money=words.money,
        plain_amount=words.plain_amount,
        seconds=words.seconds,
        size=words.size,
    )
    return made


def _without_undefined(options: dict[str, Any]) -> dict[str, Any]:
    # Django chooses a lenient Undefined in debug mode; a name that is missing is a mistake in every mode.
    return {name: value for name, value in options.items() if name != "undefined"}
