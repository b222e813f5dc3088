import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.consumer import BackOff


@pytest.mark.parametrize(
    ("attempt", "bound"),
    [
        (1, 0.5),
        (2, 1.0),
        (3, 2.0),
        (6, 16.0),
        (7, 30.0),  # the cap
        (5000, 30.0),  # no overflow after a night without a broker
    ],
)
def test_the_bound_doubles_up_to_the_cap(attempt: int, bound: float) -> None:
    assert BackOff(base_seconds=0.5, cap_seconds=30).bound(attempt) == bound


def test_half_of_the_wait_is_drawn_by_lot() -> None:
    back_off = BackOff(base_seconds=4)
    assert (back_off.delay(1, 0.0), back_off.delay(1, 0.5)) == (2.0, 3.0)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_zero_or_beyond_the_cap(attempt: int, lot: float) -> None:
    assert 0 < BackOff().delay(attempt, lot) <= 30
