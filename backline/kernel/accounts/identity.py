"""Who is calling: the bearer of an access token, somebody with a session, or nobody.

The actor is set from the token's or session's account id *before* the account's row is read, because row
security hides it from everybody else. Somebody without token and session costs no query at all.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject

from backline.kernel.accounts import queries, tokens
from backline.kernel.accounts.errors import BadAccessToken, CsrfRefused
from backline.kernel.accounts.models import User
from backline.kernel.kit.errors import NotSignedIn
from backline.kernel.kit.http import (
    WITHOUT_DATABASE,
    GetResponse,
    problem_response,
    render_refusal,
    wants_json,
)
from backline.kernel.kit.rows import ANYBODY, Actor, Doorway, set_actor

log = structlog.get_logger("accounts.identity")

# Where people sign in or up: accounts are looked up by address before anybody is somebody.
DOORWAY_PATHS = ("/accounts/", "/api/v1/auth/", "/admin/login")
# Where an old access token in the header says nothing, since the call is how one gets a new one.
TOKENLESS_PATHS = frozenset(f"/api/v1/auth/{name}" for name in ("signup", "token", "refresh", "sign-out"))


def actor_of(request: HttpRequest) -> Actor:
    """Who makes this request; ANYBODY where nobody is signed in."""
    actor = getattr(request, "actor", ANYBODY)
    return actor if isinstance(actor, Actor) else ANYBODY


def require_user_id(request: HttpRequest) -> UUID:
    """The id of the account that makes this request. Raises NotSignedIn."""
    user_id = actor_of(request).user_id
    if user_id is None:
        raise NotSignedIn
    return user_id


def require_user(request: HttpRequest) -> User:
    """The account that makes this request. Raises NotSignedIn."""
    user = request.user if actor_of(request).user_id is not None else None
    if not isinstance(user, User):
        raise NotSignedIn
    return user


def _bearer(request: HttpRequest) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or request.path in TOKENLESS_PATHS:
        return None
    return token.strip()


def _session_user_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.session[SESSION_KEY])
    except (KeyError, ValueError):
        return None


class Identity:
    """Sets `request.actor`, `request.user` and `request.via_bearer`, and makes the transaction act for the
    caller.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Identify the caller, or refuse a bad access token with 401 (RFC 6750, section 3)."""
        if request.path.startswith(WITHOUT_DATABASE):
            self._be(request, ANYBODY, AnonymousUser(), via_bearer=False)
            return self.get_response(request)
        doorway = Doorway.AUTH if request.path.startswith(DOORWAY_PATHS) else Doorway.NONE
        token = _bearer(request)
        if token is None:
            self._by_session(request, doorway)
        else:
            try:
                self._by_token(request, token, doorway)
            except BadAccessToken as error:
                refusal = problem_response(error)
                refusal["WWW-Authenticate"] = f'Bearer error="{error.code}"'
                return refusal
        response = self.get_response(request)
        if response.status_code == 401 and "WWW-Authenticate" not in response:
            response["WWW-Authenticate"] = "Bearer"
        return response

    @staticmethod
    def _be(request: HttpRequest, actor: Actor, user: object, *, via_bearer: bool) -> None:
        request.actor = actor  # type: ignore[attr-defined]
        request.via_bearer = via_bearer  # type: ignore[attr-defined]
        request.user = user  # type: ignore[assignment]

    def _by_token(self, request: HttpRequest, token: str, doorway: Doorway) -> None:
        claims = tokens.read_access_token(token)
        actor = Actor(claims.user_id, claims.is_staff, doorway)
        set_actor(Actor(claims.user_id, doorway=doorway))
        tokens.require_current(claims)
        if claims.is_staff:
            set_actor(actor)
        user = SimpleLazyObject(lambda: queries.find_user_with_roles(claims.user_id) or AnonymousUser())
        self._be(request, actor, user, via_bearer=True)

    def _by_session(self, request: HttpRequest, doorway: Doorway) -> None:
        user_id = _session_user_id(request)
        if user_id is not None or doorway is not Doorway.NONE:
            set_actor(Actor(user_id, doorway=doorway))
        # The session is the user's only if Django's check of its hash (password, session version) agrees.
        user = request.user if user_id is not None else AnonymousUser()
        if not isinstance(user, User):
            if user_id is not None:
                set_actor(Actor(doorway=doorway))
            self._be(request, Actor(doorway=doorway), AnonymousUser(), via_bearer=False)
            return
        actor = Actor(user.id, user.is_staff, doorway)
        if actor.is_staff:
            set_actor(actor)
        self._be(request, actor, request.user, via_bearer=False)


def _not_exempt() -> HttpResponse:
    """Stands in for the view where Django asks whether the view is exempt."""
    raise AssertionError("never called")


class Csrf(CsrfViewMiddleware):
    """Django's protection, extended to the API: a call that relies on the session cookie must carry the
    token.

    A call with an access token, or without a session, proves nothing by cookies, so nothing can be forged
    with them.
    """

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        """Django's hook before each view."""
        if not request.path.startswith("/api/"):
            return super().process_view(request, callback, args, kwargs)
        if getattr(request, "via_bearer", False) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        # The API framework marks its views as exempt; a plain function is not.
        return super().process_view(request, _not_exempt, args, kwargs)

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        log.warning("accounts.csrf_refused", path=request.path, reason=reason)
        error = CsrfRefused()
        return problem_response(error) if wants_json(request) else render_refusal(request, error)
