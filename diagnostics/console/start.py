"""The start page: what needs this person now, and the few things the role does most."""

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.alarms import placed_alarms
from diagnostics.console.board import SORTS, ordered
from diagnostics.console.gate import signed_in
from diagnostics.console.pages import page, resources_of
from diagnostics.idle import service as idle_list
from diagnostics.idle.schemas import IdleQuery
from diagnostics.rights import Right, may
from diagnostics.work import Door

_SHOWN = 8


async def show_start(request: Request) -> Response:
    """What the role came for, first."""
    caller, door = signed_in(request).caller, Door(resources_of(request))
    open_alarms = idle = None
    if may(caller.role, Right.TAKE_ALARMS):
        async with door.open(caller) as work:
            open_alarms = ordered((await placed_alarms(work))[0], SORTS[0])
    if may(caller.role, Right.SEE_IDLE):
        async with door.open(caller) as work:
            idle = await idle_list.list_idle(work, IdleQuery(limit=_SHOWN))
    return page(
        request,
        "start.html",
        alarms=None if open_alarms is None else open_alarms[:_SHOWN],
        alarm_count=0 if open_alarms is None else len(open_alarms),
        idle=idle,
    )
