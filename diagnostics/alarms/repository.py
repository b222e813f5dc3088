"""Reads and takes alarms for the API; what the caller may not see, the database does not give."""

from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

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


async def take(work: Work, alarm_id: int, plan: str) -> bool:
    """Takes an open alarm that nobody has taken, or that was offered to the caller; whether it was taken now."""
    parameters = {"alarm_id": alarm_id, "taker": work.caller.name, "plan": plan}
    return await execute(work.connection, _SQL["take"], parameters) == 1


async def offer(work: Work, alarm_id: int, to: str) -> bool:
    """Offers an alarm that the caller has taken to somebody else by name; whether it was theirs to offer."""
    parameters = {"alarm_id": alarm_id, "taker": work.caller.name, "to": to}
    return await execute(work.connection, _SQL["offer"], parameters) == 1


async def give_back(work: Work, alarm_id: int) -> bool:
    """Makes an alarm that the caller has taken nobody's again; whether it was theirs."""
    parameters = {"alarm_id": alarm_id, "taker": work.caller.name}
    return await execute(work.connection, _SQL["give_back"], parameters) == 1


async def close(work: Work, alarm_id: int, why: str, verdict: str) -> bool:
    """Ends an open alarm with what the caller says it was; whether it was open."""
    parameters = {"alarm_id": alarm_id, "why": why, "verdict": verdict, "by": work.caller.name}
    return await execute(work.connection, _SQL["close"], parameters) == 1


async def judge_it(work: Work, alarm_id: int, verdict: str) -> bool:
    """Says what an alarm that is over was; whether it is over."""
    parameters = {"alarm_id": alarm_id, "verdict": verdict, "by": work.caller.name}
    return await execute(work.connection, _SQL["judge_it"], parameters) == 1


async def write(work: Work, alarm_id: int, kind: str, note: str = "", **detail: Any) -> None:  # noqa: ANN401 - JSON
    """Adds a line to an alarm's journal, in the caller's name."""
    entry = {
        "alarm_id": alarm_id,
        "kind": kind,
        "actor": work.caller.name,
        "care_unit": work.caller.care_unit,
        "note": note,
        "late": False,
        "detail": Jsonb(detail),
    }
    await execute(work.connection, _SQL["write"], entry)


async def journal(work: Work, alarm_id: int) -> list[Row]:
    """An alarm's journal, oldest line first."""
    return await fetch_all(work.connection, _SQL["journal"], {"alarm_id": alarm_id})


async def children(work: Work, alarm_id: int) -> list[Row]:
    """Open alarms that are told through an area alarm, as far as the caller may see them."""
    return await fetch_all(work.connection, _SQL["children"], {"alarm_id": alarm_id})


async def precision(work: Work, start: datetime, end: datetime) -> list[Row]:
    """What was raised in a period and what people said of it, per class and rule."""
    return await fetch_all(work.connection, _SQL["precision"], {"start": start, "end": end})
