"""When a repair or a recall is due, pure: the clocks users live by (mission.md), on the Swedish work calendar.

Days are counted from the day after the order, and a deadline in working days is the closing of the last of them. That
reading of the regions' rules, like the working window itself, is an assumption said here and nowhere else.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from fleet.calendar import WorkCalendar
from fleet.clock import aware, local_day
from fleet.priority import PriorityClass

PICK_UP_WORKING_DAYS: Final = 7
RENT_STOP_WORKING_DAYS: Final = 3
DEREGISTER_WORKING_DAYS: Final = 7


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


def repair_due(priority: PriorityClass, reported_at: datetime, calendar: WorkCalendar) -> RepairDue:
    """When a repair that was reported at an aware moment must be begun and done, as its priority class promises.

    Raises:
        ValueError: `reported_at` is naive.
    """
    target, start = priority.target, aware(reported_at).astimezone(UTC)
    if target.done_working_days is not None:
        done = calendar.end_of_working_day(start, target.done_working_days)
    elif target.working_hours is not None:
        done = calendar.add_working_hours(start, timedelta(hours=target.working_hours))
    else:
        done = start + timedelta(hours=target.hours or 0)
    days = target.start_working_days
    return RepairDue(start_by=done if days is None else calendar.end_of_working_day(start, days), done_by=done)


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
