"""How soon a repair is due: the three classes of the centre's own service agreement, as data for the work calendar."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairTarget:
    """What a priority class promises, counted from the order; None where it promises nothing.

    Attributes:
        working_hours: done within so many working hours.
        hours: done within so many hours of any kind, nights and Sundays too.
        start_working_days, done_working_days: started and done within so many working days.
    """

    working_hours: int | None = None
    hours: int | None = None
    start_working_days: int | None = None
    done_working_days: int | None = None


class PriorityClass(StrEnum):
    """Priority class (prioritetsklass) of a repair, the most urgent first (anchors.md 1.10; mission.md, "The clocks").

    Acute means that basic needs are not met or that somebody may be harmed. On-call is the same where waiting for the
    next working hour may harm. All else is ordinary.
    """

    ON_CALL = "on_call"
    ACUTE = "acute"
    ORDINARY = "ordinary"

    @property
    def target(self) -> RepairTarget:
        """By when it is due: on-call 5 h, acute 8 working hours, ordinary begun in 3 and done in 10 working days."""
        return {
            PriorityClass.ON_CALL: RepairTarget(hours=5),
            PriorityClass.ACUTE: RepairTarget(working_hours=8),
            PriorityClass.ORDINARY: RepairTarget(start_working_days=3, done_working_days=10),
        }[self]

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(PriorityClass).index(self)
