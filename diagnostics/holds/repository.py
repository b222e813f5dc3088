"""Reads and writes incident holds; what the caller may not see, the database does not give."""

from typing import Any, Final

from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.work import Work

SQL: Final = room(__file__)


async def place(work: Work, device_no: int, reason: str) -> int | None:
    """Places a hold; None where one lies on the device already."""
    said = {"device_no": device_no, "reason": reason, "name": work.caller.name, "role": work.caller.role}
    row = await fetch_one(work.connection, SQL["place"], said)
    return None if row is None else int(row["hold_id"])


async def one(work: Work, hold_id: int) -> Row | None:
    """A hold with its device, or None where the caller sees none."""
    return await fetch_one(work.connection, SQL["one"], {"hold_id": hold_id})


async def many(work: Work, asked: dict[str, Any]) -> list[Row]:
    """Holds, newest first; `asked` fills the places of the statement `list`."""
    return await fetch_all(work.connection, SQL["list"], asked)


async def ask_lift(work: Work, hold_id: int, reason: str) -> bool:
    """The first of two persons says that it may go; False where it is lifted already."""
    said = {**_who(work), "hold_id": hold_id, "reason": reason}
    return await fetch_one(work.connection, SQL["ask_lift"], said) is not None


async def lift(work: Work, hold_id: int) -> bool:
    """The second says so too; False where that is no second person with another role, or nobody has begun."""
    return await fetch_one(work.connection, SQL["lift"], {**_who(work), "hold_id": hold_id}) is not None


async def exports(work: Work, hold_id: int) -> list[Row]:
    """The packages made of a hold's evidence, with their seals."""
    return await fetch_all(work.connection, SQL["exports"], {"hold_id": hold_id})


async def note_export(work: Work, hold_id: int, seal: str, size: int) -> None:
    """Keeps a package's seal where nobody who has the package can reach it."""
    audiences = sorted(work.caller.audiences)
    said = {"hold_id": hold_id, "name": work.caller.name, "audiences": audiences}
    await execute(work.connection, SQL["note_export"], {**said, "manifest_sha256": seal, "bytes": size})


def _who(work: Work) -> dict[str, str]:
    caller = work.caller
    return {"name": caller.name, "role": caller.role, "holder": caller.holder or caller.name}
