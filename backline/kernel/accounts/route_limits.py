"""How often one address, one e-mail and one browser may call the routes by which people sign in.

Counting happens before a session or a body has been believed, so the subject of an e-mail limit is read from
whatever form the body has: a caller cannot leave a limit by sending the same fields in another encoding.
"""

import orjson
from django.conf import settings
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from backline.kernel.kit.conf import conf
from backline.kernel.kit.http import LimitReader, RouteLimit, Subject, by_address, limit_route

# The namespace under which config mounts the API.
API = "api"

JSON_BODY_MAX = 16 * 1024


def form_field(*names: str) -> Subject:
    """The first of the named form fields, in lower case; None where none is filled."""

    def subject(request: HttpRequest) -> str | None:
        for name in names:
            value = request.POST.get(name, "").strip().lower()
            if value:
                return value[:400]
        return None

    return subject


def json_field(name: str) -> Subject:
    """A text member of the JSON body, in lower case; None where there is none."""

    def subject(request: HttpRequest) -> str | None:
        try:
            raw = request.body
            body = orjson.loads(raw) if len(raw) <= JSON_BODY_MAX else None
        except (orjson.JSONDecodeError, RawPostDataException, UnreadablePostError):
            return None
        value = body.get(name) if isinstance(body, dict) else None
        return value.strip().lower()[:400] or None if isinstance(value, str) else None

    return subject


def by_session(request: HttpRequest) -> str | None:
    """The browser's session, as its cookie says; None where it sent none."""
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME) or None


def _limit_sign_in() -> None:
    def read() -> LimitReader:
        return lambda: conf().limit_sign_in

    address = RouteLimit("address", by_address, read())
    session = RouteLimit("session", by_session, read())
    limit_route("account_login", address, RouteLimit("email", form_field("login"), read()))
    for name in (
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_login_webauthn",
        "mfa_reauthenticate_webauthn",
        "account_reauthenticate",
        "account_change_password",
        "account_set_password",
        "account_reset_password_from_key",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_add_webauthn",
        "mfa_remove_webauthn",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "socialaccount_signup",
        "socialaccount_connections",
        "google_login",
        "spotify_login",
        "apple_login",
        "apple_callback",
        "google_login_by_token",
        "account_sessions",
        "account_confirm_email",
    ):
        limit_route(name, address, session)


def _limit_mail() -> None:
    """Routes that make us write to an address that the caller names."""
    sign_up_address = RouteLimit("address", by_address, lambda: conf().limit_sign_up)
    reset_address = RouteLimit("address", by_address, lambda: conf().limit_password_reset)
    limit_route(
        "account_signup",
        sign_up_address,
        RouteLimit("email", form_field("email"), lambda: conf().limit_sign_up),
    )
    limit_route(
        f"{API}:auth_signup",
        sign_up_address,
        RouteLimit("email", json_field("email"), lambda: conf().limit_sign_up),
    )
    limit_route(
        "account_reset_password",
        reset_address,
        RouteLimit("email", form_field("email"), lambda: conf().limit_password_reset),
    )
    limit_route(
        "account_email",
        reset_address,
        RouteLimit("session", by_session, lambda: conf().limit_password_reset),
        RouteLimit("email", form_field("email"), lambda: conf().limit_password_reset),
    )


def _limit_tokens() -> None:
    token = RouteLimit("address", by_address, lambda: conf().limit_token)
    refresh = RouteLimit("address", by_address, lambda: conf().limit_refresh)
    limit_route(f"{API}:auth_token", token, RouteLimit("email", json_field("email"), lambda: conf().limit_token))
    limit_route(f"{API}:auth_refresh", refresh)
    limit_route(f"{API}:auth_sign_out", refresh)
    limit_route(f"{API}:auth_sign_out_everywhere", refresh)


def register() -> None:
    """Register the limits of every route of ours and of allauth's that takes a secret or makes us write a
    mail.
    """
    _limit_sign_in()
    _limit_mail()
    _limit_tokens()
