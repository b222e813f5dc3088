"""What a device can be asked to do, asking it, and following what becomes of it while it happens."""

import hashlib
import secrets
import time
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from diagnostics.commands import repository, service
from diagnostics.commands.schemas import CommandQuery, CommandRequest
from diagnostics.commands.states import FINAL
from diagnostics.commands.waiting import ask_and_wait
from diagnostics.console.asking import checked
from diagnostics.console.following import follow
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.devices import service as devices
from diagnostics.problems import not_found
from diagnostics.rights import RIGHT_FOR_LEVEL, Right, may
from diagnostics.security import Caller, rate_exceeded
from diagnostics.work import Door
from fleet.commands import CANCEL, READ_FAULTS, Command, Level
from fleet.plumbing.store.scope import scoped
from fleet.text import Text

_WAIT_SECONDS: Final = 8.0
"""A page may take this long before it says that the device has not answered yet."""
_RECENT: Final = 15
_LONGEST_KEY: Final = 100
_THE_COMMAND: Final = Text("Kommandot", "The command")


async def show_commands(request: Request) -> Response:
    """Every command of the class that the role may ask for, by how far it reaches, and the latest ones."""
    caller, door = with_right(request, Right.COMMAND_READ), Door(resources_of(request))
    async with door.open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    async with door.open(caller) as work:
        asked = await service.search(work, CommandQuery(device_id=device.device_id, limit=_RECENT))
    profile = resources_of(request).registry.by_name.get(device.device_class)
    declared = profile.all_commands if profile is not None else ()
    return page(
        request,
        "commands.html",
        device=device,
        commands=[command for command in declared if command.name != CANCEL.name and _allowed(caller, command)],
        levels=("read", "reversible", "setting"),
        recent=asked.items,
        key=secrets.token_urlsafe(16),
    )


async def ask(request: Request) -> Response:
    """Asks the device, waits a little, and shows what became of it. A form that is sent twice asks once."""
    form = await form_of(request)
    resources, caller = resources_of(request), with_right(request, Right.COMMAND_READ)
    if seconds := resources.limits.commands.wait_seconds(caller.name, time.monotonic()):
        raise rate_exceeded(seconds)
    given = {name.removeprefix("p."): _number(str(value)) for name, value in form.items() if name.startswith("p.")}
    wish = checked(CommandRequest, {"name": str(form.get("name", READ_FAULTS.name)), "parameters": given})
    key = str(form.get("key", "")) or secrets.token_urlsafe(16)
    device_id, wait = request.path_params["device_id"], _WAIT_SECONDS if wish.name == READ_FAULTS.name else 0.0
    command_id, *_ = await ask_and_wait(Door(resources), caller, device_id, wish, key[:_LONGEST_KEY], wait)
    return seen(f"{ROOT}/commands/{command_id}")


async def show_command(request: Request) -> Response:
    """What became of a command; a page that is open renews its progress from the same address."""
    caller = with_right(request, Right.SEE_DEVICES)
    async with Door(resources_of(request)).open(caller) as work:
        command = await service.show(work, _id(request))
    return page(
        request,
        "command.html",
        command=command,
        open=command.state not in FINAL,
        may_cancel=may(caller.role, RIGHT_FOR_LEVEL[Level(command.level)]),
        own=command.requested_by == caller.name,
    )


async def stream_command(request: Request) -> StreamingResponse:
    """Says whenever the command has moved; a device of somebody else answers as one that does not exist."""
    caller, resources, command_id = with_right(request, Right.SEE_DEVICES), resources_of(request), _id(request)
    async with Door(resources).open(caller) as work:
        await service.show(work, command_id)

    async def mark() -> tuple[str, bool]:
        async with scoped(resources.pool, caller.scope) as connection:
            row = await repository.one(connection, command_id)
        if row is None:
            return "gone", True
        told = (row["state"], row["reason"], row["answered_at"], row["approval"], row["late_at"])
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16], service.is_over(row)

    return follow(request, mark)


async def decide(request: Request) -> Response:
    """The second person's yes or no to a setting, or taking a command back."""
    form, command_id = await form_of(request), _id(request)
    wanted = str(form.get("as", ""))
    right = Right.COMMAND_READ if wanted == "cancel" else Right.APPROVE_SETTING
    async with Door(resources_of(request)).open(with_right(request, right)) as work:
        if wanted == "cancel":
            await service.cancel(work, command_id)
        elif wanted == "approve":
            await service.approve(work, command_id)
        elif wanted == "deny":
            await service.deny(work, command_id)
        else:
            raise not_found(_THE_COMMAND)
    return seen(f"{ROOT}/commands/{command_id}")


def _allowed(caller: Caller, command: Command) -> bool:
    return may(caller.role, RIGHT_FOR_LEVEL[command.level])


def _number(text: str) -> Any:  # noqa: ANN401 - a number or a text, as the command takes
    """A number as people write it, with a comma too; anything else stays a text."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return text.strip()


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["command_id"])
    except ValueError:
        raise not_found(_THE_COMMAND) from None
