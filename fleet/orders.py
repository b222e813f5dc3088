"""Work orders, pure: what a finding becomes, how findings are drawn together, what may happen next, what came of it.

The states are a table; the caller makes the change with a conditional UPDATE, so that two who act at once cannot both
win. The measures always say of how many they speak, and what they assume.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.errors import FjarrkollError
from fleet.faults import Severity
from fleet.priority import PriorityClass
from fleet.signals import Audience
from fleet.text import Text


class OrderState(StrEnum):
    """Where a work order stands; `done` and `cancelled` are final."""

    DRAFT = "draft"
    PLACED = "placed"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What a person does with a work order."""

    PLACE = "place"
    START = "start"
    FINISH = "finish"
    CANCEL = "cancel"


OPEN_STATES: Final = (OrderState.DRAFT, OrderState.PLACED, OrderState.STARTED)

TRANSITIONS: Final[Mapping[tuple[OrderState, Action], OrderState]] = MappingProxyType(
    {
        (OrderState.DRAFT, Action.PLACE): OrderState.PLACED,
        (OrderState.PLACED, Action.START): OrderState.STARTED,
        # What is solved from the chair needs no start; a visit may be recorded after it is over.
        (OrderState.DRAFT, Action.FINISH): OrderState.DONE,
        (OrderState.PLACED, Action.FINISH): OrderState.DONE,
        (OrderState.STARTED, Action.FINISH): OrderState.DONE,
        # An order is cancelled when the user cannot be reached, and a new one is placed (anchors.md 1.8).
        (OrderState.DRAFT, Action.CANCEL): OrderState.CANCELLED,
        (OrderState.PLACED, Action.CANCEL): OrderState.CANCELLED,
        (OrderState.STARTED, Action.CANCEL): OrderState.CANCELLED,
    }
)


class Solved(StrEnum):
    """How an order ended that is done."""

    REMOTELY = "remotely"
    VISIT = "visit"
    EXCHANGED = "exchanged"
    NO_FAULT_FOUND = "no_fault_found"


class OutcomeError(FjarrkollError):
    """An outcome contradicts itself; the text says how."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class FindingKind(StrEnum):
    """What an order grew out of."""

    FAULT = "fault"
    ALARM = "alarm"
    DIAGNOSIS = "diagnosis"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason for a work order.

    Attributes:
        reference: which one of its kind: the fault's or alarm's number, the cause's name.
        key: what it is about; two findings of a device with the same key are the same matter, such as a fault and the
            alarm that it raised.
        happened_at, known_at: device time and server time.
        parts: keys of the parts that the dictionary says to bring.
    """

    kind: FindingKind
    reference: str
    key: str
    title: Text
    priority: PriorityClass
    audience: Audience
    happened_at: datetime
    known_at: datetime
    fault_code: str | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a technician says when an order is done.

    Attributes:
        cause: the cause found, in the dictionary's words or the technician's own; empty where none was found.
        visits: how many times somebody went there.
        first_visit_fixed: whether the first visit ended it; None without a visit, or where it is not known.
        minutes_spent: all working time, travel included; None where it is not known.

    Raises:
        OutcomeError: it contradicts itself.
    """

    solved: Solved
    cause: str = ""
    parts_used: tuple[str, ...] = ()
    visits: int = 0
    first_visit_fixed: bool | None = None
    minutes_spent: int | None = None

    def __post_init__(self) -> None:
        if self.solved is Solved.REMOTELY and (self.visits or self.first_visit_fixed is not None):
            raise OutcomeError(_REMOTE_WITHOUT_VISITS)
        if self.solved is Solved.VISIT and not self.visits:
            raise OutcomeError(_VISITS_WANTED)
        if self.first_visit_fixed is not None and not self.visits:
            raise OutcomeError(_FIRST_OF_NONE)
        if self.first_visit_fixed and self.visits > 1:
            raise OutcomeError(_FIRST_OF_MANY)


def after(state: OrderState, action: Action) -> OrderState | None:
    """The state an action leads to, or None where it is not allowed."""
    return TRANSITIONS.get((state, action))


def allowed(state: OrderState) -> tuple[Action, ...]:
    """What may be done with an order in a state."""
    return tuple(action for action in Action if (state, action) in TRANSITIONS)


def priority_of(severity: Severity, *, safety: bool = False) -> PriorityClass:
    """The priority class of a fault or alarm of which the dictionary says none.

    An assumption from the regions' definition (anchors.md 1.8): acute is what takes away a basic need or risks injury.
    """
    if safety and severity is Severity.CRITICAL:
        return PriorityClass.ON_CALL
    return PriorityClass.ACUTE if severity in {Severity.CRITICAL, Severity.HIGH} else PriorityClass.ORDINARY


def fault_key(fault_code: str | None, system: str, code: str) -> str:
    """What a fault is about: the normalised fault, or the native code where no profile knows it."""
    return f"fault:{fault_code}" if fault_code else f"native:{system}/{code}"


def drawn_together(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each matter once, the most urgent first; of two with the same key the more urgent, then the older one stays."""
    kept: dict[str, Finding] = {}
    for finding in sorted(findings, key=_urgency):
        kept.setdefault(finding.key, finding)
    return tuple(kept.values())


def more_urgent(one: PriorityClass, other: PriorityClass) -> PriorityClass:
    """The more urgent of two."""
    return min(one, other, key=lambda priority: priority.rank)


def audience_of(findings: Sequence[Finding]) -> Audience:
    """Who may see an order: if any of its findings is for fewer people than technicians, only those."""
    order = (Audience.CLINICAL, Audience.CARE, Audience.TECHNICAL)
    return min((finding.audience for finding in findings), key=order.index)


def _urgency(finding: Finding) -> tuple[int, datetime]:
    return finding.priority.rank, finding.known_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of a period's closed orders, as the database gives them.

    Attributes:
        done, cancelled: how they ended.
        remote: solved without a visit.
        remote_timed: of these, with known minutes; `remote_minutes` is their sum.
        visited: with at least one visit.
        first_known: of these, whether the first visit fixed it is known; `first_fixed` says yes, and the same matter
            did not come back within the settling time.
        came_back: said to be fixed at the first visit, but the same matter came back.
    """

    done: int
    cancelled: int
    remote: int
    remote_timed: int
    remote_minutes: int
    visited: int
    first_known: int
    first_fixed: int
    came_back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What remote diagnosis has brought, each figure with its denominator.

    Attributes:
        visits_avoided: of `done` orders, how many nobody had to drive for.
        hours_saved: a visit's assumed time less the time spent, over the `timed` orders solved remotely; None where
            no time is known. It is below zero where the chair took longer than the road.
        first_visit_rate: share of visited orders that the first visit ended, of `first_known`; None where none is.
    """

    done: int
    cancelled: int
    visits_avoided: int
    timed: int
    hours_saved: float | None
    visited: int
    first_known: int
    first_visit_rate: float | None
    came_back: int
    visit_minutes: int
    meaning: Text


def measures(tally: Tally, visit_minutes: int) -> Measures:
    """The measures of a period, with the assumed minutes of a visit."""
    saved = (visit_minutes * tally.remote_timed - tally.remote_minutes) / 60 if tally.remote_timed else None
    rate = tally.first_fixed / tally.first_known if tally.first_known else None
    return Measures(
        done=tally.done,
        cancelled=tally.cancelled,
        visits_avoided=tally.remote,
        timed=tally.remote_timed,
        hours_saved=None if saved is None else round(saved, 1),
        visited=tally.visited,
        first_known=tally.first_known,
        first_visit_rate=None if rate is None else round(rate, 4),
        came_back=tally.came_back,
        visit_minutes=visit_minutes,
        meaning=_meaning(tally, saved, rate, visit_minutes),
    )


def _meaning(tally: Tally, saved: float | None, rate: float | None, visit_minutes: int) -> Text:
    swedish = [f"{tally.remote} av {tally.done} avslutade arbetsordrar löstes utan besök."]
    english = [f"{tally.remote} of {tally.done} finished work orders were solved without a visit."]
    if saved is None:
        swedish.append("Sparad tid är okänd: ingen av dem har en tidsuppgift.")
        english.append("The time saved is unknown: none of them has its time recorded.")
    else:
        hours = f"{saved:.1f}"
        swedish.append(
            f"Sparat {hours.replace('.', ',')} timmar på de {tally.remote_timed} med tidsuppgift, om ett besök tar"
            f" {visit_minutes} minuter (antagande)."
        )
        english.append(
            f"Saved {hours} hours over the {tally.remote_timed} with recorded time, if a visit takes {visit_minutes}"
            " minutes (assumption)."
        )
    if rate is None:
        swedish.append(f"Andel lösta vid första besöket är okänd för alla {tally.visited} besökta.")
        english.append(f"Whether the first visit was enough is unknown of all {tally.visited} visited.")
    else:
        swedish.append(
            f"{tally.first_fixed} av {tally.first_known} besökta löstes vid första besöket;"
            f" för {tally.visited - tally.first_known} är det okänt."
        )
        english.append(
            f"{tally.first_fixed} of {tally.first_known} visited were solved at the first visit;"
            f" of {tally.visited - tally.first_known} it is unknown."
        )
    return Text(" ".join(swedish), " ".join(english))


_REMOTE_WITHOUT_VISITS: Final = Text(
    "Löst på distans betyder inga besök; ange antal besök 0, eller välj en annan utgång.",
    "Solved remotely means no visits; say 0 visits, or choose another outcome.",
)
_VISITS_WANTED: Final = Text(
    "Löst vid besök kräver minst ett besök; ange hur många.", "Solved by a visit needs at least one; say how many."
)
_FIRST_OF_NONE: Final = Text(
    "Utan besök finns inget första besök att bedöma; utelämna uppgiften.",
    "Without a visit there is no first one to judge; leave it out.",
)
_FIRST_OF_MANY: Final = Text(
    "Flera besök gjordes, så det första räckte inte; rätta antalet eller uppgiften.",
    "There were several visits, so the first was not enough; mend the number or the answer.",
)
