"""What is asked and answered about recall cases."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from diagnostics.devices.schemas import PayerItem
from diagnostics.idle.schemas import Money
from diagnostics.paging import PageQuery
from diagnostics.recall import examples
from diagnostics.schemas import Answer, BilingualText, DeviceId, Moment, SearchText, Word, shown
from fleet.answers import reason_problem
from fleet.idle import Verdict
from fleet.recall import BY_PEOPLE, Action, State

Why = Annotated[
    str,
    Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$", description="Why, in words"),
]
_LARGEST_PROPOSAL = 1000


class CaseQuery(PageQuery):
    """Filters of the case list; all given ones must hold."""

    state: Annotated[State | None, Field(description="Exactly this state")] = None
    open: Annotated[bool, Field(description="Only cases that are not closed")] = False
    overdue: Annotated[bool, Field(description="Only cases past one of their clocks")] = False
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    prescriber: Annotated[Word | None, Field(description="Code of the prescriber unit")] = None
    individual_number: Annotated[SearchText | None, Field(description="Exactly this number")] = None


class SummaryQuery(BaseModel):
    """Filters of the summary."""

    model_config = ConfigDict(extra="forbid")

    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: Why

    @model_validator(mode="after")
    def _nothing_about_the_person(self) -> Self:
        if reason_problem(self.why) is not None:
            raise ValueError("write it without a personal number")
        return self


class Proposal(_Asked):
    """Which devices to propose: one, or every one whose verdict proposes a return, the dearest first."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.PROPOSAL]})

    device_id: Annotated[DeviceId | None, Field(description="This device alone")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Only this class")] = None
    payer: Annotated[Word | None, Field(description="Only devices this payer pays")] = None
    limit: Annotated[int, Field(ge=1, le=_LARGEST_PROPOSAL, description="At most so many")] = 200


class MoveAsked(_Asked):
    """A transition somebody asks for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.MOVE]})

    action: Annotated[Action, Field(description="What is done with the case")]
    snooze_until: Annotated[date | None, Field(description="With `need`: last day on which the answer holds")] = None
    order_number: Annotated[
        str | None, Field(max_length=40, pattern=r"^[A-Za-z0-9 ./_-]*$", description="With `order`: the order's number")
    ] = None

    @model_validator(mode="after")
    def _a_persons_action(self) -> Self:
        if self.action not in BY_PEOPLE:
            raise ValueError("an action of a person, not of a device")
        return self


class PrescriberItem(Answer):
    """A prescriber unit."""

    code: str
    unit: str


class Clocks(Answer):
    """The clocks of a pick-up order, as Swedish days (mission.md); null before there is an order."""

    rent_stops: Annotated[date | None, Field(description="Three working days after the order")]
    pick_up_by: Annotated[date | None, Field(description="Seven working days after the order")]
    deregister_by: date | None
    overdue: Annotated[bool, Field(description="Past one of them, and not done")]


class CaseItem(Answer):
    """One case. It is a proposal to people; nothing is taken from anybody because of it alone."""

    model_config = shown(examples.CASE)

    case_id: int
    device_id: Annotated[str | None, Field(description="Null where the device is no longer in the caller's sight")]
    individual_number: str
    device_class: str
    held: Annotated[
        bool | None,
        Field(description="An incident hold lies on the device: leave it untouched; null where it is out of sight"),
    ]
    maker: str
    model: str
    payer: PayerItem
    legal_frame: str
    prescriber: PrescriberItem | None
    state: State
    state_words: BilingualText
    verdict: Verdict
    since: Annotated[date, Field(description="Unused since")]
    known_until: Annotated[date, Field(description="Newest day with data when it was proposed")]
    days: Annotated[int, Field(description="Days proven unused when it was proposed")]
    p_in_use: Annotated[float | None, Field(description="Statistical second opinion when it was proposed")]
    rent_sek_per_month: Money | None
    saved_sek_so_far: Annotated[Money, Field(description="Rent since it stopped, a year at most")]
    clocks: Clocks
    order_number: str
    snoozed_until: date | None
    proposed_at: Moment
    proposed_by: str
    changed_at: Moment
    changed_by: str
    why: str
    possible: Annotated[list[Action], Field(description="Actions that may follow")]


class JournalLine(Answer):
    """One transition."""

    at: Moment
    before: State | None
    action: Action
    after: State
    actor: str
    why: str


class CaseDetail(CaseItem):
    """One case with its journal, oldest line first."""

    model_config = shown(examples.CASE_DETAIL)

    journal: list[JournalLine]


class Proposed(Answer):
    """The cases that were begun."""

    model_config = shown(examples.PROPOSED)

    proposed: int
    case_ids: list[int]


class StateCount(Answer):
    """How many cases stand in a state, and the rent of their devices."""

    state: State
    words: BilingualText
    cases: int
    rent_sek_per_month: Money


class FalseRecallRate(Answer):
    """How often a proposal was wrong, by the answers and by use during a case; null where nobody has answered."""

    needed: int
    woken_up: int
    confirmed: int
    answered: Annotated[int, Field(description="The denominator")]
    waiting: Annotated[int, Field(description="Without an answer; not counted as right")]
    rate: float | None
    meaning: BilingualText


class CaseSummary(Answer):
    """The figures over every case in scope."""

    model_config = shown(examples.SUMMARY)

    today: date
    cases: int
    open: int
    by_state: list[StateCount]
    pick_up_overdue: int
    deregister_overdue: int
    rent_stopped: Annotated[int, Field(description="Cases whose rent has stopped")]
    rent_stopped_sek_per_month: Money
    saved_sek_so_far: Annotated[Money, Field(description="Since each rent stopped, a year at most")]
    false_recalls: FalseRecallRate
