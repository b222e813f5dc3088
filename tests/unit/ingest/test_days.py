from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import from_milliseconds, local_day, to_milliseconds
from ingest.days import HOUR_MILLISECONDS, LocalDays, to_date

CALENDAR, NIGHTS = LocalDays(0), LocalDays(12)


def day(text: str, days: LocalDays) -> date:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return to_date(days[to_milliseconds(moment) // HOUR_MILLISECONDS])


def test_the_day_changes_at_swedish_midnight() -> None:
    assert day("2026-11-21 22:59", CALENDAR) == date(2026, 11, 21)
    assert day("2026-11-21 23:00", CALENDAR) == date(2026, 11, 22)


def test_clocks_go_forward_on_29_march_2026() -> None:
    assert day("2026-03-28 22:59", CALENDAR) == date(2026, 3, 28)
    assert day("2026-03-28 23:00", CALENDAR) == date(2026, 3, 29)  # still winter time
    assert day("2026-03-29 21:59", CALENDAR) == date(2026, 3, 29)
    assert day("2026-03-29 22:00", CALENDAR) == date(2026, 3, 30)  # summer time: a day of 23 hours


def test_clocks_go_back_on_25_october_2026() -> None:
    assert day("2026-10-24 22:00", CALENDAR) == date(2026, 10, 25)  # still summer time
    assert day("2026-10-25 22:59", CALENDAR) == date(2026, 10, 25)  # winter time: a day of 25 hours
    assert day("2026-10-25 23:00", CALENDAR) == date(2026, 10, 26)


def test_a_night_of_therapy_runs_from_noon_to_noon_and_bears_the_date_it_begins_on() -> None:
    assert day("2026-03-28 20:00", NIGHTS) == date(2026, 3, 28)
    assert day("2026-03-29 09:59", NIGHTS) == date(2026, 3, 28)  # 11:59 summer time
    assert day("2026-03-29 10:00", NIGHTS) == date(2026, 3, 29)
    assert day("2026-10-25 10:59", NIGHTS) == date(2026, 10, 24)  # 11:59 winter time
    assert day("2026-10-25 11:00", NIGHTS) == date(2026, 10, 25)


@given(st.integers(1_577_836_800_000, 2_208_988_800_000), st.sampled_from([CALENDAR, NIGHTS]))
def test_it_is_the_day_of_the_shared_clock(milliseconds: int, days: LocalDays) -> None:
    """2020 to 2039."""
    starts_at = 0 if days is CALENDAR else 12
    assert to_date(days[milliseconds // HOUR_MILLISECONDS]) == local_day(from_milliseconds(milliseconds), starts_at)


def test_each_hour_is_worked_out_once() -> None:
    days = LocalDays(0)
    start = to_milliseconds(datetime(2026, 1, 1, tzinfo=UTC))
    for minute in range(600):
        days[(start + timedelta(minutes=minute) // timedelta(milliseconds=1)) // HOUR_MILLISECONDS]
    assert len(days) == 10
