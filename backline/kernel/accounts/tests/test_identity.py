"""Who makes a request: by token, by session, or nobody; and what a forged request cannot do."""

from typing import Any

import pytest
from django.test import Client

from backline.kernel.accounts import tokens
from backline.kernel.accounts.models import RefreshToken, Role, User
from backline.kernel.accounts.testing import bearer, make_admin, make_user, sign_in_by_page

pytestmark = pytest.mark.django_db

# What the edge itself asks of the database: savepoint, become nobody, (role,) become nobody again, release.
EDGE = (
    "SAVEPOINT",
    "SET LOCAL ROLE",
    "SELECT set_config",
    "RESET ROLE",
    "RELEASE SAVEPOINT",
    "ROLLBACK TO SAVEPOINT",
)


def asked_of_the_database(queries: Any) -> list[str]:
    return [query["sql"] for query in queries if not query["sql"].startswith(EDGE)]


def test_nobody_in_particular_costs_no_query(client: Client, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert client.get("/openapi.json").status_code == 200

    assert asked_of_the_database(queries) == []
    assert len([query for query in queries if "set_config" in query["sql"]]) == 2  # in and out of the request


def test_a_bearer_costs_one_query_and_a_session_two(client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user = make_user()
    headers = bearer(user)
    with CaptureQueriesContext(connection) as queries:
        client.get("/openapi.json", headers=headers)
    assert len(asked_of_the_database(queries)) == 1

    sign_in_by_page(client, user)
    with CaptureQueriesContext(connection) as queries:
        client.get("/openapi.json")
    assert len(asked_of_the_database(queries)) == 2


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/openapi.json", "/accounts/login/"])
def test_a_bad_access_token_is_refused_everywhere(client: Client, path: str, token: str) -> None:
    answer = client.get(path, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_other_schemes_of_authorization_are_nobody(client: Client) -> None:
    answer = client.get("/api/v1/auth/me", headers={"Authorization": "Basic bWlyYTp4"})

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_of_a_deactivated_account_is_refused(client: Client) -> None:
    user = make_user()
    headers = bearer(user)
    User.objects.update(is_active=False)

    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_a_session_of_a_deactivated_account_is_nobody(client: Client) -> None:
    user = make_user()
    sign_in_by_page(client, user)
    User.objects.update(is_active=False)

    assert client.get("/api/v1/auth/me").json()["code"] == "not_signed_in"


def test_the_token_wins_over_the_session(client: Client) -> None:
    in_browser, by_token = make_user(), make_user()
    sign_in_by_page(client, in_browser)

    assert client.get("/api/v1/auth/me", headers=bearer(by_token)).json()["id"] == str(by_token.id)


def test_a_taken_role_is_gone_at_once_from_token_and_session(client: Client) -> None:
    from backline.kernel.accounts import actions

    admin = make_admin()
    headers = bearer(admin)
    browser = Client()
    sign_in_by_page(browser, admin)
    assert browser.get("/admin/").status_code == 200

    actions.revoke_role(admin, Role.ADMIN)

    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert browser.get("/admin/").status_code == 302


def strict(user: User) -> Client:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/accounts/login/")
    form = {
        "login": user.email,
        "password": "wooden-radio-42",
        "csrfmiddlewaretoken": page.cookies["backline_csrf"].value,
    }
    assert browser.post("/accounts/login/", form).status_code == 302
    return browser


def test_a_call_with_a_session_needs_the_csrf_token() -> None:
    user = make_user()
    browser = strict(user)

    forged = browser.post("/api/v1/auth/sign-out-everywhere")

    assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
    assert forged["Content-Type"] == "application/problem+json"
    assert User.objects.get().session_version == 1

    token = browser.cookies["backline_csrf"].value
    assert browser.post("/api/v1/auth/sign-out-everywhere", headers={"X-CSRFToken": token}).status_code == 204
    assert User.objects.get().session_version == 2


def test_a_call_from_another_origin_is_refused_even_with_the_token() -> None:
    browser = strict(make_user())
    headers = {"X-CSRFToken": browser.cookies["backline_csrf"].value, "Origin": "https://elsewhere.example"}

    assert browser.post("/api/v1/auth/sign-out-everywhere", headers=headers).status_code == 403
    assert User.objects.get().session_version == 1


def test_calls_with_a_token_or_without_cookies_need_no_csrf_token() -> None:
    user = make_user()
    bare = Client(enforce_csrf_checks=True)
    pair = tokens.issue(user)

    body = {"refresh_token": pair.refresh_token}
    assert bare.post("/api/v1/auth/refresh", body, content_type="application/json").status_code == 200
    browser = strict(user)
    assert browser.post("/api/v1/auth/sign-out-everywhere", headers=bearer(user)).status_code == 204
    assert RefreshToken.objects.filter(revoked_at=None).count() == 0


def test_a_forged_form_gets_a_page_that_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/signup/", {"email": "a@example.org"})

    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
