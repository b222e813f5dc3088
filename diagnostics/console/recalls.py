"""The recall workbench: cases with their clocks, one case with its journal, and the next step as a button."""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.gate import form_of, signed_in
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.problems import invalid
from diagnostics.recall import service
from diagnostics.recall.schemas import CaseQuery, MoveAsked, Proposal, SummaryQuery
from diagnostics.rights import Right, may
from diagnostics.security import Caller, forbidden
from diagnostics.work import Door
from fleet.recall import ANSWERS, BY_PEOPLE, Action


async def show_cases(request: Request) -> Response:
    """The cases with figures and denominators; open ones unless asked otherwise."""
    caller, door = _with(request, Right.SEE_RECALLS), Door(resources_of(request))
    given = {name: request.query_params.get(name) or None for name in ("state", "class", "payer", "cursor")}
    wanted = {name: value for name, value in given.items() if value is not None}
    try:
        query = CaseQuery.model_validate({"open": "state" not in wanted, "limit": 50, **wanted})
        asked = SummaryQuery.model_validate({name: wanted[name] for name in ("class", "payer") if name in wanted})
    except ValidationError:
        raise invalid([]) from None
    async with door.open(caller) as work:
        found = await service.list_cases(work, query)
    async with door.open(caller) as work:
        summary = await service.summary(work, asked)
    return page(request, "recalls.html", cases=found.items, cursor=found.next_cursor, summary=summary)


async def show_case(request: Request) -> Response:
    """One case: why it was proposed, what has been done, what may be done next."""
    caller = _with(request, Right.SEE_RECALLS)
    async with Door(resources_of(request)).open(caller) as work:
        case = await service.show_case(work, request.path_params["case_id"])
    return page(request, "recall.html", case=case, possible=[a for a in case.possible if a in _open_to(caller)])


async def move(request: Request) -> Response:
    """Makes the step a person chose, with the reason they gave."""
    form = await form_of(request)
    case_id = request.path_params["case_id"]
    given = {name: str(form.get(name, "")).strip() for name in ("action", "why", "order_number", "snooze_until")}
    try:
        asked = MoveAsked.model_validate({name: value for name, value in given.items() if value})
    except ValidationError:
        raise invalid([]) from None
    async with Door(resources_of(request)).open(_with(request, Right.ANSWER_RECALLS)) as work:
        await service.move_case(work, case_id, asked)
    return seen(f"{ROOT}/recalls/{case_id}")


async def propose(request: Request) -> Response:
    """Begins a case for one device of the idle list, and shows it."""
    form = await form_of(request)
    try:
        asked = Proposal.model_validate({name: str(form.get(name, "")).strip() for name in ("device_id", "why")})
    except ValidationError:
        raise invalid([]) from None
    async with Door(resources_of(request)).open(_with(request, Right.MOVE_RECALLS)) as work:
        proposed = await service.propose(work, asked)
    return seen(f"{ROOT}/recalls/{proposed.case_ids[0]}")


def _open_to(caller: Caller) -> frozenset[Action]:
    """What this person may do with a case."""
    if may(caller.role, Right.MOVE_RECALLS):
        return BY_PEOPLE
    return ANSWERS if may(caller.role, Right.ANSWER_RECALLS) else frozenset()


def _with(request: Request, right: Right) -> Caller:
    caller = signed_in(request).caller
    if not may(caller.role, right):
        raise forbidden()
    return caller
