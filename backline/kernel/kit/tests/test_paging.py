from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from backline.kernel.kit.ids import new_id
from backline.kernel.kit.paging import BadCursor, decode_cursor, encode_cursor


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_cursor_is_read_back(at: datetime) -> None:
    id_ = new_id()

    assert decode_cursor(encode_cursor(at, id_)) == (at, id_)


@given(st.text(max_size=80))
def test_any_other_text_is_refused_by_name(text: str) -> None:
    with suppress(BadCursor):
        at, _ = decode_cursor(text)
        assert at.tzinfo is not None
