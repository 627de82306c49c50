"""Signing up, resetting a password and signing in tell nobody which addresses have an account."""

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from backline.kernel.accounts.models import Mail, User
from backline.kernel.accounts.testing import PASSWORD, make_user
from backline.kernel.kit.conf import Conf

pytestmark = pytest.mark.django_db

VARYING = ("Content-Length", "Expires", "X-Request-ID", "Content-Security-Policy")
RANDOM = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|name="(?:csp-nonce|csrf-token)" content="[^"]+"'
)
KNOWN, UNKNOWN = "known@example.org", "other@example.org"


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every time a password is hashed or verified."""
    seen: list[str] = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def counted_encode(self: Any, password: str, salt: str) -> str:
        seen.append("hash")
        return encode(self, password, salt)

    def counted_verify(self: Any, password: str, encoded: str) -> bool:
        seen.append("hash")
        return verify(self, password, encoded)

    make_user(email=KNOWN)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    return seen


@pytest.fixture
def with_smtp(settings: Any) -> Conf:
    settings.BACKLINE = settings.BACKLINE.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    return settings.BACKLINE  # type: ignore[no-any-return]


def seen_from_outside(client: Client, path: str, body: Any, email: str, **kwargs: Any) -> tuple[object, ...]:
    """What a stranger can tell apart: status, headers but for random ones, and the body with the address
    blanked.
    """
    answer = client.post(path, body, **kwargs)
    text = RANDOM.sub("", answer.content.decode()).replace(email, "ADDRESS")
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    cookies = {
        name: (morsel["path"], morsel["httponly"], morsel["samesite"]) for name, morsel in answer.cookies.items()
    }
    pages: list[str] = []
    if answer.status_code == 302:
        following = client.get(answer["Location"])
        pages = [RANDOM.sub("", following.content.decode()).replace(email, "ADDRESS")]
    return answer.status_code, headers, cookies, text, *pages


@pytest.mark.parametrize("is_mailing", [False, True])
def test_the_api_of_signing_up_answers_the_same(
    hashes: list[str], is_mailing: bool, request: pytest.FixtureRequest
) -> None:
    if is_mailing:
        request.getfixturevalue("with_smtp")
    seen, counts = [], []
    for email in (KNOWN, UNKNOWN):
        hashes.clear()
        body = {"email": email, "password": PASSWORD, "name": "Zoe"}
        seen.append(seen_from_outside(Client(), "/api/v1/auth/signup", body, email, content_type="application/json"))
        counts.append(len(hashes))

    assert seen[0] == seen[1]
    assert seen[0][0] == 201
    assert counts == [1, 1]


@pytest.mark.parametrize("is_mailing", [False, True])
def test_the_page_of_signing_up_answers_the_same_and_so_does_the_page_after_it(
    hashes: list[str], is_mailing: bool, request: pytest.FixtureRequest
) -> None:
    if is_mailing:
        request.getfixturevalue("with_smtp")
    seen, counts = [], []
    for email in (KNOWN, UNKNOWN):
        hashes.clear()
        body = {"email": email, "password1": PASSWORD, "name": "Zoe"}
        seen.append(seen_from_outside(Client(), "/accounts/signup/", body, email))
        counts.append(len(hashes))

    assert seen[0] == seen[1]
    assert seen[0][0] == 302
    assert 'value="ADDRESS"' in str(seen[0][-1])  # the address that the person typed is filled in
    assert counts == [1, 1]


def test_the_owner_of_a_known_address_is_told_and_nothing_is_changed(client: Client) -> None:
    owner = make_user(email=KNOWN, name="Owner")

    client.post("/accounts/signup/", {"email": KNOWN.upper(), "password1": "another-radio-43", "name": "Thief"})

    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == (KNOWN, "Somebody tried to sign up with your address")
    assert "http://testserver/accounts/password/reset/" in mail.text
    kept = User.objects.get()
    assert (kept.name, kept.password) == ("Owner", owner.password)


def test_asking_for_a_new_password_answers_the_same(hashes: list[str]) -> None:
    seen = [
        seen_from_outside(Client(), "/accounts/password/reset/", {"email": email}, email) for email in (KNOWN, UNKNOWN)
    ]

    assert seen[0] == seen[1]
    assert seen[0][0] == 302
    assert sorted(Mail.objects.values_list("to", "subject")) == [
        (KNOWN, "Choose a new password"),
        (UNKNOWN, "There is no account with your address"),
    ]


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/auth/token"])
def test_a_wrong_password_and_an_unknown_address_cost_the_same(hashes: list[str], path: str) -> None:
    seen, counts = [], []
    for email in (KNOWN, UNKNOWN):
        hashes.clear()
        body = {"email": email, "login": email, "password": "wrong-password"}
        kwargs = {"content_type": "application/json"} if path.startswith("/api") else {}
        if kwargs:
            del body["login"]
        answer = Client().post(path, body, **kwargs)  # type: ignore[arg-type]
        seen.append((answer.status_code, sorted(answer.headers), len(answer.content)))
        counts.append(len(hashes))

    assert counts == [1, 1]
    assert seen[0][:2] == seen[1][:2]


def test_with_mail_an_unconfirmed_address_looks_like_a_wrong_password(with_smtp: Conf) -> None:
    # Else signing up and then in with one's own password would tell whether the address was free.
    make_user(email=KNOWN)
    Client().post("/accounts/signup/", {"email": KNOWN, "password1": "my-own-radio-44", "name": "Zoe"})
    Client().post("/accounts/signup/", {"email": UNKNOWN, "password1": "my-own-radio-44", "name": "Zoe"})

    pages = [
        seen_from_outside(Client(), "/accounts/login/", {"login": email, "password": "my-own-radio-44"}, email)
        for email in (KNOWN, UNKNOWN)
    ]
    answers = [
        seen_from_outside(
            Client(),
            "/api/v1/auth/token",
            {"email": email, "password": "my-own-radio-44"},
            email,
            content_type="application/json",
        )
        for email in (KNOWN, UNKNOWN)
    ]

    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert pages[0] == pages[1]
    assert "not confirmed yet" in str(pages[0])
    # The new mail with a link survives the refusal: two by the page and the API, one by signing up.
    assert Mail.objects.filter(to=UNKNOWN).count() == 3
