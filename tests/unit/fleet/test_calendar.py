"""The Swedish work calendar: dates checked by hand in the almanac, and what must hold for any date."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.calendar import WORKED, DayKind, Hours, PartOfDay, WorkCalendar, day_name, is_squeeze_day
from fleet.clock import STOCKHOLM, local_day

CALENDAR = WorkCalendar()
HOUR = timedelta(hours=1)
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2080, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given UTC
AMOUNTS = st.integers(0, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-01-01", DayKind.HOLIDAY, "Nyårsdagen"),
        ("2026-01-05", DayKind.HALF_DAY, "Trettondagsafton"),
        ("2026-01-06", DayKind.HOLIDAY, "Trettondedag jul"),
        ("2025-01-05", DayKind.WEEKEND, "Trettondagsafton"),  # a Sunday: nobody works its morning
        ("2026-04-02", DayKind.HALF_DAY, "Skärtorsdagen"),
        ("2026-04-03", DayKind.HOLIDAY, "Långfredagen"),
        ("2026-04-04", DayKind.WEEKEND, "Påskafton"),
        ("2026-04-05", DayKind.HOLIDAY, "Påskdagen"),
        ("2026-04-06", DayKind.HOLIDAY, "Annandag påsk"),
        ("2026-04-30", DayKind.HALF_DAY, "Valborgsmässoafton"),
        ("2026-05-15", DayKind.WORKDAY, "Klämdag"),
        ("2026-06-06", DayKind.HOLIDAY, "Nationaldagen"),  # a Saturday
        ("2026-06-18", DayKind.WORKDAY, None),
        ("2026-06-19", DayKind.HOLIDAY, "Midsommarafton"),
        ("2026-06-20", DayKind.HOLIDAY, "Midsommardagen"),
        ("2027-06-25", DayKind.HOLIDAY, "Midsommarafton"),
        ("2026-10-30", DayKind.HALF_DAY, "Allahelgonsafton"),
        ("2026-12-23", DayKind.WORKDAY, None),
        ("2026-12-24", DayKind.HOLIDAY, "Julafton"),
        ("2026-12-25", DayKind.HOLIDAY, "Juldagen"),
        ("2026-12-28", DayKind.WORKDAY, None),
        ("2026-12-31", DayKind.HOLIDAY, "Nyårsafton"),
        ("2004-06-07", DayKind.WORKDAY, None),  # the National Day became free in 2005
        ("2004-05-31", DayKind.HOLIDAY, "Annandag pingst"),  # and Whit Monday stopped being free
        ("2005-05-16", DayKind.WORKDAY, None),
    ],
)
def test_days_of_the_almanac(day: str, kind: DayKind, name: str | None) -> None:
    found = day_name(date.fromisoformat(day))
    assert CALENDAR.kind(date.fromisoformat(day)) is kind
    assert (found is None) if name is None else (found is not None and found.sv.startswith(name))


def test_a_squeeze_day_is_known_and_worked() -> None:
    after_ascension = date(2026, 5, 15)
    assert is_squeeze_day(after_ascension)
    assert CALENDAR.is_working_day(after_ascension)
    assert not is_squeeze_day(date(2026, 5, 18))


@pytest.mark.parametrize(
    ("day", "number", "reached"),
    [
        # Christmas 2026: Thursday 24th to Sunday 27th free, New Year's Eve to Sunday 3 January free.
        ("2026-12-23", 1, "2026-12-28"),
        ("2026-12-23", 3, "2026-12-30"),
        ("2026-12-23", 4, "2027-01-04"),
        ("2026-12-23", 5, "2027-01-05"),  # trettondagsafton is half, and counted
        ("2026-12-23", 6, "2027-01-07"),  # over trettondedag jul
        # Midsummer 2026: Friday 19 June free.
        ("2026-06-18", 1, "2026-06-22"),
        # Easter 2026: skärtorsdagen is worked, then four free days.
        ("2026-04-01", 1, "2026-04-02"),
        ("2026-04-02", 1, "2026-04-07"),
        # ordered on a Saturday: Monday is the first
        ("2026-11-28", 1, "2026-11-30"),
        ("2026-11-28", 7, "2026-12-08"),
        ("2026-11-28", 0, "2026-11-30"),
        ("2026-11-27", 0, "2026-11-27"),
    ],
)
def test_so_many_working_days_later(day: str, number: int, reached: str) -> None:
    assert CALENDAR.add_working_days(date.fromisoformat(day), number) == date.fromisoformat(reached)


@pytest.mark.parametrize(
    ("moment", "hours", "reached"),
    [
        ("2026-11-24T08:00", 8, "2026-11-24T16:00"),
        ("2026-11-24T08:30", 8, "2026-11-25T07:30"),
        ("2026-11-24T03:00", 1, "2026-11-24T08:00"),
        ("2026-11-27T15:00", 8, "2026-11-30T14:00"),  # a Friday's last hour, then Monday
        ("2026-11-28T12:00", 8, "2026-11-30T15:00"),  # a Saturday
        ("2026-04-02T12:00", 8, "2026-04-07T13:00"),  # skärtorsdagen closes at 14
        ("2026-06-18T15:00", 2, "2026-06-22T08:00"),  # over midsommarafton
        ("2026-12-23T15:30", 8, "2026-12-28T14:30"),
        ("2026-03-27T15:00", 2, "2026-03-30T08:00"),  # over the night with 23 hours
        ("2026-10-23T15:00", 2, "2026-10-26T08:00"),  # over the night with 25 hours
        ("2026-11-24T16:00", 0, "2026-11-25T07:00"),
    ],
)
def test_so_many_working_hours_later(moment: str, hours: int, reached: str) -> None:
    answer = CALENDAR.add_working_hours(local(moment), hours * HOUR)
    assert answer == local(reached)
    assert answer.tzinfo is UTC


def test_the_window_follows_the_setting() -> None:
    shop = WorkCalendar(Hours(opens=time(9), closes=time(17), half_day_closes=time(13), evening_from=time(17)))
    assert shop.add_working_hours(local("2026-11-24T08:00"), 8 * HOUR) == local("2026-11-24T17:00")
    assert shop.add_working_hours(local("2026-04-02T12:00"), 2 * HOUR) == local("2026-04-07T10:00")


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        ("2026-11-24T06:59", PartOfDay.NIGHT),
        ("2026-11-24T07:00", PartOfDay.DAY),
        ("2026-11-24T15:59", PartOfDay.DAY),
        ("2026-11-24T16:00", PartOfDay.EVENING),
        ("2026-11-24T22:00", PartOfDay.NIGHT),
        ("2026-10-25T02:30", PartOfDay.NIGHT),
        ("2026-12-25T12:00", PartOfDay.DAY),
    ],
)
def test_shifts_go_by_the_clock_on_the_wall(moment: str, part: PartOfDay) -> None:
    assert CALENDAR.part_of_day(local(moment).astimezone(UTC)) is part


def test_what_makes_no_sense_is_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the refused thing
    for refused in (
        lambda: CALENDAR.add_working_days(date(2026, 1, 1), -1),
        lambda: CALENDAR.add_working_hours(local("2026-01-01T08:00"), -HOUR),
        lambda: CALENDAR.add_working_hours(naive, HOUR),
        lambda: CALENDAR.part_of_day(naive),
        lambda: CALENDAR.kind(date(2101, 1, 1)),
        lambda: CALENDAR.closing(date(2026, 12, 24)),
        lambda: Hours(opens=time(16), closes=time(7)),
        lambda: Hours(opens=time(7, tzinfo=UTC)),
    ):
        with pytest.raises(ValueError, match=r"."):
            refused()


@given(DAYS, st.integers(1, 60))
def test_added_days_are_counted_back(day: date, number: int) -> None:
    reached = CALENDAR.add_working_days(day, number)
    assert CALENDAR.is_working_day(reached)
    assert CALENDAR.working_days_between(day, reached) == number
    assert CALENDAR.working_days_between(reached, day) == -number


@given(DAYS, st.integers(0, 20), st.integers(1, 20))
def test_adding_days_in_two_steps_is_adding_them_at_once(day: date, first: int, then: int) -> None:
    begun = CALENDAR.add_working_days(day, first)
    assert CALENDAR.add_working_days(begun, then) == CALENDAR.add_working_days(
        day if first else begun, first + then if first else then
    )


@given(MOMENTS, AMOUNTS)
def test_added_working_time_is_measured_back(moment: datetime, amount: timedelta) -> None:
    reached = CALENDAR.add_working_hours(moment, amount)
    assert reached >= moment
    assert CALENDAR.working_time_between(moment, reached) == amount
    assert CALENDAR.is_working_day(local_day(reached))


@given(MOMENTS, AMOUNTS, AMOUNTS)
def test_more_working_time_never_ends_sooner(moment: datetime, one: timedelta, other: timedelta) -> None:
    sooner, later = (CALENDAR.add_working_hours(moment, amount) for amount in sorted((one, other)))
    assert sooner <= later


@given(st.integers(1954, 2099))
def test_every_year_has_its_free_days(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    worked = sum(CALENDAR.is_working_day(day) for day in days)
    assert 244 <= worked <= 256
    assert not any(
        CALENDAR.is_working_day(date(year, month, day)) for month, day in ((12, 24), (12, 31), (1, 1), (5, 1))
    )
    midsummer_eves = [day for day in days if (name := day_name(day)) and name.sv == "Midsommarafton"]
    assert len(midsummer_eves) == 1
    assert midsummer_eves[0].weekday() == 4
    assert all((CALENDAR.kind(day) in WORKED) == CALENDAR.is_working_day(day) for day in days)


def test_no_stretch_of_free_days_is_longer_than_five() -> None:
    worked = [
        day for number in range(365 * 60) if CALENDAR.is_working_day(day := date(2020, 1, 1) + timedelta(days=number))
    ]
    assert max((later - earlier).days for earlier, later in pairwise(worked)) <= 6
