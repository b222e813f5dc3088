"""Online is said of a device only while it has itself just answered."""

from datetime import UTC, datetime, timedelta

import pytest

from fleet.presence import JUST_NOW, just_answered, online

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said", "expected"),
    [
        (timedelta(seconds=1), None, True),
        (timedelta(seconds=1), False, True),  # it has answered since: what was said of it is old
        (JUST_NOW - timedelta(milliseconds=1), True, True),
        (JUST_NOW, True, None),  # it said so, which is no answer
        (None, True, None),
        (None, None, None),
        (None, False, False),
        (timedelta(days=1), False, False),
        (-timedelta(seconds=2), None, True),  # another machine's clock, a little ahead
        (-timedelta(days=1), None, None),
    ],
)
def test_online_is_claimed_of_a_device_that_has_just_answered_and_of_no_other(
    ago: timedelta | None, said: bool | None, expected: bool | None
) -> None:
    answered_at = None if ago is None else NOW - ago
    assert online(answered_at, said, NOW) is expected
    assert just_answered(answered_at, NOW) is (expected is True)
