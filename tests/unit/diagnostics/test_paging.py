"""Cursors: what comes back is what was given out, anything else is refused with a sentence."""

import base64
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.paging import cut, decode_cursor, encode_cursor
from diagnostics.problems import Problem


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    st.integers(-(2**63), 2**63 - 1),
)
def test_round_trip(text: str, number: int) -> None:
    assert decode_cursor(encode_cursor((text, number)), tuple[str, int]) == (text, number)


def test_times_and_dates_round_trip() -> None:
    moment = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    assert decode_cursor(encode_cursor((moment, 1)), tuple[datetime, int]) == (moment, 1)
    assert decode_cursor(encode_cursor((date(2026, 3, 29), 1)), tuple[date, int]) == (date(2026, 3, 29), 1)


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "å",
        "AAAA",
        packed("{}"),
        packed("[1]"),
        packed('["a","b"]'),
        packed('["a",1,2]'),
        packed('["a\\u0000b",1]'),
        packed('["\\ud800",1]'),
        packed(f'["a",{2**63}]'),
        packed('["a",1e999]'),
        packed("[" * 5000),
    ],
)
def test_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as error:
        decode_cursor(cursor, tuple[str, int])
    assert error.value.code == "bad_cursor"


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None, tuple[str, int]) is None


def test_cut_gives_a_cursor_only_where_more_follows() -> None:
    assert cut([1, 2, 3], 3, lambda row: (row,)) == ([1, 2, 3], None)
    page, cursor = cut([1, 2, 3, 4], 3, lambda row: (row,))
    assert page == [1, 2, 3]
    assert decode_cursor(cursor, tuple[int]) == (3,)
    assert cut([], 3, lambda row: (row,)) == ([], None)
