"""What a browser sends as a passkey is anybody's JSON: none of it is a fault of ours, and none of it lets
anybody in.

That real passkeys work is tested with a real browser (tests/browser/test_passkeys.py).
"""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from backline.kernel.accounts.testing import confirm_password, give_authenticator, make_user, sign_in_by_page

pytestmark = pytest.mark.django_db

EMPTY = {
    "clientDataJSON": "AAAA",
    "attestationObject": "AAAA",
    "authenticatorData": "AAAA",
    "signature": "AAAA",
    "userHandle": "AAAA",
}
# Base64url of a client data object for this origin whose challenge nobody asked for.
CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly90ZXN0c2VydmVyIn0"
KEY = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
CREDENTIALS = [
    "",
    "{",
    "null",
    "1",
    '"x"',
    "[]",
    "{}",
    '{"id": "\\u0000"}',
    json.dumps(KEY | {"id": "x", "rawId": "x", "response": {}}),
    json.dumps(KEY | {"response": None}),
    json.dumps(KEY | {"response": EMPTY}),
    json.dumps(KEY | {"response": EMPTY | {"clientDataJSON": CLIENT_DATA}}),
]


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_signing_in_with_something_else_is_refused(client: Client, credential: str) -> None:
    client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})

    answer = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})

    assert answer.status_code in (200, 302)
    assert client.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_adding_something_else_is_refused(client: Client, credential: str) -> None:
    sign_in_by_page(client, make_user())
    confirm_password(client)
    client.get("/accounts/2fa/webauthn/add/")

    answer = client.post("/accounts/2fa/webauthn/add/", {"credential": credential, "name": "Key"})

    assert answer.status_code == 200
    assert Authenticator.objects.count() == 0


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_something_else_is_no_second_factor(client: Client, credential: str) -> None:
    user = make_user()
    give_authenticator(user)
    sign_in_by_page(client, user)
    client.get("/accounts/2fa/authenticate/")

    answer = client.post("/accounts/2fa/authenticate/", {"credential": credential})

    assert answer.status_code == 200
    assert client.get("/api/v1/auth/me").status_code == 401
