"""Whether devices can be handed out: a device's checks, what can be staged, and whole lists."""

import secrets
import time

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, filters
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.devices import service as devices
from diagnostics.queries import fetch_all, room
from diagnostics.readiness import service
from diagnostics.readiness.schemas import MOST_LISTED, ListRequest, ReadinessQuery
from diagnostics.rights import Right
from diagnostics.security import rate_exceeded
from diagnostics.work import Door

_SQL = room(__file__)
_A_PAGE = 50


async def show_readiness(request: Request) -> Response:
    """One device: each check ok, not ok or unknown, and how to find out."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    async with door.open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    async with door.open(caller) as work:
        found = await service.one(work, device.device_id)
    return page(
        request, "readiness.html", device=device, ready=found, staged=None, key=secrets.token_urlsafe(16), titles={}
    )


async def stage(request: Request) -> Response:
    """Asks the device for everything that would bring light or mend, and says what was asked and what was not."""
    form, resources = await form_of(request), resources_of(request)
    caller, door = with_right(request, Right.COMMAND_READ), Door(resources)
    if seconds := resources.limits.commands.wait_seconds(caller.name, time.monotonic()):
        raise rate_exceeded(seconds)
    key = str(form.get("key", ""))[:60] or secrets.token_urlsafe(16)
    staged = await service.stage(door, caller, request.path_params["device_id"], key)
    async with door.open(caller) as work:
        device = await devices.show(work, staged.device_id)
    async with door.open(caller) as work:
        found = await service.one(work, device.device_id)
    profile = resources.registry.by_name.get(device.device_class)
    titles = {command.name: command.title for command in profile.all_commands} if profile else {}
    return page(request, "readiness.html", device=device, ready=found, staged=staged, key=key, titles=titles)


async def show_list(request: Request) -> Response:
    """Which devices of a depot, model or unit are ready; or those of a list of numbers."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    given, numbers = filters(request, ("depot", "model", "unit")), _numbers(request.query_params.get("numbers", ""))
    found = None
    if numbers:
        async with door.open(caller) as work:
            found = await service.of_list(work, checked(ListRequest, {"devices": numbers}).devices)
    elif given:
        query = checked(ReadinessQuery, {**given, **filters(request, ["cursor"]), "limit": _A_PAGE})
        async with door.open(caller) as work:
            found = await service.search(work, query)
    async with door.open(caller) as work:
        choices = await fetch_all(work.connection, _SQL["ready_choices"])
        await work.record("readiness.choices")
    return page(request, "readiness_list.html", found=found, choices=choices, most=MOST_LISTED)


def _numbers(text: str) -> list[str]:
    """Individual numbers as people paste them: lines, commas, spaces."""
    return list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))[: MOST_LISTED + 1]
