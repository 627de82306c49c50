"""The edge's manners: one transaction a request, refusals that explain themselves, limits that survive a rollback.

A request that ends in a refusal (any status of 400 or more) leaves nothing behind: the transaction is rolled back.
The one exception names itself with `keep_writes`. Rate limits are counted before the transaction begins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast

import orjson
import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from backline.kernel.kit import limits
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import PROBLEM_CONTENT_TYPE, DomainError, TooMany, problem
from backline.kernel.kit.rows import ANYBODY, act_as

log = structlog.get_logger("kit.http")

GetResponse = Callable[[HttpRequest], HttpResponse]

WITHOUT_DATABASE = ("/static/", "/healthz", "/metrics", "/readyz")


def wants_json(request: HttpRequest) -> bool:
    """True where the caller is a program: the API's addresses, or an Accept header that says so."""
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def problem_response(error: DomainError) -> HttpResponse:
    """A refusal as a problem document (RFC 9457)."""
    response = HttpResponse(orjson.dumps(problem(error)), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after_s)
    return response


def keep_writes(request: HttpRequest) -> None:
    """Let this request's transaction commit although it ends in a refusal (a stolen token's family is revoked)."""
    request.keeps_writes = True  # type: ignore[attr-defined]


def client_ip(request: HttpRequest) -> str:
    """The caller's address; the front has already applied X-Forwarded-For of configured proxies only."""
    return str(request.META.get("REMOTE_ADDR") or "unknown")


def is_direct_loopback(request: HttpRequest) -> bool:
    """True where the caller sits on this machine and no proxy stands between."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")):
        return False
    try:
        return ip_address(client_ip(request)).is_loopback
    except ValueError:
        return False


class EdgeTransaction:
    """Opens the one outermost transaction of a request; see the module's rule about refusals."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the rest of the request inside a transaction, as nobody until somebody is identified."""
        if request.path.startswith(WITHOUT_DATABASE):
            return self.get_response(request)
        with transaction.atomic(), act_as(ANYBODY):
            response = self.get_response(request)
            if response.status_code >= 400 and not getattr(request, "keeps_writes", False):
                transaction.set_rollback(True)
        return response


Subject = Callable[[HttpRequest], str | None]
LimitReader = Callable[[], limits.RateLimit]


@dataclass(frozen=True, slots=True)
class RouteLimit:
    """How often one subject (an address, an e-mail) may call a route with an unsafe method."""

    kind: str
    subject: Subject
    limit: LimitReader


_route_limits: dict[str, tuple[RouteLimit, ...]] = {}


def limit_route(url_name: str, *route_limits: RouteLimit) -> None:
    """Register the limits of a route by its full url name ("api:token", "accounts:sign_up")."""
    _route_limits[url_name] = route_limits


def limited_routes() -> Mapping[str, tuple[RouteLimit, ...]]:
    """The registered limits, for the test that every auth route has one."""
    return _route_limits


def by_address(request: HttpRequest) -> str | None:
    """The subject of a limit by network address; an IPv6 caller counts as its /64."""
    ip = client_ip(request)
    try:
        parsed = ip_address(ip)
    except ValueError:
        return ip
    return ip if parsed.version == 4 else str(int(parsed) >> 64)


def by_email(request: HttpRequest) -> str | None:
    """The subject of a limit by the e-mail in the body, form or JSON; None where there is none."""
    value: object = None
    if request.content_type == "application/json":
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return None
        value = body.get("email") or body.get("refresh_token") if isinstance(body, dict) else None
    elif request.content_type == "application/x-www-form-urlencoded":
        value = request.POST.get("login") or request.POST.get("email")
    return value.strip().lower()[:400] if isinstance(value, str) and value else None


class RouteLimits:
    """Counts unsafe requests to limited routes before any transaction, so that a refusal still counts."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._memory = limits.MemoryCounter()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse with 429 where a limit is used up."""
        try:
            self._count(request)
        except TooMany as error:
            return too_many_page(request, error)
        return self.get_response(request)

    def _count(self, request: HttpRequest) -> None:
        if request.path.startswith("/api/"):
            # A general bound on programs, per process and in memory: it protects the machine, not an account.
            limits.count("api", "address", by_address(request) or "", conf().limit_api, using=self._memory)
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return
        for rule in _route_limits.get(match.view_name, ()):
            subject = rule.subject(request)
            if subject:
                limits.count(match.view_name, rule.kind, subject, rule.limit())


def too_many_page(request: HttpRequest, error: TooMany) -> HttpResponse:
    """429 as a problem document or as a page, with Retry-After."""
    if wants_json(request):
        return problem_response(error)
    response = render_refusal(request, error)
    response["Retry-After"] = str(error.retry_after_s)
    return response


def render_refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as a page that says what to do next."""
    from django.template.loader import render_to_string

    html = render_to_string("kit/refusal.html", {"error": error, "request": request}, request=request)
    return HttpResponse(html, status=error.status)


class Refusals:
    """Turns a DomainError raised by a page into a problem document or a page; ninja has its own handler."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass through; the work is in process_exception."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django's hook: answer refusals, leave every other exception to Django."""
        if not isinstance(error, DomainError):
            return None
        return problem_response(error) if wants_json(request) else render_refusal(request, error)


class RequestContext:
    """Gives every request an id that its log lines and its answer carry (header X-Request-ID)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id that the front made (or took over) to the log context of this thread."""
        request_id = cast("str", request.META.get("HTTP_X_REQUEST_ID", ""))
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            return self.get_response(request)
