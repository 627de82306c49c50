"""Access tokens are believed only while they are ours, fresh and of the current session version; refresh
tokens once.
"""

from datetime import timedelta
from uuid import uuid4

import jwt
import pytest

from backline.kernel.accounts import actions, tokens
from backline.kernel.accounts.errors import BadAccessToken, BadRefreshToken, RefreshTokenReused
from backline.kernel.accounts.models import RefreshToken, Role
from backline.kernel.accounts.rules import hash_secret
from backline.kernel.accounts.testing import make_admin, make_user
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.signing import key_for

pytestmark = pytest.mark.django_db


def test_an_access_token_says_who_and_lasts_fifteen_minutes() -> None:
    user = make_user()

    claims = tokens.check_access_token(tokens.access_token_for(user))

    assert claims == tokens.AccessClaims(user_id=user.id, session_version=1, is_staff=False)
    raw = jwt.decode(tokens.access_token_for(user), options={"verify_signature": False})
    assert raw["exp"] - raw["iat"] == 900
    assert sorted(raw) == ["aud", "exp", "iat", "iss", "jti", "staff", "sub", "sv"]


def test_the_access_token_of_an_admin_says_staff() -> None:
    assert tokens.check_access_token(tokens.access_token_for(make_admin())).is_staff is True


def _forged(key: bytes, changes: dict[str, object], algorithm: str = "HS256") -> str:
    at = int(now().timestamp())
    claims = {
        "sub": str(uuid4()),
        "sv": 1,
        "iat": at,
        "exp": at + 900,
        "jti": "x",
        "iss": conf().public_url,
        "aud": "backline",
    }
    return jwt.encode(claims | changes, key, algorithm=algorithm)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"aud": "other"},
        {"iss": "https://elsewhere.example"},
        {"sub": "nobody"},
        {"sub": 7},
        {"sv": "1"},
        {"sv": True},
        {"sv": None},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadAccessToken):
        tokens.read_access_token(_forged(key_for(conf().secret_key, "accounts.access"), changes))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        _forged.__name__,
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ4In0.",
    ],
)
def test_text_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadAccessToken):
        tokens.read_access_token(token)


def test_a_token_signed_with_another_key_or_algorithm_is_refused() -> None:
    for forged in (
        _forged(key_for(conf().secret_key, "media"), {}),
        _forged(key_for(conf().secret_key, "accounts.access") * 2, {}, algorithm="HS512"),
    ):
        with pytest.raises(BadAccessToken):
            tokens.read_access_token(forged)


def test_a_refresh_token_is_kept_as_a_hash_only() -> None:
    pair = tokens.issue(make_user())

    row = RefreshToken.objects.get()
    assert bytes(row.secret_hash) == hash_secret(pair.refresh_token)
    assert len(pair.refresh_token) == 43


def test_refreshing_replaces_the_token_within_its_family() -> None:
    first = tokens.issue(make_user())

    second = tokens.refresh(first.refresh_token)
    third = tokens.refresh(second.refresh_token)

    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert RefreshToken.objects.count() == 3
    assert RefreshToken.objects.values("family_id").distinct().count() == 1
    assert RefreshToken.objects.filter(used_at=None).count() == 1


def test_using_a_refresh_token_twice_ends_its_family_and_no_other() -> None:
    user = make_user()
    stolen, elsewhere = tokens.issue(user), tokens.issue(user)
    fresh = tokens.refresh(stolen.refresh_token)

    with pytest.raises(RefreshTokenReused):
        tokens.refresh(stolen.refresh_token)

    with pytest.raises(BadRefreshToken):
        tokens.refresh(fresh.refresh_token)
    assert tokens.refresh(elsewhere.refresh_token).expires_in == 900


def test_an_expired_refresh_token_is_refused_and_nothing_is_issued() -> None:
    pair = tokens.issue(make_user())
    RefreshToken.objects.update(expires_at=now() - timedelta(seconds=1))

    with pytest.raises(BadRefreshToken):
        tokens.refresh(pair.refresh_token)

    assert RefreshToken.objects.count() == 1


def test_an_unknown_refresh_token_is_refused() -> None:
    with pytest.raises(BadRefreshToken):
        tokens.refresh("nobody-gave-this")


def test_signing_out_ends_the_family_and_an_unknown_token_is_no_error() -> None:
    user = make_user()
    here, there = tokens.issue(user), tokens.issue(user)

    tokens.sign_out(here.refresh_token)
    tokens.sign_out("unknown")

    with pytest.raises(BadRefreshToken):
        tokens.refresh(here.refresh_token)
    assert tokens.refresh(there.refresh_token).refresh_token


def test_a_raised_session_version_ends_access_and_refresh_tokens_at_once() -> None:
    user = make_user()
    pair = tokens.issue(user)

    actions.sign_out_everywhere(user.id)

    with pytest.raises(BadAccessToken):
        tokens.check_access_token(pair.access_token)
    with pytest.raises(BadRefreshToken):
        tokens.refresh(pair.refresh_token)


def test_a_refresh_token_issued_while_everything_was_signed_out_does_not_outlive_it() -> None:
    # The sign-out's update cannot see a token that commits after it began; the version in the token can.
    user = make_user()
    late = tokens.issue(user)
    actions.sign_out_everywhere(user.id)
    RefreshToken.objects.update(revoked_at=None)

    with pytest.raises(BadRefreshToken):
        tokens.refresh(late.refresh_token)


def test_a_staff_role_given_or_taken_ends_tokens_and_an_artists_role_does_not() -> None:
    user = make_user()
    actions.grant_role(user, Role.ARTIST)
    assert user.session_version == 1

    actions.grant_role(user, Role.MODERATOR)
    assert user.session_version == 2
    token = tokens.access_token_for(user)
    actions.revoke_role(user, Role.MODERATOR)

    with pytest.raises(BadAccessToken):
        tokens.check_access_token(token)


def test_tokens_long_expired_are_forgotten() -> None:
    old, new = make_user(), make_user()
    tokens.issue(old)
    tokens.issue(new)
    RefreshToken.objects.filter(user=old).update(expires_at=now() - timedelta(days=31))

    assert tokens.forget_spent_tokens(now() - timedelta(days=30)) == 1
    assert RefreshToken.objects.get().user_id == new.id
