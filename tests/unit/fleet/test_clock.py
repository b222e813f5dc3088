"""Time: Swedish local days over both clock changes, and when a device clock is believed."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import (
    FARTHEST_AHEAD,
    OLDEST_BELIEVED,
    STOCKHOLM,
    aware,
    believed,
    from_milliseconds,
    local_day,
    to_milliseconds,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_a_naive_time_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    for refuses in (aware, local_day, to_milliseconds):
        with pytest.raises(ValueError, match="time zone"):
            refuses(naive)


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_are_exact_both_ways(milliseconds: int) -> None:
    assert to_milliseconds(from_milliseconds(milliseconds)) == milliseconds


def test_milliseconds_do_not_depend_on_the_zone() -> None:
    assert to_milliseconds(NOW) == to_milliseconds(NOW.astimezone(timezone(timedelta(hours=9))))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        # Winter time is UTC+1, summer time UTC+2.
        ("2026-01-01T22:59:59+00:00", "2026-01-01"),
        ("2026-01-01T23:00:00+00:00", "2026-01-02"),
        ("2026-07-01T21:59:59+00:00", "2026-07-01"),
        ("2026-07-01T22:00:00+00:00", "2026-07-02"),
        # 29 March 2026 has 23 hours: 02:00 becomes 03:00.
        ("2026-03-28T22:59:59+00:00", "2026-03-28"),
        ("2026-03-28T23:00:00+00:00", "2026-03-29"),
        ("2026-03-29T21:59:59+00:00", "2026-03-29"),
        ("2026-03-29T22:00:00+00:00", "2026-03-30"),
        # 25 October 2026 has 25 hours: 03:00 becomes 02:00, and 02:30 comes twice.
        ("2026-10-24T22:00:00+00:00", "2026-10-25"),
        ("2026-10-25T00:30:00+00:00", "2026-10-25"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25"),
        ("2026-10-25T22:59:59+00:00", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "2026-10-26"),
    ],
)
def test_a_local_day_follows_both_clock_changes(instant: str, day: str) -> None:
    assert local_day(datetime.fromisoformat(instant)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("instant", "night"),
    [
        ("2026-05-04T12:00:00+02:00", "2026-05-04"),
        ("2026-05-05T11:59:59+02:00", "2026-05-04"),
        ("2026-03-28T12:00:00+01:00", "2026-03-28"),
        ("2026-03-29T11:59:59+02:00", "2026-03-28"),
        ("2026-10-25T02:30:00+02:00", "2026-10-24"),
        ("2026-10-25T02:30:00+01:00", "2026-10-24"),
        ("2026-10-25T12:00:00+01:00", "2026-10-25"),
    ],
)
def test_a_therapy_night_runs_from_noon_to_noon(instant: str, night: str) -> None:
    assert local_day(datetime.fromisoformat(instant), starts_at_hour=12) == date.fromisoformat(night)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-04", 24)])
def test_every_hour_of_a_day_is_counted_once(day: str, hours: int) -> None:
    start = datetime.combine(date.fromisoformat(day) - timedelta(days=1), datetime.min.time(), STOCKHOLM).astimezone(
        UTC
    )
    instants = [start + timedelta(hours=hour) for hour in range(72)]
    assert sum(local_day(instant) == date.fromisoformat(day) for instant in instants) == hours


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_days_never_run_backwards(instant: datetime) -> None:
    assert local_day(instant) <= local_day(instant + timedelta(hours=1)) <= local_day(instant) + timedelta(days=1)


@pytest.mark.parametrize(
    ("device_time", "plausible"),
    [
        (NOW, True),
        (NOW - timedelta(days=30), True),
        (NOW - OLDEST_BELIEVED, True),
        (NOW - OLDEST_BELIEVED - timedelta(milliseconds=1), False),
        (NOW + FARTHEST_AHEAD, True),
        (NOW + FARTHEST_AHEAD + timedelta(milliseconds=1), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(2000, 1, 1, tzinfo=UTC), False),
        (datetime(2106, 2, 7, tzinfo=UTC), False),
    ],
)
def test_a_device_clock_is_believed_within_its_window(device_time: datetime, *, plausible: bool) -> None:
    assert believed(to_milliseconds(device_time), NOW) is plausible


def test_a_clock_beyond_all_years_is_judged_without_becoming_a_date() -> None:
    assert not believed(2**53, NOW)
