"""The frame of our pages for templates of Django's own kind (django-allauth's): written once, in Jinja2.

A Django template says `{{ web_frame.top }}` and gets what `jinja2/web/frame/top.html` makes of the request.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class WebFrame:
    """The pieces of the frame, each rendered when a template asks for it."""

    request: HttpRequest

    def _piece(self, name: str) -> SafeString:
        # Already escaped by the Jinja2 environment, where autoescape is on.
        return mark_safe(render_to_string(f"web/frame/{name}.html", request=self.request, using="jinja2"))  # noqa: S308

    @property
    def head(self) -> SafeString:
        """What every page's head holds: styles, scripts, tokens."""
        return self._piece("head")

    @property
    def top(self) -> SafeString:
        """Skip link, icons and header."""
        return self._piece("top")

    @property
    def bottom(self) -> SafeString:
        """Footer and player dock."""
        return self._piece("bottom")


def for_django_templates(request: HttpRequest) -> dict[str, WebFrame]:
    """The context processor."""
    return {"web_frame": WebFrame(request)}
