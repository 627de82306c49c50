"""The authenticator app and recovery codes by page, and their secrets at rest."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client

from backline.kernel.accounts.adapter import MFAAdapter
from backline.kernel.accounts.testing import (
    code_of,
    confirm_password,
    give_authenticator,
    make_user,
    sign_in_by_page,
)

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    return client.get("/api/v1/auth/me").status_code == 200


def test_a_person_adds_an_authenticator_and_signs_in_with_its_code(client: Client) -> None:
    user = make_user()
    sign_in_by_page(client, user)
    confirm_password(client)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert found, page
    secret = found[1]

    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    assert sorted(Authenticator.objects.values_list("type", flat=True)) == ["recovery_codes", "totp"]
    client.post("/accounts/logout/")

    sign_in_by_page(client, user)
    assert not is_signed_in(client)
    asked = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, periods_ahead=1)})
    assert asked.status_code == 302
    assert is_signed_in(client)


def test_a_wrong_code_lets_nobody_in(client: Client) -> None:
    user = make_user()
    secret = give_authenticator(user)
    sign_in_by_page(client, user)

    wrong = f"{(int(code_of(secret)) + 500_000) % 1_000_000:06}"
    answer = client.post("/accounts/2fa/authenticate/", {"code": wrong})

    assert answer.status_code == 200
    assert "Incorrect code." in answer.content.decode()
    assert not is_signed_in(client)


def test_a_code_that_let_one_browser_in_does_not_let_another(client: Client) -> None:
    from django.core.cache import cache

    user = make_user()
    code = code_of(give_authenticator(user))
    other = Client()
    sign_in_by_page(client, user)
    sign_in_by_page(other, user)

    client.post("/accounts/2fa/authenticate/", {"code": code})
    cache.clear()  # another process remembers nothing
    other.post("/accounts/2fa/authenticate/", {"code": code})

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_a_recovery_code_lets_in_once(client: Client) -> None:
    user = make_user()
    give_authenticator(user)
    code = RecoveryCodes.activate(user).get_unused_codes()[0]

    for expected in (True, False):
        browser = Client()
        sign_in_by_page(browser, user)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_signed_in(browser) is expected


def test_secrets_are_encrypted_at_rest() -> None:
    user = make_user()
    secret = give_authenticator(user)

    stored = Authenticator.objects.get().data["secret"]

    assert secret not in stored
    assert MFAAdapter().decrypt(stored) == secret


def test_a_secret_that_the_key_does_not_open_becomes_one_that_nobody_knows() -> None:
    assert len({MFAAdapter().decrypt("not ours") for _ in range(3)}) == 3
    assert len(MFAAdapter().decrypt("not ours")) == 32
