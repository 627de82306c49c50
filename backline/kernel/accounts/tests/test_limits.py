"""Every route that takes a secret or makes us write a mail is limited, by address and by e-mail, to the exact
count.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backline.kernel.accounts import second_factor
from backline.kernel.accounts.models import Mail, User
from backline.kernel.accounts.testing import PASSWORD, code_of, give_authenticator, make_user, sign_in_by_page
from backline.kernel.kit.errors import TooMany
from backline.kernel.kit.http import limited_routes
from backline.kernel.kit.limits import RateLimit

pytestmark = pytest.mark.django_db

# They take no secret and write no mail.
UNLIMITED = {
    "account_logout",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_login_code",  # answers only while signing in by code, which is off
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "google_callback",
    "spotify_callback",
    "apple_finish_callback",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
}


def set_limit(settings: Any, **limits: RateLimit) -> None:
    settings.BACKLINE = settings.BACKLINE.model_copy(update=limits)


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, path)
        elif pattern.name:
            yield path, pattern.name


def test_every_auth_route_has_a_limit_or_a_reason() -> None:
    auth = {name for path, name in names(get_resolver().url_patterns) if path.startswith("accounts/")}
    api = {f"api:{name}" for path, name in names(get_resolver().url_patterns) if path.startswith("api/v1/auth/")}

    limited = set(limited_routes())
    assert auth - limited - UNLIMITED == set()
    assert api - limited == {"api:auth_me"}


@pytest.mark.parametrize(
    ("path", "body", "limit", "last"),
    [
        ("/accounts/login/", {"login": "a@example.org", "password": "wrong-password"}, "limit_sign_in", 200),
        ("/accounts/password/reset/", {"email": "a@example.org"}, "limit_password_reset", 302),
        (
            "/accounts/signup/",
            {"name": "A", "email": "a@example.org", "password1": PASSWORD},
            "limit_sign_up",
            302,
        ),
    ],
)
def test_the_fourth_of_three_is_refused_by_page(
    client: Client, settings: Any, path: str, body: dict[str, str], limit: str, last: int
) -> None:
    set_limit(settings, **{limit: RateLimit(3, 600)})

    answers = [client.post(path, body).status_code for _ in range(3)]
    refused = client.post(path, body)

    assert answers == [last, last, last]
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 200


@pytest.mark.parametrize(
    ("path", "body", "limit", "last"),
    [
        ("token", {"email": "a@example.org", "password": "wrong-password"}, "limit_token", 401),
        ("refresh", {"refresh_token": "unknown"}, "limit_refresh", 401),
        ("sign-out", {"refresh_token": "unknown"}, "limit_refresh", 204),
        ("signup", {"name": "A", "email": "a@example.org", "password": PASSWORD}, "limit_sign_up", 201),
    ],
)
def test_the_fourth_of_three_is_refused_by_the_api(
    client: Client, settings: Any, path: str, body: dict[str, str], limit: str, last: int
) -> None:
    set_limit(settings, **{limit: RateLimit(3, 600)})
    url = f"/api/v1/auth/{path}"

    answers = [client.post(url, body, content_type="application/json").status_code for _ in range(3)]
    written = Mail.objects.count()
    refused = client.post(url, body, content_type="application/json")

    assert answers == [last, last, last]
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert int(refused["Retry-After"]) == refused.json()["retry_after_s"]
    assert Mail.objects.count() == written


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_one_email_is_limited_from_many_addresses_and_in_any_encoding(
    client: Client, settings: Any, content_type: str
) -> None:
    set_limit(settings, limit_token=RateLimit(2, 600))
    body = '{"email": " A@example.org", "password": "wrong-password"}'

    answers = [
        client.post("/api/v1/auth/token", body, content_type=content_type, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(4)
    ]

    assert answers[2:] == [429, 429]


def test_a_form_with_parts_counts_for_its_email_too(client: Client, settings: Any) -> None:
    set_limit(settings, limit_sign_in=RateLimit(2, 600))

    # The test client sends forms as multipart, a browser url-encoded.
    answers = [
        client.post(
            "/accounts/login/", {"login": "A@example.org", "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{n}"
        ).status_code
        for n in range(3)
    ]

    assert answers == [200, 200, 429]


def test_one_address_is_limited_over_many_emails(client: Client, settings: Any) -> None:
    set_limit(settings, limit_sign_up=RateLimit(2, 600))

    answers = [
        client.post("/accounts/signup/", {"name": "A", "email": f"a{n}@example.org", "password1": PASSWORD}).status_code
        for n in range(3)
    ]

    assert answers == [302, 302, 429]
    assert User.objects.count() == 2


def test_guesses_of_a_code_are_counted_for_the_account_whatever_the_browser(settings: Any) -> None:
    user = make_user()
    secret = give_authenticator(user)
    set_limit(settings, limit_sign_in=RateLimit(4, 600))
    answers = []
    for n in range(5):
        browser = Client(REMOTE_ADDR=f"192.0.2.{n}")
        browser.cookies.clear()
        set_limit(settings, limit_sign_in=RateLimit(1000, 1))
        sign_in_by_page(browser, user)
        set_limit(settings, limit_sign_in=RateLimit(4, 600))
        answers.append(browser.post("/accounts/2fa/authenticate/", {"code": "000001"}).status_code)

    assert answers == [200, 200, 200, 200, 429]
    with pytest.raises(TooMany):
        second_factor.count_guess(user)
    assert code_of(secret)
