"""Reads the faults of a device and of the fleet."""

from datetime import datetime
from typing import Any, Final

from diagnostics.queries import Row, fetch_all, fetch_one, room
from diagnostics.work import Work

_SQL: Final = room(__file__)


async def of_device(
    work: Work, device_no: int, *, every: bool = False, after: tuple[datetime, int] | None = None, limit: int = 200
) -> list[Row]:
    """Faults of a device that the caller's audiences may see, newest first: the active ones, or every one.

    Args:
        work: the request's.
        device_no: the device.
        every: also those that ended.
        after: `raised_at` and id of the last one seen.
        limit: at most so many.
    """
    raised, fault_id = after or (None, None)
    return await fetch_all(
        work.connection,
        _SQL["of_device"],
        {
            "device_no": device_no,
            "all": every,
            "audiences": sorted(work.caller.audiences),
            "after_raised": raised,
            "after_id": fault_id,
            "limit": limit,
        },
    )


async def groups(work: Work, asked: dict[str, Any]) -> list[Row]:
    """How often each fault came, by model, module and firmware; `asked` has every parameter of the query."""
    return await fetch_all(work.connection, _SQL["groups"], asked)


async def exposure(work: Work, asked: dict[str, Any]) -> list[Row]:
    """Device-days by model and firmware; `asked` has every parameter of the query."""
    return await fetch_all(work.connection, _SQL["exposure"], asked)


async def counted_at(work: Work) -> datetime | None:
    """Up to when faults and device-days are counted; None before the worker's first round."""
    row = await fetch_one(work.connection, _SQL["counted_at"])
    return None if row is None else row["counted_at"]


async def unknown(work: Work, device_class: str | None, limit: int) -> list[Row]:
    """Codes that no profile knew when they came, the most devices first."""
    return await fetch_all(work.connection, _SQL["unknown"], {"device_class": device_class, "limit": limit})
