"""The idle verdict's words and numbers, pure: what is known about a device's use, and what a person may be told to do.

Silence never proposes a return. Only days count on which the device was heard, was not used, and was heard again
later, so that everything of that day had arrived: data that says *unused*, never missing data (reliability.md R1).
`fleet/idle_fleet.py` decides, `fleet/idle_words.py` says why.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

DAYS_PER_MONTH: Final = Decimal("365.25") / 12


class Verdict(StrEnum):
    """What is known about a device's use; exactly one per device, never merged.

    Only those of PROVEN_UNUSED say that it is not used. `replaced` says besides that another device of the same person
    took over.
    """

    USED = "used"
    UNUSED = "unused"
    NEVER_STARTED = "never_started"
    REPLACED = "replaced"
    TOO_EARLY = "too_early"
    ABSENT = "absent"
    SILENT = "silent"
    SOURCE_LOST = "source_lost"
    NEVER_CONNECTED = "never_connected"
    CANNOT_REPORT = "cannot_report"
    IN_STOCK = "in_stock"
    NOT_JUDGED = "not_judged"


PROVEN_UNUSED: Final = frozenset({Verdict.UNUSED, Verdict.NEVER_STARTED, Verdict.REPLACED})
UNKNOWN: Final = frozenset(
    {Verdict.SILENT, Verdict.SOURCE_LOST, Verdict.NEVER_CONNECTED, Verdict.CANNOT_REPORT, Verdict.NOT_JUDGED}
)
"""On loan, and nothing is known about use. Never counted as unused."""


class Step(StrEnum):
    """What the policy suggests to a person, in rising order; never more than a suggestion."""

    NONE = "none"
    NOTE = "note"
    CONTACT = "contact"
    PROPOSE = "propose"


class Opinion(StrEnum):
    """Whether the statistical second opinion goes with the rule; `none` where it has no ground to say anything."""

    NONE = "none"
    AGREES = "agrees"
    DISAGREES = "disagrees"


class DayMark(StrEnum):
    """One day of a device as a letter, for the strip of its latest days."""

    USED = "U"
    UNUSED = "n"
    UNHEARD = "?"
    AWAY = "a"
    BOTH = "D"
    BEFORE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One device's verdict with the numbers behind it, as stored; `fleet.idle_words.explain` makes sentences of them.

    Attributes:
        since: last used, last heard, first heard, or the loan's first day; None in stock.
        days: days proven unused for PROVEN_UNUSED, else calendar days since `since`.
        unheard_days, absent_days, quiet_days: days since `since` that do not count, by why.
        note_days, contact_days, propose_days: limits that applied, after prescription and the person's own rhythm.
        usual_gap_days, longest_gap_days: median and 95th percentile of the person's own gaps between used days.
        double_days: days on which this device and the person's other one were both used.
        in_use, in_use_low, in_use_high: probability that it is still in use, with its 90 % interval.
    """

    verdict: Verdict
    step: Step = Step.NONE
    since: date | None = None
    days: int | None = None
    last_used: date | None = None
    last_heard: date | None = None
    unheard_days: int = 0
    absent_days: int = 0
    quiet_days: int = 0
    note_days: int | None = None
    contact_days: int | None = None
    propose_days: int | None = None
    usual_gap_days: float | None = None
    longest_gap_days: float | None = None
    other_device: str | None = None
    double_days: int = 0
    source: str | None = None
    in_use: float | None = None
    in_use_low: float | None = None
    in_use_high: float | None = None
    opinion: Opinion = Opinion.NONE


def cost_sek(rent_a_month: Decimal, days: int) -> Decimal:
    """Rent in SEK for a number of days, a month being a twelfth of 365.25 days."""
    return (rent_a_month * days / DAYS_PER_MONTH).quantize(Decimal("0.01"))
