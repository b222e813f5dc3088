"""When a repair or a recall is due, pure: the clocks users live by (mission.md), on the Swedish work calendar.

Days are counted from the day after the order, and a deadline in working days is the closing of the last of them. That
reading of the regions' rules, like the working window itself, is an assumption said here and nowhere else.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from fleet.calendar import WorkCalendar
from fleet.clock import aware, local_day

ACUTE_WORKING_HOURS: Final = timedelta(hours=8)
ON_CALL_HOURS: Final = timedelta(hours=5)
ORDINARY_START_WORKING_DAYS: Final = 3
ORDINARY_DONE_WORKING_DAYS: Final = 10
PICK_UP_WORKING_DAYS: Final = 7
RENT_STOP_WORKING_DAYS: Final = 3
DEREGISTER_WORKING_DAYS: Final = 7


class Priority(StrEnum):
    """How soon a repair must come: within 5 hours of any day, within 8 working hours, or started in 3 working days."""

    ON_CALL = "on_call"
    ACUTE = "acute"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDue:
    """The two promises of a repair, in UTC.

    Attributes:
        start_by: when somebody must have begun; for `acute` and `on_call` it is the same as `done_by`.
        done_by: when the device must work again.
    """

    start_by: datetime
    done_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallDue:
    """The three clocks of a recall, as Swedish local days.

    Attributes:
        rent_stops: the working day on which the rent ends by itself.
        pick_up_by: the last day for fetching the device.
        deregistered_by: the last day for taking it off the user's list.
    """

    rent_stops: date
    pick_up_by: date
    deregistered_by: date


def repair_due(priority: Priority, reported_at: datetime, calendar: WorkCalendar) -> RepairDue:
    """When a repair that was reported at an aware moment must be begun and done.

    Raises:
        ValueError: `reported_at` is naive.
    """
    if priority is Priority.ORDINARY:
        return RepairDue(
            start_by=calendar.end_of_working_day(reported_at, ORDINARY_START_WORKING_DAYS),
            done_by=calendar.end_of_working_day(reported_at, ORDINARY_DONE_WORKING_DAYS),
        )
    if priority is Priority.ACUTE:
        due = calendar.add_working_hours(reported_at, ACUTE_WORKING_HOURS)
    else:
        due = aware(reported_at).astimezone(UTC) + ON_CALL_HOURS
    return RepairDue(start_by=due, done_by=due)


def recall_due(ordered_at: datetime, calendar: WorkCalendar) -> RecallDue:
    """The clocks of a pick-up ordered at an aware moment; the day of the order is not counted.

    Raises:
        ValueError: `ordered_at` is naive.
    """
    ordered = local_day(ordered_at)
    return RecallDue(
        rent_stops=calendar.add_working_days(ordered, RENT_STOP_WORKING_DAYS),
        pick_up_by=calendar.add_working_days(ordered, PICK_UP_WORKING_DAYS),
        deregistered_by=calendar.add_working_days(ordered, DEREGISTER_WORKING_DAYS),
    )
