from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.streaming.ranges import (
    UNSATISFIABLE,
    WHOLE,
    ByteRange,
    Selection,
    http_date,
    if_range_holds,
    is_known,
    select,
)

ETAG = '"abc"'
CHANGED_AT = datetime(2026, 11, 20, 12, 30, 15, 250_000, tzinfo=UTC)
CHANGED = "Fri, 20 Nov 2026 12:30:15 GMT"


@pytest.mark.parametrize(
    ("field", "selected"),
    [
        (None, WHOLE),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-499", ByteRange(0, 500)),
        ("bytes=500-", ByteRange(500, 1000)),
        ("bytes=-1", ByteRange(999, 1000)),
        ("bytes=-1000", ByteRange(0, 1000)),
        ("bytes=-5000", ByteRange(0, 1000)),
        ("bytes=999-999", ByteRange(999, 1000)),
        ("bytes=990-99999999999999999999999999", ByteRange(990, 1000)),
        ("bytes=00000000000000000000000000000001-2", ByteRange(1, 3)),
        ("BYTES=0-1", ByteRange(0, 2)),
        ("bytes= 0-1 ", ByteRange(0, 2)),
        ("bytes=,0-1,", ByteRange(0, 2)),
        ("bytes=1000-", UNSATISFIABLE),
        ("bytes=1000-2000", UNSATISFIABLE),
        ("bytes=99999999999999999999999999-", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=5-4", WHOLE),
        ("bytes=5000-4000", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=,", WHOLE),
        ("bytes", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=0x1-2", WHOLE),
        ("bytes=1 -2", WHOLE),
        ("bytes=--1", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=²-³", WHOLE),
        ("bytes=1-2-3", WHOLE),
        ("seconds=1-2", WHOLE),
        ("", WHOLE),
    ],
)
def test_a_range_field_selects(field: str | None, selected: Selection) -> None:
    assert select(field, 1000) == selected


@pytest.mark.parametrize(
    ("field", "selected"),
    [
        ("bytes=0-", UNSATISFIABLE),
        ("bytes=0-0", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=-5", WHOLE),
    ],
)
def test_nothing_has_no_part(field: str, selected: Selection) -> None:
    assert select(field, 0) == selected


positions = st.integers(0, 30)


@given(first=positions, last=st.one_of(st.none(), positions), size=st.integers(0, 20))
def test_from_to_agrees_with_counting_every_position(first: int, last: int | None, size: int) -> None:
    field = f"bytes={first}-{'' if last is None else last}"
    meant = [at for at in range(size) if at >= first and (last is None or at <= last)]

    selected = select(field, size)

    if last is not None and last < first:
        assert selected == WHOLE
    elif meant:
        assert selected == ByteRange(meant[0], meant[-1] + 1)
        assert isinstance(selected, ByteRange)
        assert selected.size == len(meant)
    else:
        assert selected == UNSATISFIABLE


@given(length=positions, size=st.integers(1, 20))
def test_a_suffix_agrees_with_counting_from_the_end(length: int, size: int) -> None:
    meant = [at for at in range(size) if size - at <= length]

    selected = select(f"bytes=-{length}", size)

    assert selected == (ByteRange(meant[0], size) if meant else UNSATISFIABLE)


@given(
    field=st.text(max_size=40) | st.from_regex(r"bytes=[-0-9, ]{0,20}", fullmatch=True),
    size=st.integers(0, 10**12),
)
def test_whatever_is_sent_the_selection_lies_in_the_file(field: str, size: int) -> None:
    selected = select(field, size)

    if isinstance(selected, ByteRange):
        assert 0 <= selected.start < selected.end <= size
    else:
        assert selected in (WHOLE, UNSATISFIABLE)


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        (None, True),
        (ETAG, True),
        (' "abc" ', True),
        ('"abd"', False),
        ('W/"abc"', False),
        (CHANGED, True),
        ("Fri, 20 Nov 2026 12:30:16 GMT", False),
        ("Fri, 20 Nov 2026 12:30:14 GMT", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_if_range_needs_the_same_file(field: str | None, holds: bool) -> None:
    assert if_range_holds(field, etag=ETAG, modified_at=CHANGED_AT) is holds


def test_a_date_never_holds_where_the_change_has_none() -> None:
    assert not if_range_holds(CHANGED, etag=ETAG, modified_at=None)
    assert not is_known(None, CHANGED, etag=ETAG, modified_at=None)


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "known"),
    [
        (None, None, False),
        (ETAG, None, True),
        ('"x", W/"abc"', None, True),
        ("*", None, True),
        ('"x"', None, False),
        ('"x"', CHANGED, False),
        (ETAG, "Fri, 20 Nov 2020 12:30:15 GMT", True),
        (None, CHANGED, True),
        (None, "Fri, 20 Nov 2026 12:30:14 GMT", False),
        (None, "Sat, 21 Nov 2026 12:30:14 GMT", True),
        (None, "never", False),
    ],
)
def test_what_the_client_has_already(if_none_match: str | None, if_modified_since: str | None, known: bool) -> None:
    assert is_known(if_none_match, if_modified_since, etag=ETAG, modified_at=CHANGED_AT) is known


@given(field=st.text(max_size=60))
def test_no_text_breaks_the_conditions(field: str) -> None:
    assert if_range_holds(field, etag=ETAG, modified_at=CHANGED_AT) in (True, False)
    assert is_known(field, None, etag=ETAG, modified_at=CHANGED_AT) in (True, False)
    assert is_known(None, field, etag=ETAG, modified_at=CHANGED_AT) in (True, False)


def test_a_date_is_written_in_gmt() -> None:
    assert http_date(CHANGED_AT) == CHANGED
    assert http_date(CHANGED_AT + timedelta(days=1)) == "Sat, 21 Nov 2026 12:30:15 GMT"
