"""Reads and takes alarms for the API; what the caller may not see, the database does not give."""

from typing import Any, Final

from diagnostics.queries import Row, execute, fetch_all, room
from diagnostics.work import Work

_SQL: Final = room(__file__)
_NO_FILTER: Final[dict[str, Any]] = {
    "alarm_id": None,
    "device_no": None,
    "all": True,
    "taken": None,
    "severity": None,
    "device_class": None,
    "payer": None,
    "device_id": None,
    "after": None,
    "limit": 200,
}


async def search(work: Work, **filters: Any) -> list[Row]:  # noqa: ANN401 - SQL parameters
    """Alarms, newest first; a filter not given lets everything through."""
    return await fetch_all(work.connection, _SQL["search"], {**_NO_FILTER, **filters})


async def take(work: Work, alarm_id: int) -> bool:
    """Takes an open alarm that nobody has taken; whether it was taken now."""
    parameters = {"alarm_id": alarm_id, "taker": work.caller.name}
    return await execute(work.connection, _SQL["take"], parameters) == 1
