"""When a notification is tried again: a table, and the bounds for every case."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.notify.retry import GIVE_UP_AFTER, LONGEST_DELAY, LONGEST_WISH, Again, Failure, GiveUp, next_attempt

MINUTE = timedelta(minutes=1)
DOWN = Failure(reason="could not be reached")


@pytest.mark.parametrize(
    ("failure", "attempts", "seconds"),
    [
        (DOWN, 1, 1),
        (DOWN, 2, 2),
        (DOWN, 6, 32),
        (DOWN, 7, 60),
        (DOWN, 1000, 60),
        (Failure(reason="answered 500", status=500), 1, 1),
        # the message is refused: trying fast does not help, somebody must mend the receiver
        (Failure(reason="answered 404", status=404), 1, 60),
        (Failure(reason="redirect", status=302), 1, 60),
        (Failure(reason="answered 429", status=429), 1, 1),
        (Failure(reason="answered 429", status=429, retry_after=timedelta(seconds=20)), 1, 20),
        # nobody may silence us for long
        (Failure(reason="answered 503", status=503, retry_after=timedelta(days=9)), 1, 300),
    ],
)
def test_delay_without_luck(failure: Failure, attempts: int, seconds: int) -> None:
    decision = next_attempt(failure, attempts, MINUTE, must_arrive=False, jitter=0.999999999)
    assert isinstance(decision, Again)
    assert decision.after.total_seconds() == pytest.approx(seconds, abs=0.001)


def test_after_a_day_it_gives_up_and_says_why() -> None:
    decision = next_attempt(DOWN, 2000, GIVE_UP_AFTER, must_arrive=False, jitter=0.5)
    assert decision == GiveUp("not delivered within 24 hours: could not be reached")


@given(st.integers(1, 10_000), st.timedeltas(timedelta(0), timedelta(days=3650)), st.floats(0, 1, exclude_max=True))
def test_a_safety_alarm_is_never_given_up(attempts: int, age: timedelta, jitter: float) -> None:
    decision = next_attempt(DOWN, attempts, age, must_arrive=True, jitter=jitter)
    assert isinstance(decision, Again)
    assert timedelta(seconds=0.5) <= decision.after <= LONGEST_DELAY


@given(st.integers(100, 599), st.integers(1, 50), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_every_delay_is_bounded(status: int, attempts: int, wish: timedelta) -> None:
    failure = Failure(reason="answered", status=status, retry_after=wish)
    decision = next_attempt(failure, attempts, MINUTE, must_arrive=False, jitter=0.5)
    assert isinstance(decision, Again)
    assert timedelta(0) < decision.after <= max(LONGEST_DELAY, LONGEST_WISH)
