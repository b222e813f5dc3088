"""HTTP: ask a device to do something, read its fault codes now, see what became of a command."""

import time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from diagnostics.commands import refusals, service
from diagnostics.commands.progress import progress
from diagnostics.commands.schemas import (
    Command,
    CommandItem,
    CommandQuery,
    CommandRequest,
    IdempotencyKey,
    StreamSeconds,
    WaitSeconds,
)
from diagnostics.commands.states import Expiry, State
from diagnostics.commands.waiting import ask_and_wait
from diagnostics.paging import Page, PageLinks
from diagnostics.problems import not_found
from diagnostics.queries import Row
from diagnostics.schemas import DeviceId
from diagnostics.security import Approver, Asker, DeviceReader, rate_exceeded
from diagnostics.work import Entrance
from fleet.commands import READ_FAULTS
from fleet.text import Text

router = APIRouter(tags=["commands"])
_Id = Annotated[DeviceId, Path()]
_CommandId = Annotated[UUID, Path()]
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The device has answered; `state` says how"},
    202: {"model": CommandItem, "description": "Still waiting for the device; Location says where to look"},
    504: {"description": "The device was silent until the command expired"},
}

# Not FastAPI's own class of events: with it an answer has begun before the caller is known to see the command.
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events: `state` at every change, `end` when nothing more will happen",
        "content": {
            "text/event-stream": {
                "schema": {
                    "description": "One event; `data` is the command as JSON, as its own address shows it",
                    "type": "object",
                    "required": ["event", "data"],
                    "properties": {"event": {"enum": ["state", "end"]}, "data": {"type": "string"}},
                }
            }
        },
    }
}


class Asking:
    """One caller's wish to have a device do something; the parts every such request has."""

    def __init__(self, key: IdempotencyKey, caller: Asker, door: Entrance, response: Response) -> None:
        self._key = key
        self._caller = caller
        self._door = door
        self._response = response

    async def ask(self, device_id: str, body: CommandRequest, wait: int) -> CommandItem:
        """Queues the command unless that was done before with the same key, and waits for the answer.

        Raises:
            Problem: it may not be asked for, or the device was silent until it expired.
        """
        resources, caller = self._door.resources, self._caller
        seconds = resources.limits.commands.wait_seconds(caller.name, time.monotonic())
        if seconds:
            raise rate_exceeded(seconds)
        _, new, row = await ask_and_wait(self._door, caller, device_id, body, self._key, wait)
        if row is None:
            raise not_found(Text("Kommandot", "The command"))
        self._response.headers["Idempotency-Replayed"] = "false" if new else "true"
        return self._answer(row)

    def _answer(self, row: Row) -> CommandItem:
        resources = self._door.resources
        item = service.command_item(resources.registry, self._caller, row, resources.clock())
        if item.state is State.EXPIRED and item.reason in {Expiry.NOT_SENT, Expiry.NO_ANSWER}:
            raise refusals.silent(item, row["last_seen_at"])
        self._response.headers["Location"] = refusals.location(item.command_id)
        if not service.is_over(row):
            self._response.status_code = status.HTTP_202_ACCEPTED
        return item


async def _asking(key: IdempotencyKey, caller: Asker, door: Entrance, response: Response) -> Asking:
    return Asking(key, caller, door, response)


_Asking = Annotated[Asking, Depends(_asking)]


@router.post("/devices/{device_id}/commands", summary="Ask a device to do something", responses=_ANSWERS)
async def ask_device(device_id: _Id, body: CommandRequest, asking: _Asking, wait: WaitSeconds = 0) -> CommandItem:
    """Sends a command that the device's class declares. Reading is open to many roles, reversible acts to technicians.

    A setting waits until a second person with another role has approved it. There is no motion command. A device that
    does not answer until the command expires gives 504; the same wish is not queued twice for it (409).
    """
    return await asking.ask(device_id, body, wait)


@router.post("/devices/{device_id}/faults/read", summary="Read fault codes now", responses=_ANSWERS)
async def read_faults(device_id: _Id, asking: _Asking, wait: WaitSeconds = 30) -> CommandItem:
    """Asks the device itself which faults are active. The answer also brings the stored faults up to date."""
    return await asking.ask(device_id, CommandRequest(name=READ_FAULTS.name), wait)


@router.get("/commands", summary="Commands, newest first")
async def list_commands(
    query: Annotated[CommandQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> Page[CommandItem]:
    """Commands of the devices in scope; `awaiting_approval` finds the settings that wait for a second person."""
    async with door.open(caller) as work:
        return links.to_next_of(await service.search(work, query))


@router.get("/commands/{command_id}", summary="What became of a command")
async def show_command(command_id: _CommandId, caller: DeviceReader, door: Entrance) -> Command:
    """The command's state with every step to it, and its result as far as the caller's audiences may see it."""
    async with door.open(caller) as work:
        return await service.show(work, command_id)


@router.get(
    "/commands/{command_id}/events",
    summary="Follow a command as it happens",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def follow_command(
    command_id: _CommandId, caller: DeviceReader, door: Entrance, request: Request, seconds: StreamSeconds = 60
) -> StreamingResponse:
    """A stream of the command's changes, each as the command itself looks then. It ends when the token is revoked."""
    async with door.open(caller) as work:
        await service.show(work, command_id)
    authorization = request.headers.get("authorization")
    return StreamingResponse(
        progress(door.resources, authorization, command_id, seconds), media_type="text/event-stream"
    )


@router.post("/commands/{command_id}/approve", summary="Approve a setting as the second person")
async def approve_command(command_id: _CommandId, caller: Approver, door: Entrance) -> Command:
    """Another person than the one who asked, with another role, says yes; the setting is sent from now on."""
    async with door.open(caller) as work:
        return await service.approve(work, command_id)


@router.post("/commands/{command_id}/deny", summary="Deny a setting as the second person")
async def deny_command(command_id: _CommandId, caller: Approver, door: Entrance) -> Command:
    """The setting is never sent."""
    async with door.open(caller) as work:
        return await service.deny(work, command_id)


@router.post("/commands/{command_id}/cancel", summary="Take a command back")
async def cancel_command(command_id: _CommandId, caller: Asker, door: Entrance) -> Command:
    """At once where it has not been sent; else the device is asked to stop, and the state tells what came of it."""
    async with door.open(caller) as work:
        return await service.cancel(work, command_id)
