"""Decides about incident holds: placed by one, lifted by two with different roles, every export sealed and noted."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from diagnostics.commands import service as commands
from diagnostics.devices import repository as devices
from diagnostics.holds import repository
from diagnostics.holds.package import Package, build
from diagnostics.holds.schemas import ExportItem, Hold, HoldItem, HoldQuery
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.work import Work
from fleet.text import Text

_THE_HOLD: Final = Text("Spärren", "The hold")
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST: Final = 2**31 - 1


async def place(work: Work, device_id: str, reason: str) -> Hold:
    """Holds a device: from here on nothing of it is deleted, and nothing above reading is asked of it.

    What waits for the device is taken back; what is on its way is stopped on the device, as far as it has not happened.

    Raises:
        Problem: no such device, or it is held already.
    """
    device = await devices.identity(work, device_id)
    hold_id = await repository.place(work, device["device_no"], reason)
    if hold_id is None:
        raise _held_already()
    stopped = await commands.stop_open(work, device["device_no"])
    await work.record("hold.place", device["device_no"], hold_id=hold_id, stopped=stopped)
    return await _detail(work, hold_id)


async def show(work: Work, hold_id: int) -> Hold:
    """One hold with its exports.

    Raises:
        Problem: no such hold in the caller's scope.
    """
    row = await _found(work, hold_id)
    await work.record("hold.read", row["device_no"], hold_id=hold_id)
    return await _detail(work, hold_id)


async def search(work: Work, query: HoldQuery) -> Page[HoldItem]:
    """A page of holds, newest first."""
    after = decode_cursor(query.cursor, tuple[int])
    last = None if after is None else max(0, min(after[0], _LARGEST))
    asked = {"open_only": query.open_only, "device_id": query.device_id, "after": last, "limit": query.limit + 1}
    page, cursor = cut(await repository.many(work, asked), query.limit, lambda row: (row["hold_id"],))
    await work.record("holds.search", devices=[row["device_no"] for row in page])
    return Page(items=[_item(row) for row in page], next_cursor=cursor)


async def ask_lift(work: Work, hold_id: int, reason: str) -> Hold:
    """The first of two persons says that the hold may be lifted, and why; it stands until the second says so too.

    Raises:
        Problem: no such hold, or it is lifted.
    """
    row = await _found(work, hold_id)
    if not await repository.ask_lift(work, hold_id, reason):
        raise _lifted_already()
    await work.record("hold.ask_lift", row["device_no"], hold_id=hold_id)
    return await _detail(work, hold_id)


async def lift(work: Work, hold_id: int) -> Hold:
    """The second person lifts it.

    Raises:
        Problem: no such hold, nobody has asked for it, or the caller is no second person with another role.
    """
    row = await _found(work, hold_id)
    if row["lifted_at"] is not None or row["lift_asked_at"] is None:
        raise _lifted_already() if row["lifted_at"] else _nobody_asked()
    if not await repository.lift(work, hold_id):
        raise _same_person()
    await work.record("hold.lift", row["device_no"], hold_id=hold_id)
    return await _detail(work, hold_id)


async def export(work: Work, hold_id: int) -> Package:
    """The evidence, as far as the caller may see it, sealed; the seal is kept in the database.

    Raises:
        Problem: no such hold in the caller's scope.
    """
    row = await _found(work, hold_id)
    package = await build(work, row, _BEGINNING)
    await repository.note_export(work, hold_id, package.seal, package.size)
    await work.record("hold.export", row["device_no"], hold_id=hold_id, seal=package.seal)
    return package


async def _found(work: Work, hold_id: int) -> Row:
    row = await repository.one(work, hold_id)
    if row is None:
        raise not_found(_THE_HOLD)
    return row


async def _detail(work: Work, hold_id: int) -> Hold:
    made = [ExportItem(**row) for row in await repository.exports(work, hold_id)]
    return Hold(**dict(_item(await _found(work, hold_id))), exports=made)


def _item(row: Row) -> HoldItem:
    known = {name: row[name] for name in HoldItem.model_fields if name in row}
    return HoldItem(**known, open=row["lifted_at"] is None)


def _held_already() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "held_already",
        Text("Redan spärrat", "Held already"),
        Text("En spärr ligger redan på hjälpmedlet; se den i listan.", "A hold lies on the device; see the list."),
    )


def _lifted_already() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "lifted_already",
        Text("Spärren är redan hävd", "The hold is lifted already"),
        Text("Lägg en ny spärr om det behövs.", "Place a new hold if one is needed."),
    )


def _nobody_asked() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "lift_not_asked",
        Text("Ingen har begärt att spärren hävs", "Nobody has asked to lift it"),
        Text(
            "Den första personen begär det med en motivering, den andra häver.",
            "The first person asks with a reason, the second lifts.",
        ),
    )


def _same_person() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "same_person",
        Text("En andra person behövs", "A second person is needed"),
        Text(
            "Den som begärde att spärren hävs får inte häva den. Det krävs en annan person med en annan roll.",
            "Who asked to lift it may not lift it. It takes another person with another role.",
        ),
    )
