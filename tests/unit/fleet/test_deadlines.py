"""The clocks users live by: checked by hand, then for any moment."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.calendar import WorkCalendar
from fleet.clock import STOCKHOLM, local_day
from fleet.deadlines import RecallDue, recall_due, repair_due
from fleet.priority import PriorityClass

CALENDAR = WorkCalendar()
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2080, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given UTC


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("priority", "reported", "start", "done"),
    [
        (PriorityClass.ACUTE, "2026-11-24T09:00", "2026-11-25T08:00", "2026-11-25T08:00"),
        (PriorityClass.ACUTE, "2026-12-23T15:00", "2026-12-28T14:00", "2026-12-28T14:00"),
        (PriorityClass.ON_CALL, "2026-12-24T22:00", "2026-12-25T03:00", "2026-12-25T03:00"),
        # five hours are five hours: the clock loses one in spring and gains one in autumn
        (PriorityClass.ON_CALL, "2026-03-28T23:00", "2026-03-29T05:00", "2026-03-29T05:00"),
        (PriorityClass.ON_CALL, "2026-10-24T23:00", "2026-10-25T03:00", "2026-10-25T03:00"),
        (PriorityClass.ORDINARY, "2026-11-24T09:00", "2026-11-27T16:00", "2026-12-08T16:00"),
        # the third working day is skärtorsdagen, which closes at 14
        (PriorityClass.ORDINARY, "2026-03-30T09:00", "2026-04-02T14:00", "2026-04-15T16:00"),
        (PriorityClass.ORDINARY, "2026-12-21T23:30", "2026-12-28T16:00", "2027-01-11T16:00"),
    ],
)
def test_repairs_are_due(priority: PriorityClass, reported: str, start: str, done: str) -> None:
    due = repair_due(priority, local(reported).astimezone(UTC), CALENDAR)
    assert (due.start_by, due.done_by) == (local(start).astimezone(UTC), local(done).astimezone(UTC))


def test_a_recall_over_christmas() -> None:
    assert recall_due(local("2026-12-21T10:00"), CALENDAR) == RecallDue(
        rent_stops=date(2026, 12, 28), pick_up_by=date(2027, 1, 5), deregistered_by=date(2027, 1, 5)
    )


def test_naive_moments_are_refused() -> None:
    naive = datetime(2026, 5, 4, 12)  # noqa: DTZ001 - the refused thing
    for priority in PriorityClass:
        with pytest.raises(ValueError, match="time zone"):
            repair_due(priority, naive, CALENDAR)
    with pytest.raises(ValueError, match="time zone"):
        recall_due(naive, CALENDAR)


@given(MOMENTS)
def test_promises_lie_ahead_and_in_order(reported: datetime) -> None:
    on_call, acute, ordinary = (repair_due(priority, reported, CALENDAR) for priority in PriorityClass)
    assert on_call.done_by - reported == timedelta(hours=5)
    assert reported < acute.done_by <= ordinary.start_by < ordinary.done_by
    assert CALENDAR.working_days_between(local_day(reported), local_day(ordinary.start_by)) == 3
    assert CALENDAR.working_days_between(local_day(reported), local_day(ordinary.done_by)) == 10
    assert CALENDAR.working_time_between(reported, acute.done_by) == timedelta(hours=8)


@given(MOMENTS)
def test_the_rent_stops_before_the_pick_up_is_late(ordered: datetime) -> None:
    due = recall_due(ordered, CALENDAR)
    assert local_day(ordered) < due.rent_stops < due.pick_up_by
    assert CALENDAR.working_days_between(local_day(ordered), due.pick_up_by) == 7
