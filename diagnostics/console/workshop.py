"""The technician's pages: read the fault codes now, what became of a command, the timeline, the work orders."""

import secrets
import time
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.commands import service as commands
from diagnostics.commands.schemas import CommandRequest
from diagnostics.commands.waiting import until_over
from diagnostics.console.gate import form_of, signed_in
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.orders import service as orders
from diagnostics.orders.schemas import OrderQuery
from diagnostics.problems import invalid, not_found
from diagnostics.rights import Right, may
from diagnostics.security import Caller, forbidden, rate_exceeded
from diagnostics.timeline import service as timeline
from diagnostics.timeline.schemas import EntryKind, TimelineQuery
from diagnostics.work import Door
from fleet.commands import READ_FAULTS
from fleet.text import Text

_WAIT_SECONDS: Final = 8.0
"""A page may take this long before it says that the device has not answered yet."""


async def read_faults(request: Request) -> Response:
    """Asks the device itself, waits a little, and shows what became of it."""
    await form_of(request)
    resources, caller = resources_of(request), _with(request, Right.COMMAND_READ)
    if seconds := resources.limits.commands.wait_seconds(caller.name, time.monotonic()):
        raise rate_exceeded(seconds)
    async with Door(resources).open(caller) as work:
        asked = CommandRequest(name=READ_FAULTS.name)
        command_id, _ = await commands.ask(work, request.path_params["device_id"], asked, secrets.token_urlsafe(16))
    await until_over(resources, caller, command_id, _WAIT_SECONDS)
    return seen(f"{ROOT}/commands/{command_id}")


async def show_command(request: Request) -> Response:
    """What became of a command; while it is open the page looks again by itself."""
    try:
        command_id = UUID(request.path_params["command_id"])
    except ValueError:
        raise not_found(Text("Kommandot", "The command")) from None
    async with Door(resources_of(request)).open(_with(request, Right.SEE_DEVICES)) as work:
        command = await commands.show(work, command_id)
    return page(request, "command.html", command=command)


async def show_timeline(request: Request) -> Response:
    """Everything that happened to a device, newest first, with both clocks where they differ."""
    device_id = request.path_params["device_id"]
    kinds = request.query_params.getlist("kind")
    try:
        query = TimelineQuery.model_validate(
            {"kind": kinds, "cursor": request.query_params.get("cursor") or None, "limit": 50}
        )
    except ValidationError:
        raise invalid([]) from None
    async with Door(resources_of(request)).open(_with(request, Right.SEE_DEVICES)) as work:
        found = await timeline.show(work, device_id, query)
    return page(
        request,
        "timeline.html",
        device_id=device_id,
        entries=found.items,
        cursor=found.next_cursor,
        kinds=[kind.value for kind in EntryKind],
        chosen=kinds,
    )


async def show_orders(request: Request) -> Response:
    """Work orders, the most urgent first as the service sorts them."""
    given = {name: request.query_params.get(name) or None for name in ("state", "priority", "class", "cursor")}
    wanted = {name: value for name, value in given.items() if value is not None}
    try:
        query = OrderQuery.model_validate({**wanted, "limit": 50})
    except ValidationError:
        raise invalid([]) from None
    async with Door(resources_of(request)).open(_with(request, Right.SEE_ORDERS)) as work:
        found = await orders.search(work, query)
    return page(request, "orders.html", orders=found.items, cursor=found.next_cursor)


def _with(request: Request, right: Right) -> Caller:
    caller = signed_in(request).caller
    if not may(caller.role, right):
        raise forbidden()
    return caller
