"""The recall workbench: cases as a list and as a board with their clocks, one case with its evidence, the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, fields, filters
from diagnostics.console.devices import year_of_use
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen, words_of
from diagnostics.devices import service as devices
from diagnostics.problems import Problem
from diagnostics.recall import service
from diagnostics.recall.schemas import CaseItem, CaseQuery, CaseSummary, MoveAsked, Proposal, SummaryQuery
from diagnostics.rights import Right, may
from diagnostics.security import Caller
from diagnostics.work import Door
from fleet.calendar import WorkCalendar
from fleet.recall import ANSWERS, AT_THE_USER, BY_PEOPLE, Action, State

_CALENDAR: Final = WorkCalendar()
FILTERS: Final = ("state", "class", "payer", "prescriber", "overdue", "individual_number")
_A_COLUMN: Final = 30
# What waits for somebody, in the order in which a case passes through it.
_COLUMNS: Final = (
    State.PROPOSED,
    State.ASKED,
    State.CONFIRMED_UNUSED,
    State.PICK_UP_ORDERED,
    State.COLLECTED,
    State.DEREGISTERED,
    State.RECONDITIONED,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that runs for a case: what must be done, by which day, and working days left (negative: too late)."""

    what: str
    by: date
    left: int


@dataclass(frozen=True, slots=True)
class Column:
    """One state on the board: its first cases with their clocks, and how many there are in all."""

    state: State
    cases: Sequence[tuple[CaseItem, Clock | None]]
    count: int


async def show_cases(request: Request) -> Response:
    """The cases with figures and denominators; open ones unless asked otherwise."""
    caller, door = with_right(request, Right.SEE_RECALLS), Door(resources_of(request))
    wanted = filters(request, (*FILTERS, "cursor"))
    query = checked(CaseQuery, {"open": "state" not in wanted, "limit": 50, **wanted})
    async with door.open(caller) as work:
        found = await service.list_cases(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    summary = await _summary(door, caller, wanted)
    clocks = {case.case_id: clock_of(case, summary.today) for case in found.items}
    return page(
        request,
        "recalls.html",
        cases=found.items,
        cursor=found.next_cursor,
        summary=summary,
        clocks=clocks,
        classes=classes,
        filters=FILTERS,
    )


async def show_board(request: Request) -> Response:
    """A column for every state that waits for somebody, the ones that are late first."""
    caller, door = with_right(request, Right.SEE_RECALLS), Door(resources_of(request))
    wanted = filters(request, ("class", "payer", "prescriber"))
    async with door.open(caller) as work:
        cases = await service.board(work, checked(CaseQuery, wanted), _COLUMNS, _A_COLUMN)
    summary = await _summary(door, caller, wanted)
    counts = {entry.state: entry.cases for entry in summary.by_state}
    columns = [
        Column(
            state,
            sorted(((c, clock_of(c, summary.today)) for c in cases if c.state is state), key=most_pressing),
            counts.get(state, 0),
        )
        for state in _COLUMNS
    ]
    return page(request, "recall_board.html", columns=columns, summary=summary)


async def show_case(request: Request) -> Response:
    """One case: its evidence with a year of use, what has been done, what may be done next."""
    caller, door = with_right(request, Right.SEE_RECALLS), Door(resources_of(request))
    async with door.open(caller) as work:
        case = await service.show_case(work, request.path_params["case_id"])
    device = strip = None
    # A device that has come back is somebody else's next; what it did before is sealed.
    if case.device_id is not None and case.state in AT_THE_USER:
        try:
            async with door.open(caller) as work:
                device = await devices.show(work, case.device_id)
                strip = await year_of_use(work, device, words_of(request))
        except Problem:
            device = strip = None
    return page(
        request,
        "recall.html",
        case=case,
        device=device,
        strip=strip,
        clock=clock_of(case, words_of(request).today),
        possible=[action for action in case.possible if action in _open_to(caller)],
    )


async def move(request: Request) -> Response:
    """Makes the step a person chose, with the reason they gave."""
    form, case_id = await form_of(request), request.path_params["case_id"]
    asked = checked(MoveAsked, fields(form, ("action", "why", "order_number", "snooze_until")))
    async with Door(resources_of(request)).open(with_right(request, Right.ANSWER_RECALLS)) as work:
        await service.move_case(work, case_id, asked)
    return seen(f"{ROOT}/recalls/{case_id}")


async def propose(request: Request) -> Response:
    """Begins a case for one device of the idle list, or for every one that its filters leave, the dearest first."""
    form = await form_of(request)
    asked = checked(Proposal, fields(form, ("device_id", "class", "payer", "limit", "why")))
    async with Door(resources_of(request)).open(with_right(request, Right.MOVE_RECALLS)) as work:
        proposed = await service.propose(work, asked)
    if asked.device_id is not None:
        return seen(f"{ROOT}/recalls/{proposed.case_ids[0]}")
    return seen(f"{ROOT}/recalls?state=proposed&proposed={proposed.proposed}")


def clock_of(case: CaseItem, today: date) -> Clock | None:
    """The clock that runs for a case now, or None where none does."""
    clocks = case.clocks
    if case.state is State.PICK_UP_ORDERED and clocks.pick_up_by is not None:
        return Clock("pick_up", clocks.pick_up_by, _CALENDAR.working_days_between(today, clocks.pick_up_by))
    if case.state is State.COLLECTED and clocks.deregister_by is not None:
        return Clock("deregister", clocks.deregister_by, _CALENDAR.working_days_between(today, clocks.deregister_by))
    return None


def most_pressing(entry: tuple[CaseItem, Clock | None]) -> tuple[date, datetime, int]:
    """The order of a column: by the clock that runs, else the longest in that state; as `pressing` has it."""
    case, clock = entry
    return date.max if clock is None else clock.by, case.changed_at, case.case_id


async def _summary(door: Door, caller: Caller, wanted: dict[str, str]) -> CaseSummary:
    asked = checked(SummaryQuery, {name: wanted[name] for name in ("class", "payer") if name in wanted})
    async with door.open(caller) as work:
        return await service.summary(work, asked)


def _open_to(caller: Caller) -> frozenset[Action]:
    """What this person may do with a case."""
    if may(caller.role, Right.MOVE_RECALLS):
        return BY_PEOPLE
    return ANSWERS if may(caller.role, Right.ANSWER_RECALLS) else frozenset()
