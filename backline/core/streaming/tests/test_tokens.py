import hashlib
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.streaming.tokens import (
    AudioGrant,
    AudioTokens,
    RenditionKind,
    TokenExpired,
    TokenRefused,
    address,
    nginx_link,
)

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRACK = UUID("0199d2b4-7c1e-7000-8000-000000000001")
OTHER_TRACK = UUID("0199d2b4-7c1e-7000-8000-000000000002")
LISTENER = UUID("0199d2b4-7c1e-7000-8000-00000000000a")
TOKENS = AudioTokens("a secret of some length")
GRANT = AudioGrant(
    track_id=TRACK,
    kind=RenditionKind.HOOK,
    sha256="ab" * 32,
    size_bytes=12345,
    content_type="audio/webm",
    expires_at=AT + timedelta(seconds=60),
    listener_id=LISTENER,
    is_bound=True,
)


def test_a_token_says_what_was_granted() -> None:
    token = TOKENS.issue(GRANT)

    read = TOKENS.read(token, track_id=TRACK, at=AT)

    assert read.track_id == TRACK
    assert read.kind is RenditionKind.HOOK
    assert read.sha256 == "ab" * 32
    assert read.size_bytes == 12345
    assert read.content_type == "audio/webm"
    assert read.expires_at == AT + timedelta(seconds=60)
    assert read.is_bound
    assert token.split(".")[:6] == ["1", "hook", "ab" * 32, "12345", "webm", "1795176060"]


def test_a_token_ends_at_its_expiry() -> None:
    token = TOKENS.issue(GRANT)

    TOKENS.read(token, track_id=TRACK, at=GRANT.expires_at - timedelta(microseconds=1))

    with pytest.raises(TokenExpired):
        TOKENS.read(token, track_id=TRACK, at=GRANT.expires_at)


def test_a_token_is_good_for_its_track_and_its_server_only() -> None:
    token = TOKENS.issue(GRANT)

    with pytest.raises(TokenRefused):
        TOKENS.read(token, track_id=OTHER_TRACK, at=AT)
    with pytest.raises(TokenRefused):
        AudioTokens("another secret").read(token, track_id=TRACK, at=AT)


def test_every_edited_byte_is_refused() -> None:
    token = TOKENS.issue(GRANT)

    for index in range(len(token)):
        for flip in (1, 2, 4, 8, 16, 32, 64):
            edited = token[:index] + chr(ord(token[index]) ^ flip) + token[index + 1 :]
            with pytest.raises(TokenRefused):
                TOKENS.read(edited, track_id=TRACK, at=AT)
        with pytest.raises(TokenRefused):
            TOKENS.read(token[:index] + token[index + 1 :], track_id=TRACK, at=AT)


@given(st.text(max_size=300))
def test_no_text_but_ours_is_a_token(text: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.read(text, track_id=TRACK, at=AT)


def test_fields_cannot_be_swapped_between_two_good_tokens() -> None:
    hook = TOKENS.issue(GRANT).split(".")
    full = TOKENS.issue(
        replace(GRANT, kind=RenditionKind.FULL, sha256="cd" * 32, size_bytes=9_000_000, is_bound=False)
    ).split(".")

    for index in range(len(hook)):
        mixed = [*hook[:index], full[index], *hook[index + 1 :]]
        if mixed != hook:
            with pytest.raises(TokenRefused):
                TOKENS.read(".".join(mixed), track_id=TRACK, at=AT)


def test_a_bound_token_needs_its_listener_and_an_unbound_one_nobody() -> None:
    bound = TOKENS.read(TOKENS.issue(GRANT), track_id=TRACK, at=AT)
    unbound = TOKENS.read(TOKENS.issue(replace(GRANT, is_bound=False)), track_id=TRACK, at=AT)

    assert TOKENS.is_listener(bound, str(LISTENER))
    assert not TOKENS.is_listener(bound, str(OTHER_TRACK))
    assert not TOKENS.is_listener(bound, "")
    assert not TOKENS.is_listener(bound, None)
    assert not TOKENS.is_listener(bound, bound.listener_mark)
    assert not TOKENS.is_listener(bound, "\xff")
    assert TOKENS.is_listener(unbound, None)
    assert TOKENS.is_listener(unbound, "anybody")


def test_the_listener_is_not_written_in_the_token() -> None:
    assert str(LISTENER) not in TOKENS.issue(GRANT)


@pytest.mark.parametrize(
    "grant",
    [
        replace(GRANT, content_type="text/html"),
        replace(GRANT, content_type="audio/ogg; codecs=opus, vorbis"),
        replace(GRANT, content_type="audio/x.y"),
        replace(GRANT, sha256="AB" * 32),
        replace(GRANT, size_bytes=-1),
    ],
)
def test_a_grant_that_no_token_can_carry_is_refused(grant: AudioGrant) -> None:
    with pytest.raises(ValueError, match="a grant names"):
        TOKENS.issue(grant)


def test_a_codec_is_carried() -> None:
    token = TOKENS.issue(replace(GRANT, content_type="audio/webm; codecs=opus"))

    assert TOKENS.read(token, track_id=TRACK, at=AT).content_type == "audio/webm; codecs=opus"
    assert token.split(".")[4] == "webm~opus"


def test_the_address_has_a_link_for_nginx_only_where_nginx_has_a_secret() -> None:
    plain = TOKENS.address(GRANT)
    linked = AudioTokens("a secret of some length", "nginx secret").address(GRANT)

    assert plain == f"/api/audio/{TRACK}?token={TOKENS.issue(GRANT)}"
    assert linked == address(GRANT, secret="a secret of some length", nginx_secret="nginx secret")
    assert linked.startswith(f"{plain}&n=")


def test_the_link_is_what_nginx_computes() -> None:
    # printf '/api/audio/x 1.hook listener-1 hush' | openssl md5 -binary | base64 | tr '+/' '-_' | tr -d =
    assert nginx_link("/api/audio/x", "1.hook", "listener-1", "hush") == "cQpMzy6cnobxjOYvbo6UNA"

    bound = AudioTokens("a secret of some length", "hush").address(GRANT)
    unbound = AudioTokens("a secret of some length", "hush").address(replace(GRANT, is_bound=False))

    for issued, listener in ((bound, str(LISTENER)), (unbound, "")):
        path, query = issued.split("?")
        token, link = query.removeprefix("token=").split("&n=")
        by_hand = hashlib.md5(f"{path} {token} {listener} hush".encode(), usedforsecurity=False).digest()
        assert link == urlsafe_b64encode(by_hand).decode().rstrip("=")
