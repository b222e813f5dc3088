"""Absences as people register them, pure: which days may be said, and when a dispenser's dose alarms rest for one.

An absence explains days without use, so that nothing is proposed for them. It rests dose alarms only where somebody who
may keep doses says it, only from now on, and until the day after its last day at midnight; then the roll is verified
(fleet/doses.py). A machine that is away for repair rests nothing: its user is at home and still needs the doses.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from fleet.clock import STOCKHOLM, local_day
from fleet.recall import Refusal
from fleet.text import Text

FURTHEST_DAYS: Final = 366
"""How far ahead an absence may begin, and how long it may be said to last."""


class AbsenceKind(StrEnum):
    """Why the borrower does not use the device."""

    HOSPITAL = "hospital"
    RESPITE = "respite"
    TRAVEL = "travel"
    REPAIR = "repair"
    OTHER = "other"


WORDS: Final = {
    AbsenceKind.HOSPITAL: Text("sjukhus", "hospital"),
    AbsenceKind.RESPITE: Text("växelvård", "respite care"),
    AbsenceKind.TRAVEL: Text("resa", "travel"),
    AbsenceKind.REPAIR: Text("på reparation", "in repair"),
    AbsenceKind.OTHER: Text("annat", "other"),
}
RESTS_DOSES: Final = frozenset(AbsenceKind) - {AbsenceKind.REPAIR}
DOSE_REASONS: Final = {
    AbsenceKind.HOSPITAL: "hospital",
    AbsenceKind.TRAVEL: "travel",
    AbsenceKind.RESPITE: "other",
    AbsenceKind.OTHER: "other",
}
"""What the dose alarms are told."""


@dataclass(frozen=True, slots=True)
class Away:
    """The first and last day of an absence, both included; `until` None: nobody knows yet."""

    kind: AbsenceKind
    first: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """From when until when dose alarms rest; `ends` None: until somebody says that the user is back."""

    starts: datetime
    ends: datetime | None


def absence_problem(away: Away, loan_day: date | None, today: date) -> Refusal | None:
    """Why an absence cannot be registered on the Swedish day `today`, or None.

    Args:
        away: what is to be registered.
        loan_day: first day of the open loan; None for a device that nobody borrows.
        today: the Swedish day.
    """
    objections: tuple[tuple[bool, Refusal], ...] = (
        (loan_day is None, _NOT_ON_LOAN),
        (loan_day is not None and away.first < loan_day, _BEFORE_LOAN),
        ((away.first - today).days > FURTHEST_DAYS, _FAR_AHEAD),
        (away.until is not None and away.until < away.first, _BACKWARDS),
        (away.until is not None and (away.until - max(away.first, today)).days > FURTHEST_DAYS, _LONG),
    )
    return next((refusal for holds, refusal in objections if holds), None)


def pause_of(away: Away, now: datetime) -> Pause | None:
    """When dose alarms rest for an absence; None where they do not, or where it is over already.

    Doses that were due before now keep what became of them.

    Raises:
        ValueError: `now` is naive.
    """
    if away.kind not in RESTS_DOSES or (away.until is not None and away.until < local_day(now)):
        return None
    ends = None if away.until is None else midnight(away.until + timedelta(days=1))
    return Pause(max(now, midnight(away.first)), ends)


def last_day(away: Away, today: date) -> date:
    """The last day of an absence whose user is back today: yesterday, or its first day where it had just begun."""
    return max(away.first, today - timedelta(days=1))


def midnight(day: date) -> datetime:
    """When a Swedish day begins."""
    return datetime.combine(day, time(), STOCKHOLM)


_NOT_ON_LOAN: Final = Refusal(
    Text("Ingen lånar hjälpmedlet, så ingen kan vara borta.", "Nobody borrows the device, so nobody can be away.")
)
_BEFORE_LOAN: Final = Refusal(
    Text("Frånvaron börjar före den pågående uthyrningen.", "The absence begins before the loan that is open.")
)
_FAR_AHEAD: Final = Refusal(
    Text(f"Frånvaron börjar mer än {FURTHEST_DAYS} dagar fram.", f"It begins more than {FURTHEST_DAYS} days ahead.")
)
_BACKWARDS: Final = Refusal(Text("Sista dagen är före den första.", "The last day is before the first."))
_LONG: Final = Refusal(
    Text(
        f"Frånvaron är längre än {FURTHEST_DAYS} dagar; lämna sista dagen tom om den inte är känd.",
        f"The absence is longer than {FURTHEST_DAYS} days; leave the last day out where it is not known.",
    )
)
