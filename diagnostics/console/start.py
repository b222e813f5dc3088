"""The start page: what needs this person now, what has changed, and the three things the role does most."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.commands import service as commands
from diagnostics.commands.schemas import CommandQuery
from diagnostics.console.alarms import placed_alarms
from diagnostics.console.board import SORTS
from diagnostics.console.changes import lately
from diagnostics.console.gate import signed_in
from diagnostics.console.pages import page, resources_of
from diagnostics.idle import service as idle_list
from diagnostics.orders import service as orders
from diagnostics.orders.schemas import OrderQuery
from diagnostics.recall import service as recalls
from diagnostics.recall.schemas import CaseQuery, SummaryQuery
from diagnostics.rights import Right, Role, may
from diagnostics.security import Caller
from diagnostics.side_by_side import side_by_side
from diagnostics.work import Door
from fleet.recall import State
from fleet.text import Text

_SHOWN: Final = 6
_SEARCH: Final = ("/devices", Text("Söka ett hjälpmedel", "Find a device"))
_BOARD: Final = ("/alarms", Text("Se och kvittera larm", "See and take alarms"))
_CASES: Final = ("/recalls", Text("Se återlämningsärenden", "See recall cases"))
OFTEN: Final[Mapping[Role, tuple[tuple[str, Text], ...]]] = {
    Role.TECHNICIAN: (
        _SEARCH,
        ("/orders", Text("Se arbetsorder", "See work orders")),
        ("/readiness", Text("Kontrollera att hjälpmedel är driftklara", "Check that devices are ready")),
    ),
    Role.CARER: (_BOARD, ("/alarms?sort=risk", Text("Se vem som är mest utsatt", "See who is at risk first")), _SEARCH),
    Role.CLINICAL: (
        _BOARD,
        _SEARCH,
        ("/devices?state=silent", Text("Se hjälpmedel som tystnat", "See silent devices")),
    ),
    Role.ANALYST: (
        ("/idle?step=propose", Text("Gå igenom förslag till återlämning", "Go through proposals to return")),
        _CASES,
        ("/recalls/answers", Text("Ta emot svar från enheter", "Take answers from units")),
    ),
    Role.PRESCRIBER_UNIT: (
        ("/recalls?state=asked", Text("Svara på frågor om hjälpmedel", "Answer questions about devices")),
        ("/recalls/answers", Text("Lämna in en besvarad lista", "Hand in an answered list")),
        _SEARCH,
    ),
    Role.ADMINISTRATOR: (
        _BOARD,
        ("/fleet/coverage", Text("Se vem som rapporterar", "See who reports")),
        _SEARCH,
    ),
}
"""The three things each role does most, as address and words."""


async def show_start(request: Request) -> Response:
    """What the role came for, first."""
    caller, door = signed_in(request).caller, Door(resources_of(request))
    found: dict[str, Any] = {
        "alarms": None,
        "alarm_count": 0,
        "orders": None,
        "approvals": (),
        "asked": (),
        "recalls": None,
        "idle": None,
    }
    parts = [_changes(door, caller)]
    if may(caller.role, Right.TAKE_ALARMS):
        parts.append(_alarms(door, caller))
    if may(caller.role, Right.WORK_ORDERS):
        parts.append(_workshop(door, caller))
    if may(caller.role, Right.APPROVE_SETTING):
        parts.append(_approvals(door, caller))
    if may(caller.role, Right.SEE_RECALLS) and caller.role is not Role.TECHNICIAN:
        parts.append(_returns(door, caller))
    if may(caller.role, Right.MOVE_RECALLS) and caller.role is not Role.TECHNICIAN:
        parts.append(_idle(door, caller))
    for part in await side_by_side(*parts):
        found |= part
    return page(
        request,
        "start.html",
        often=OFTEN[caller.role],
        guide=resources_of(request).console.demo_panel is not None,
        **found,
    )


async def _changes(door: Door, caller: Caller) -> dict[str, Any]:
    """What happened lately."""
    async with door.open(caller) as work:
        return {"changes": await lately(work)}


async def _idle(door: Door, caller: Caller) -> dict[str, Any]:
    """The denominators of the idle list."""
    async with door.open(caller) as work:
        return {"idle": await idle_list.summary(work)}


async def _alarms(door: Door, caller: Caller) -> dict[str, Any]:
    """The most urgent open alarms."""
    async with door.open(caller) as work:
        placed, count = await placed_alarms(work, SORTS[0], _SHOWN)
    return {"alarms": placed, "alarm_count": count}


async def _workshop(door: Door, caller: Caller) -> dict[str, Any]:
    """Orders that are late."""
    async with door.open(caller) as work:
        return {"orders": (await orders.search(work, OrderQuery(overdue=True, limit=_SHOWN))).items}


async def _approvals(door: Door, caller: Caller) -> dict[str, Any]:
    """Settings that wait for a second person; not one's own."""
    async with door.open(caller) as work:
        waiting = (await commands.search(work, CommandQuery(awaiting_approval=True, limit=_SHOWN))).items
    return {"approvals": [command for command in waiting if command.requested_by != caller.name]}


async def _returns(door: Door, caller: Caller) -> dict[str, Any]:
    """The workbench's figures, and for a prescriber unit what it is asked."""
    async with door.open(caller) as work:
        summary = await recalls.summary(work, SummaryQuery())
    if may(caller.role, Right.MOVE_RECALLS):
        return {"recalls": summary, "asked": ()}
    async with door.open(caller) as work:
        asked = (await recalls.list_cases(work, CaseQuery(state=State.ASKED, limit=_SHOWN))).items
    return {"recalls": summary, "asked": asked}
