"""Decides whether a command is asked for, and what its caller is told while and after waiting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from diagnostics.commands import refusals, repository
from diagnostics.commands.advising import advice
from diagnostics.commands.asking import allowed_command, complete_parameters
from diagnostics.commands.results import visible_result
from diagnostics.commands.schemas import Command as CommandDetail
from diagnostics.commands.schemas import CommandItem, CommandQuery, CommandRequest, StepItem
from diagnostics.commands.states import FINAL, Approval, State
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import not_found
from diagnostics.queries import Row
from diagnostics.rights import RIGHT_FOR_LEVEL, may
from diagnostics.schemas import BilingualText
from diagnostics.security import Caller, forbidden
from diagnostics.work import Work
from fleet.commands import CANCEL, Command, Level
from fleet.presence import just_answered
from fleet.registry import Registry
from fleet.text import Text

MOST_OPEN: Final = 20
"""Commands that may wait for one device; a silent device fills no queue beyond that."""

_THE_COMMAND: Final = Text("Kommandot", "The command")


async def ask(
    work: Work, device_id: str, request: CommandRequest, key: str, command_id: UUID | None = None
) -> tuple[UUID, bool]:
    """Queues a command, or finds the one asked for with the same key; whether it is new.

    Checks on the server are advisory: the device judges its own state, and rights and holds are looked at again when
    the command is sent.

    Args:
        work: to be committed.
        device_id: whom.
        request: what.
        key: of this wish; the same one asks once.
        command_id: what the command is called if it is new.

    Raises:
        Problem: the device, the command, the right, the parameters, the key, an incident hold or what waits already do
            not allow it.
    """
    before = await repository.before_asking(work, device_id, key)
    device, known = before.device, before.known
    if device["enrolled_at"] is None or device["device_class"] not in work.registry:
        raise refusals.cannot_report()
    profile, device_no = work.registry[device["device_class"]], device["device_no"]
    command = allowed_command(profile, request.name, work.caller.role)
    parameters = complete_parameters(command, request.parameters)
    if known is None:
        wish = repository.Wish(command_id or uuid4(), device_no, command, parameters, key)
        await _may_wait(work, wish, before.waiting)
        await repository.ask(work, wish)
        found = wish.command_id
    else:
        found = _same_wish(known, device_no, command.name, parameters)
    await work.record("command.ask", device_no, command_id=found, name=command.name, new=known is None)
    return found, known is None


async def _may_wait(work: Work, wish: repository.Wish, waiting: Sequence[Row]) -> None:
    """Refuses what a held device may not be asked, what waits for it already, and more than it should have waiting."""
    if wish.command.level is not Level.READ and await repository.is_held(work.connection, wish.device_no):
        raise refusals.incident_hold()
    for row in waiting:
        if _is_the_same(row, wish, work.caller):
            raise refusals.already_waiting(row["command_id"])
    if len(waiting) >= MOST_OPEN:
        raise refusals.too_many_open(MOST_OPEN)


def _is_the_same(row: Row, wish: repository.Wish, caller: Caller) -> bool:
    """Whether a command is the very same wish: of the same caller, or of anyone's where it does more than read."""
    whose = row["level"] != Level.READ or row["requested_by"] == caller.name
    return whose and (row["name"], row["parameters"]) == (wish.command.name, wish.parameters)


async def approve(work: Work, command_id: UUID) -> CommandDetail:
    """The second person's yes: it is sent from now on.

    Raises:
        Problem: no such command, it does not wait, or the caller is no second person with another role.
    """
    row, command = await _awaiting(work, command_id)
    if not await repository.settle_approval(work, "approve", command_id, command.expires_seconds):
        if _same_eyes(work, row):
            raise refusals.same_person()
        raise refusals.not_awaiting()
    await work.record("command.approve", row["device_no"], command_id=command_id, name=row["name"])
    return await _detail(work, command_id)


async def deny(work: Work, command_id: UUID) -> CommandDetail:
    """The second person's no: it is never sent.

    Raises:
        Problem: no such command, or it does not wait.
    """
    row, _ = await _awaiting(work, command_id)
    if not await repository.settle_approval(work, "deny", command_id):
        raise refusals.not_awaiting()
    await work.record("command.deny", row["device_no"], command_id=command_id, name=row["name"])
    return await _detail(work, command_id)


async def cancel(work: Work, command_id: UUID) -> CommandDetail:
    """Takes a command back: at once while it has not been sent, else by asking the device to stop.

    Raises:
        Problem: no such command, it is over, or the caller may not ask for such commands.
    """
    row = await repository.one(work.connection, command_id)
    if row is None:
        raise not_found(_THE_COMMAND)
    if not may(work.caller.role, RIGHT_FOR_LEVEL[Level(row["level"])]):
        raise forbidden()
    if is_over(row) or row["name"] == CANCEL.name:
        raise refusals.is_over()
    await _stop(work, row["device_no"], command_id)
    await work.record("command.cancel", row["device_no"], command_id=command_id, name=row["name"])
    return await _detail(work, command_id)


async def stop_open(work: Work, device_no: int) -> int:
    """Takes back everything above reading that a device has not finished; returns how many that were."""
    found = await repository.open_above_read(work, device_no)
    for command_id in found:
        await _stop(work, device_no, command_id)
    return len(found)


async def _stop(work: Work, device_no: int, command_id: UUID) -> None:
    if not await repository.take_back(work, command_id):
        await repository.take_turns(work, device_no)
        stop: repository.Parameters = {"command_id": str(command_id)}
        wish = repository.Wish(uuid4(), device_no, CANCEL, stop, f"cancel-{command_id}")
        if await repository.by_key(work, wish.key) is None:
            await repository.ask(work, wish)


async def _awaiting(work: Work, command_id: UUID) -> tuple[Row, Command]:
    row = await repository.one(work.connection, command_id)
    if row is None:
        raise not_found(_THE_COMMAND)
    profile = work.registry.by_name.get(row["device_class"])
    command = profile.commands_by_name.get(row["name"]) if profile else None
    if command is None or row["approval"] != Approval.AWAITING or row["state"] != State.QUEUED:
        raise refusals.not_awaiting()
    return row, command


def _same_eyes(work: Work, row: Row) -> bool:
    caller = work.caller
    asked = (row["requested_by"], row["requested_holder"], row["requested_role"])
    return any(one == other for one, other in zip(asked, (caller.name, caller.holder, caller.role), strict=True))


async def show(work: Work, command_id: UUID) -> CommandDetail:
    """One command with its whole way.

    Raises:
        Problem: no such command in the caller's scope.
    """
    row = await repository.one(work.connection, command_id)
    if row is None:
        raise not_found(_THE_COMMAND)
    await work.record("command.read", row["device_no"], command_id=command_id)
    return await _detail(work, command_id)


async def _detail(work: Work, command_id: UUID) -> CommandDetail:
    row = await repository.one(work.connection, command_id)
    if row is None:
        raise not_found(_THE_COMMAND)
    item = command_item(work.registry, work.caller, row, work.now)
    taken = await repository.steps(work.connection, command_id)
    return CommandDetail(**dict(item), steps=[StepItem(**step) for step in taken])


async def search(work: Work, query: CommandQuery) -> Page[CommandItem]:
    """A page of commands, newest first."""
    after = decode_cursor(query.cursor, tuple[datetime, UUID])
    asked = {
        "device_id": query.device_id,
        "state": query.state,
        "awaiting": query.awaiting_approval,
        "after": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": query.limit + 1,
    }
    rows = await repository.many(work, asked)
    page, cursor = cut(rows, query.limit, lambda row: (row["created_at"], row["command_id"]))
    await work.record("commands.search", devices=sorted({row["device_no"] for row in page}))
    items = [command_item(work.registry, work.caller, row, work.now) for row in page]
    return Page(items=items, next_cursor=cursor)


def title_of(registry: Registry, device_class: str, name: str) -> Text:
    """What people call a command; one that no profile has any more is shown as it is spelled."""
    profile = registry.by_name.get(device_class)
    command = profile.commands_by_name.get(name) if profile else None
    if command is not None:
        return command.title
    return CANCEL.title if name == CANCEL.name else Text(name, name)


def command_item(registry: Registry, caller: Caller, row: Row, now: datetime) -> CommandItem:
    """One command as its caller may see it."""
    profile = registry.by_name.get(row["device_class"])
    command = profile.commands_by_name.get(row["name"]) if profile else None
    known = {name: row[name] for name in CommandItem.model_fields if name in row and name != "result"}
    return CommandItem(
        **known,
        title=BilingualText.of(title_of(registry, row["device_class"], row["name"])),
        result=_result(registry, caller, row),
        advice=None if is_over(row) else advice(profile, command, row.get("latest_events"), now),
        online=just_answered(row["answered_at"], now),
    )


def _result(registry: Registry, caller: Caller, row: Row) -> dict[str, Any] | None:
    profile = registry.by_name.get(row["device_class"])
    if profile is None or not isinstance(row["result"], dict):
        return None
    return visible_result(profile, row["model_key"], row["firmware"], row["result"], caller.audiences)


def is_over(row: Row) -> bool:
    """Whether nothing more will happen to a command."""
    return row["state"] in FINAL


def _same_wish(found: Row, device_no: int, name: str, parameters: dict[str, float | str]) -> UUID:
    if (found["device_no"], found["name"], found["parameters"]) != (device_no, name, parameters):
        raise refusals.key_reused()
    command_id: UUID = found["command_id"]
    return command_id
