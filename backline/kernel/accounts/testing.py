"""Factories and small helpers for tests: people, their tokens, their codes, and their way in through the
pages.
"""

import time
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import make_password
from django.test import Client

from backline.kernel.accounts import tokens
from backline.kernel.accounts.models import Role, RoleGrant, User

PASSWORD = "wooden-radio-42"  # noqa: S105 - of made-up people
_number = count(1)
_hashes: dict[str, str] = {}


def _hash_of(password: str) -> str:
    # Hashing is slow on purpose; one hash of the usual password serves all people of a test run.
    if password not in _hashes:
        _hashes[password] = make_password(password)
    return _hashes[password]


def make_user(
    *,
    email: str = "",
    name: str = "Mira",
    password: str = PASSWORD,
    is_confirmed: bool = True,
    roles: tuple[Role, ...] = (),
) -> User:
    """An account with a password, a confirmed address and the given roles."""
    user = User(email=email or f"person{next(_number)}@example.org", name=name, password=_hash_of(password))
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_confirmed)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role)
    return user


def make_admin(**overrides: Any) -> User:
    """An account with the role admin."""
    return make_user(**{"name": "Ada", "roles": (Role.ADMIN,)} | overrides)


def bearer(user: User) -> dict[str, str]:
    """The headers of a call with a fresh access token."""
    return {"Authorization": f"Bearer {tokens.access_token_for(user)}"}


def sign_in_by_page(client: Client, user: User, *, password: str = PASSWORD) -> None:
    """Sign in as a person does; raises AssertionError when the page does not let the person in."""
    response = client.post("/accounts/login/", {"login": user.email, "password": password})
    if response.status_code != 302:
        raise AssertionError(f"not signed in: {response.status_code} {response.content[:2000]!r}")


def confirm_password(client: Client, *, password: str = PASSWORD) -> None:
    """Say the password again, as is asked before second factors are changed."""
    response = client.post("/accounts/reauthenticate/", {"password": password})
    if response.status_code != 302:
        raise AssertionError(f"not confirmed: {response.status_code} {response.content[:2000]!r}")


def give_authenticator(user: User) -> str:
    """Give the person an authenticator app; returns its secret (base32)."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, periods_ahead: int = 0) -> str:
    """The code that the authenticator app shows now, or some periods of 30 s later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods_ahead)))
