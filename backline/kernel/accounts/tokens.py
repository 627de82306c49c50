"""What programs sign in with: an access token that lasts minutes and a refresh token that is replaced at each
use.

The access token is a JWT (RFC 7519) that the server believes without a look-up except for one number, the
session version. The refresh token is 256 random bits, kept as a hash; using one twice means that two parties
hold it, so its whole family ends (RFC 9700, section 4.14.2). No private data is in either.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import jwt
import structlog
from django.db import connection

from backline.kernel.accounts import session_versions
from backline.kernel.accounts.errors import BadAccessToken, BadRefreshToken, RefreshTokenReused
from backline.kernel.accounts.models import RefreshToken, User
from backline.kernel.accounts.rules import ACCESS_TOKEN_LASTS, REFRESH_TOKEN_LASTS, hash_secret
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.signing import key_for

log = structlog.get_logger("accounts.tokens")

AUDIENCE = "backline"
_CLAIMS = ("sub", "sv", "iat", "exp", "jti", "iss", "aud")


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: who, whether of the staff, and under which session version."""

    user_id: UUID
    session_version: int
    is_staff: bool


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A fresh access token and the refresh token that gets the next one; the lifetime is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def _key() -> bytes:
    return key_for(conf().secret_key, "accounts.access")


def access_token_for(user: User) -> str:
    """A new access token. The staff flag can be in it because a change of staff roles raises the session
    version.
    """
    issued_at = now()
    claims: dict[str, object] = {
        "sub": str(user.id),
        "sv": user.session_version,
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + ACCESS_TOKEN_LASTS).timestamp()),
        "jti": str(new_id()),
        "iss": conf().public_url,
        "aud": AUDIENCE,
        "staff": user.is_staff,
    }
    return jwt.encode(claims, _key(), algorithm="HS256")


def read_access_token(token: str) -> AccessClaims:
    """The claims of a token that we signed and that has not expired. Raises BadAccessToken for any other
    text.
    """
    try:
        claims = jwt.decode(
            token,
            _key(),
            algorithms=["HS256"],
            audience=AUDIENCE,
            issuer=conf().public_url,
            options={"require": list(_CLAIMS)},
        )
        user_id, version = UUID(str(claims["sub"])), claims["sv"]
    except (jwt.PyJWTError, ValueError, UnicodeError) as error:
        raise BadAccessToken from error
    if type(version) is not int:
        raise BadAccessToken
    return AccessClaims(user_id=user_id, session_version=version, is_staff=claims.get("staff") is True)


def check_access_token(token: str) -> AccessClaims:
    """The claims of a token that is valid now. The caller acts as its `sub` already (row policies).

    Raises BadAccessToken when the sessions it belongs to were ended.
    """
    claims = read_access_token(token)
    require_current(claims)
    return claims


def require_current(claims: AccessClaims) -> None:
    """Raise BadAccessToken unless the token's session version is the person's current one."""
    if session_versions.current(claims.user_id) != claims.session_version:
        raise BadAccessToken("Everything was signed out: sign in again")


def issue(user: User, *, family_id: UUID | None = None) -> TokenPair:
    """A new pair of tokens, in a new family (a sign-in) or in one that goes on (a refresh)."""
    secret = secrets.token_urlsafe(32)
    RefreshToken(
        user=user,
        family_id=family_id or new_id(),
        secret_hash=hash_secret(secret),
        session_version=user.session_version,
        expires_at=now() + REFRESH_TOKEN_LASTS,
    ).save(force_insert=True)
    return TokenPair(
        access_token=access_token_for(user),
        refresh_token=secret,
        expires_in=int(ACCESS_TOKEN_LASTS.total_seconds()),
    )


def refresh(presented: str) -> TokenPair:
    """Replace a refresh token by a new pair. Raises BadRefreshToken.

    Raises RefreshTokenReused after ending the family; the caller at the edge must keep that write
    (kit.http.keep_writes).
    """
    token = _lock_token(presented)
    if token is None:
        raise BadRefreshToken
    at = now()
    if token.revoked_at is not None or token.expires_at <= at or not _is_in_force(token):
        raise BadRefreshToken
    if token.used_at is not None:
        revoke_family(token.family_id, at)
        log.warning("accounts.refresh_reused", user_id=str(token.user_id), family_id=str(token.family_id))
        raise RefreshTokenReused
    token.used_at = at
    token.save(update_fields=("used_at",))
    return issue(token.user, family_id=token.family_id)


def _lock_token(presented: str) -> RefreshToken | None:
    # A thief and the owner (or two tabs of one browser) may present the same token at once. Without the lock
    # both would find it unused and both would get a pair: the theft would go unseen. With it the second waits
    # for the first, then finds the token used.
    return (
        RefreshToken.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(secret_hash=hash_secret(presented))
        .first()
    )


def _is_in_force(token: RefreshToken) -> bool:
    return token.user.is_active and token.session_version == token.user.session_version


def revoke_family(family_id: UUID, at: datetime | None = None) -> int:
    """End all refresh tokens of a family; returns how many were still alive."""
    return RefreshToken.objects.filter(family_id=family_id, revoked_at=None).update(revoked_at=at or now())


def sign_out(presented: str) -> None:
    """End the family of a refresh token; an unknown token is no error (RFC 7009, section 2.2)."""
    token = RefreshToken.objects.filter(secret_hash=hash_secret(presented)).first()
    if token is not None:
        revoke_family(token.family_id)


def forget_spent_tokens(before: datetime) -> int:
    """Delete tokens that expired before the instant; returns how many. For the worker."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_refreshtoken WHERE expires_at < %s", [before])
        return int(cursor.rowcount)
