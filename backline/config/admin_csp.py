"""The admin's own content security policy (ADR 0006).

The admin's theme is built on a script library that evaluates expressions written in attributes, and writes style
attributes. Only addresses below /admin/ get this policy, only staff can see them, and no script may be inline there
either.
"""

from django.http import HttpRequest, HttpResponse

from backline.kernel.kit.http import GetResponse

PREFIX = "/admin/"
REPLACED = {"style-src": ["'self'", "'unsafe-inline'"]}
ADDED = {"script-src": ["'unsafe-eval'"]}


class AdminPolicy:
    """Widens the policy of the admin's pages; django-csp reads these attributes of an answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, and mark answers below /admin/."""
        response = self.get_response(request)
        if request.path.startswith(PREFIX):
            setattr(response, "_csp_replace", REPLACED)  # noqa: B010 - django-csp's way for an answer to speak
            setattr(response, "_csp_update", ADDED)  # noqa: B010
        return response
