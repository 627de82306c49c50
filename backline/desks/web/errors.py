"""The pages of errors that no page of ours named: wrong addresses, refused forms, our own faults.

Named refusals (`kit.errors`) are rendered by the kernel with the same template.
"""

import structlog
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from backline.kernel.kit.errors import DomainError, Forbidden, NotFound
from backline.kernel.kit.http import problem_response, render_refusal, wants_json

log = structlog.get_logger("web.errors")


class BadRequest(DomainError):
    """The browser sent something that is not a proper request."""

    code = "bad_request"
    status = 400
    title = "That request could not be read"


class ServerFault(DomainError):
    """Something of ours broke; it is in the log."""

    code = "server_fault"
    status = 500
    title = "Something broke on our side"


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as a problem document for programs, as a page for people."""
    return problem_response(error) if wants_json(request) else render_refusal(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself is broken."""
    return answer(request, BadRequest("The request could not be read. Go back and try it once more."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 from Django itself."""
    return answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no page at this address, or none that the reader may see."""
    return answer(request, NotFound("There is no page at this address, or it is not open to you."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: says nothing of the cause and asks for nothing that may be broken, such as the database."""
    error = ServerFault("It has been noted. What you had saved is safe. Try again in a moment.")
    if wants_json(request):
        return problem_response(error)
    html = render_to_string(
        "web/broken.html",
        {"error": error, "request_id": request.META.get("HTTP_X_REQUEST_ID", "")},
        using="jinja2",
    )
    return HttpResponse(html, status=error.status)
