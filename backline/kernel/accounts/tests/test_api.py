"""Signing up, in and out by program."""

from typing import Any

import pytest
from django.test import Client

from backline.kernel.accounts import actions, tokens
from backline.kernel.accounts.models import Mail, RefreshToken, Role, RoleGrant, User
from backline.kernel.accounts.testing import (
    PASSWORD,
    bearer,
    code_of,
    give_authenticator,
    make_user,
    sign_in_by_page,
)

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, body: object, **headers: str) -> Any:
    return client.post(f"/api/v1/auth/{path}", body, content_type="application/json", headers=headers)


SIGN_UP = {"email": "Mira@Example.org", "password": PASSWORD, "name": "Mira"}


def test_signing_up_makes_an_account_that_is_usable_at_once(client: Client) -> None:
    answer = post(client, "signup", SIGN_UP)

    assert answer.status_code == 201
    assert answer.json() == {
        "email": "mira@example.org",
        "name": "Mira",
        "message": "You can sign in as mira@example.org now.",
    }
    user = User.objects.get()
    assert (user.email, user.name, user.is_active) == ("mira@example.org", "Mira", True)
    assert user.password.startswith("argon2")
    assert [mail.to for mail in Mail.objects.all()] == ["mira@example.org"]

    pair = post(client, "token", {"email": " MIRA@example.org", "password": PASSWORD})
    assert pair.status_code == 200
    assert sorted(pair.json()) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (pair.json()["expires_in"], pair.json()["token_type"]) == (900, "Bearer")

    me = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.json()['access_token']}"})
    assert me.json() == {
        "id": str(user.id),
        "email": "mira@example.org",
        "name": "Mira",
        "roles": [],
        "email_confirmed": False,
        "second_factor": False,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "mira"}, "email"),
        ({"email": "mira\x00@example.org"}, "email"),
        ({"email": "x" * 300 + "@example.org"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "Mi\x00ra"}, "name"),
        ({"name": "Mi\x07ra"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": 7}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "wooden\x00radio-42"}, "password"),
        ({"password": "mira@example.org"}, "password"),
        ({"role": "admin"}, "role"),
        ({"name": None}, "name"),
    ],
)
def test_a_bad_field_is_refused_by_name_and_makes_nothing(
    client: Client, changes: dict[str, object], field: str
) -> None:
    answer = post(client, "signup", SIGN_UP | changes)

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    named = problem.get("field") or problem["fields"][0]["field"]
    assert named.rpartition(".")[2] == field
    assert User.objects.count() == 0
    assert Mail.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b'{"email": "\\ud800@example.org"}', b"\xff\xfe"])
def test_a_body_that_is_no_object_is_refused_without_a_server_error(client: Client, body: bytes) -> None:
    for path in ("signup", "token", "refresh", "sign-out"):
        answer = client.post(f"/api/v1/auth/{path}", body, content_type="application/json")
        assert answer.status_code in (400, 422), path


@pytest.mark.parametrize(
    ("email", "password"),
    [("mira@example.org", "wrong-password"), ("nobody@example.org", PASSWORD), ("not an address", "x")],
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_refusal(
    client: Client, email: str, password: str
) -> None:
    make_user(email="mira@example.org")

    answer = post(client, "token", {"email": email, "password": password})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {
        "type": "urn:backline:problem:wrong_credentials",
        "title": "E-mail or password is not right",
        "status": 401,
        "detail": "The e-mail address or the password is not right.",
        "code": "wrong_credentials",
    }
    assert RefreshToken.objects.count() == 0


def test_a_deactivated_account_gets_no_token(client: Client) -> None:
    user = make_user()
    actions.deactivate(user)

    assert post(client, "token", {"email": user.email, "password": PASSWORD}).json()["code"] == "wrong_credentials"


def test_an_account_with_an_authenticator_needs_its_code_and_a_code_serves_once(client: Client) -> None:
    user = make_user()
    secret = give_authenticator(user)
    body = {"email": user.email, "password": PASSWORD}

    without = post(client, "token", body)
    assert (without.status_code, without.json()["code"]) == (401, "otp_required")
    wrong = post(client, "token", body | {"otp": "000000" if code_of(secret) != "000000" else "111111"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "otp_wrong")
    code = code_of(secret)
    assert post(client, "token", body | {"otp": code}).status_code == 200
    again = post(client, "token", body | {"otp": code})
    assert (again.status_code, again.json()["code"]) == (401, "otp_wrong")
    assert RefreshToken.objects.count() == 1


def test_the_code_is_not_asked_before_the_password_is_right(client: Client) -> None:
    user = make_user()
    give_authenticator(user)

    answer = post(client, "token", {"email": user.email, "password": "wrong-password"})

    assert answer.json()["code"] == "wrong_credentials"


def test_reuse_of_a_refresh_token_is_refused_and_the_end_of_its_family_is_kept(client: Client) -> None:
    pair = tokens.issue(make_user())
    fresh = post(client, "refresh", {"refresh_token": pair.refresh_token}).json()

    reused = post(client, "refresh", {"refresh_token": pair.refresh_token})

    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert RefreshToken.objects.filter(revoked_at=None).count() == 0
    after = post(client, "refresh", {"refresh_token": fresh["refresh_token"]})
    assert (after.status_code, after.json()["code"]) == (401, "invalid_refresh_token")


def test_an_expired_access_token_in_the_header_does_not_stop_a_refresh(client: Client) -> None:
    pair = tokens.issue(make_user())

    answer = post(client, "refresh", {"refresh_token": pair.refresh_token}, Authorization="Bearer expired")

    assert answer.status_code == 200


def test_signing_out_ends_the_refresh_token(client: Client) -> None:
    pair = tokens.issue(make_user())

    assert post(client, "sign-out", {"refresh_token": pair.refresh_token}).status_code == 204
    assert post(client, "sign-out", {"refresh_token": "unknown"}).status_code == 204

    assert post(client, "refresh", {"refresh_token": pair.refresh_token}).status_code == 401


def test_signing_out_everywhere_ends_sessions_access_and_refresh_tokens_at_once(client: Client) -> None:
    user = make_user()
    browser = Client()
    sign_in_by_page(browser, user)
    assert browser.get("/api/v1/auth/me").status_code == 200
    pair = tokens.issue(user)
    headers = {"Authorization": f"Bearer {pair.access_token}"}

    assert client.post("/api/v1/auth/sign-out-everywhere", headers=headers).status_code == 204

    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert post(client, "refresh", {"refresh_token": pair.refresh_token}).status_code == 401


def test_signing_out_everywhere_needs_somebody(client: Client) -> None:
    answer = client.post("/api/v1/auth/sign-out-everywhere")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_the_roles_of_a_person_are_told_to_that_person(client: Client) -> None:
    user = make_user(roles=(Role.ARTIST, Role.LABEL_ARTIST))
    RoleGrant.objects.create(user=user, role=Role.MODERATOR, revoked_at=user.created_at)

    assert client.get("/api/v1/auth/me", headers=bearer(user)).json()["roles"] == ["artist", "label_artist"]


def test_every_route_documents_its_refusals(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    documented = {
        f"{method} {path.rpartition('/')[2]}": sorted(route["responses"])
        for path, methods in paths.items()
        if path.startswith("/api/v1/auth/")
        for method, route in methods.items()
    }
    assert documented == {
        "post signup": ["201", "403", "422", "429"],
        "post token": ["200", "401", "403", "422", "429"],
        "post refresh": ["200", "401", "403", "422", "429"],
        "post sign-out": ["204", "403", "422", "429"],
        "post sign-out-everywhere": ["204", "401", "403", "422", "429"],
        "get me": ["200", "401", "422", "429"],
    }
