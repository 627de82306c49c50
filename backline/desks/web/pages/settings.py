"""Where a person finds everything about the account."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from backline.desks.web.pages.common import page, signed_in


@require_safe
@signed_in
def settings(request: HttpRequest) -> HttpResponse:
    """Links to the pages of the account. For whoever is signed in."""
    return page(request, "settings.html")
