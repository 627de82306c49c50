"""An audio address carries its permission: which track, hook or all, which file, until when, for whom.

The file is named in the signed text itself, so an address for the hook cannot reach a byte of the whole
track. The text is readable, fields with dots between, so that a stock nginx can take it apart and serve the
file after checking a second signature (`n`) that is made with a secret of its own. The listener appears
only as a keyed mark: who finds an address in a log learns neither the cookie that must come with it nor how
to make another.

1.<hook|full>.<sha256>.<bytes>.<subtype[~codec]>.<unix expiry>.<b|u><mark>.<signature>
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from backline.kernel.kit.errors import Forbidden
from backline.kernel.kit.signing import encode, key_for

PREFIX: Final = "/api/audio/"
LISTENER_COOKIE: Final = "backline_listener"

_HEAD: Final = re.compile(
    r"1\.(hook|full)\.([0-9a-f]{64})\.(0|[1-9][0-9]{0,14})\.([a-z0-9-]{1,20}(?:~[a-z0-9]{1,20})?)\.([1-9][0-9]{0,11})"
    r"\.([bu])([A-Za-z0-9_-]{22})",
    re.ASCII,
)
_CODEC: Final = "; codecs="
_MARK_BYTES: Final = 16


class TokenRefused(Forbidden):
    """The address was not made by this server for this track, was changed, or belongs to another listener."""

    code = "token_refused"
    title = "This address was not given to you"


class TokenExpired(Forbidden):
    """The address was good for about a minute, and that is over; pressing play gives a new one."""

    code = "token_expired"
    title = "This address has expired"


class RenditionKind(StrEnum):
    """What an address reaches: the part that anyone may hear, or the whole track."""

    HOOK = "hook"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class AudioGrant:
    """A decision to let one listener hear one file until `expires_at`.

    A bound grant needs the listener's cookie with every request; one for a program that sent no cookie is
    not bound. `content_type` is audio/ and a subtype, with no parameter or one codec ("audio/webm;
    codecs=opus").
    """

    track_id: UUID
    kind: RenditionKind
    sha256: str
    size_bytes: int
    content_type: str
    expires_at: datetime
    listener_id: UUID
    is_bound: bool


@dataclass(frozen=True, slots=True)
class AudioPass:
    """What a token that was read says: the grant, with the listener's mark in place of the listener."""

    track_id: UUID
    kind: RenditionKind
    sha256: str
    size_bytes: int
    content_type: str
    expires_at: datetime
    listener_mark: str
    is_bound: bool


class AudioTokens:
    """Makes and reads audio addresses with the install's secret; the second secret is nginx's."""

    def __init__(self, secret_key: str, nginx_secret: str | None = None) -> None:
        self._token_key = key_for(secret_key, "audio")
        self._mark_key = key_for(secret_key, "audio-listener")
        self._nginx_secret = nginx_secret

    def issue(self, grant: AudioGrant) -> str:
        """The token of a grant. Raises ValueError for a grant that no token can carry."""
        main, _, subtype = grant.content_type.replace(_CODEC, "~").partition("/")
        expiry = int(grant.expires_at.timestamp())
        bound = "b" if grant.is_bound else "u"
        head = (
            f"1.{grant.kind}.{grant.sha256}.{grant.size_bytes}.{subtype}.{expiry}"
            f".{bound}{self.mark_of(str(grant.listener_id))}"
        )
        if main != "audio" or not _HEAD.fullmatch(head):
            raise ValueError("a grant names an audio type with at most one codec, a SHA-256 and a size")
        return f"{head}.{self._signature(str(grant.track_id), head)}"

    def address(self, grant: AudioGrant) -> str:
        """The address (path and query) of a grant, with the link that nginx checks where it has a secret."""
        path, token = f"{PREFIX}{grant.track_id}", self.issue(grant)
        if self._nginx_secret is None:
            return f"{path}?token={token}"
        listener = str(grant.listener_id) if grant.is_bound else ""
        return f"{path}?token={token}&n={nginx_link(path, token, listener, self._nginx_secret)}"

    def read(self, token: str, *, track_id: UUID, at: datetime) -> AudioPass:
        """What a token says. Raises TokenRefused for any text that `issue` did not make for this track, and
        TokenExpired from the expiry on.

        Whether a bound token came with its listener's cookie is for `is_listener` to say.
        """
        head, _, signature = token.rpartition(".")
        expected = self._signature(str(track_id), head)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise TokenRefused
        found = _HEAD.fullmatch(head)
        if found is None:
            raise TokenRefused
        kind, sha256, size, subtype, expiry, bound, mark = found.groups()
        expires_at = datetime.fromtimestamp(int(expiry), UTC)
        if at >= expires_at:
            raise TokenExpired
        return AudioPass(
            track_id=track_id,
            kind=RenditionKind(kind),
            sha256=sha256,
            size_bytes=int(size),
            content_type=f"audio/{subtype}".replace("~", _CODEC),
            expires_at=expires_at,
            listener_mark=mark,
            is_bound=bound == "b",
        )

    def is_listener(self, allowed: AudioPass, cookie: str | None) -> bool:
        """Whether a request with this listener cookie may use the pass; compared in constant time."""
        if not allowed.is_bound:
            return True
        return cookie is not None and hmac.compare_digest(self.mark_of(cookie), allowed.listener_mark)

    def mark_of(self, listener_id: str) -> str:
        """The keyed mark that stands for a listener in tokens."""
        digest = hmac.new(self._mark_key, listener_id.encode(), hashlib.sha256).digest()
        return encode(digest[:_MARK_BYTES])

    def _signature(self, track_id: str, head: str) -> str:
        return encode(hmac.new(self._token_key, f"{track_id}.{head}".encode(), hashlib.sha256).digest())


def address(grant: AudioGrant, *, secret: str, nginx_secret: str | None) -> str:
    """The address of a grant; see AudioTokens.address."""
    return AudioTokens(secret, nginx_secret).address(grant)


def nginx_link(path: str, token: str, listener: str, secret: str) -> str:
    """What nginx computes with `secure_link_md5 "$uri $arg_token <listener cookie> <secret>"`, unpadded
    base64url.

    MD5 is nginx's choice. Its weakness is collisions; a forger here would need a preimage with a secret at
    the end.
    """
    digest = hashlib.md5(f"{path} {token} {listener} {secret}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
