"""The idle list as a page: which devices are proven unused, what they cost, and of how many that is known."""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.gate import signed_in
from diagnostics.console.pages import page, resources_of
from diagnostics.idle import service
from diagnostics.idle.schemas import IdleQuery
from diagnostics.problems import invalid
from diagnostics.rights import Right, may
from diagnostics.security import forbidden
from diagnostics.work import Door


async def show_idle(request: Request) -> Response:
    """The list; its filters stand in the address, so that it can be mailed."""
    caller = signed_in(request).caller
    if not may(caller.role, Right.SEE_IDLE):
        raise forbidden()
    names = ("class", "payer", "verdict", "step", "cursor")
    try:
        query = IdleQuery.model_validate(
            {**{name: request.query_params.get(name) or None for name in names}, "limit": 50}
        )
    except ValidationError:
        raise invalid([]) from None
    async with Door(resources_of(request)).open(caller) as work:
        found = await service.list_idle(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    return page(request, "idle.html", idle=found, classes=classes)
