"""The Jinja2 environment of all pages.

Templates may name pages and built files, put numbers into words, and read the request's nonce and messages.
A name that is missing is a mistake and fails, it is never shown as nothing.
"""

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
    # Django offers a lenient Undefined in debug mode, where a missing name would be shown as nothing.
    ours = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**(options | ours | {"autoescape": True}))  # noqa: S701 - the linter reads no unpacked dict
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
