import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.kernel.kit import signing
from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import instant_of, new_id


def test_ids_are_version_7_in_order_and_carry_their_instant() -> None:
    before = now()
    ids = [new_id() for _ in range(1000)]

    assert {id_.version for id_ in ids} == {7}
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert before - timedelta(seconds=1) <= instant_of(ids[0]) <= now() + timedelta(seconds=1)


def test_other_versions_carry_no_instant() -> None:
    with pytest.raises(ValueError, match="not a UUIDv7"):
        instant_of(uuid.uuid4())


@given(st.binary(max_size=200))
def test_what_was_signed_is_read_back(payload: bytes) -> None:
    key = signing.key_for("secret", "test")

    assert signing.verify(signing.sign(payload, key=key), key=key) == payload


@given(st.binary(min_size=1, max_size=40), st.data())
def test_no_edit_of_a_token_is_accepted(payload: bytes, data: st.DataObject) -> None:
    key = signing.key_for("secret", "test")
    token = signing.sign(payload, key=key)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(max_codepoint=127).filter(lambda c: c != token[at]))
    edited = token[:at] + other + token[at + 1 :]

    with pytest.raises(signing.BadSignature):
        signing.verify(edited, key=key)


def test_a_token_of_one_door_opens_no_other() -> None:
    token = signing.sign(b"x", key=signing.key_for("secret", "one"))

    with pytest.raises(signing.BadSignature):
        signing.verify(token, key=signing.key_for("secret", "two"))


@pytest.mark.parametrize("text", ["", ".", "a", "a.b", "é.é", "e30.", "=.="])
def test_other_texts_are_no_tokens(text: str) -> None:
    with pytest.raises(signing.BadSignature):
        signing.verify(text, key=b"k")
