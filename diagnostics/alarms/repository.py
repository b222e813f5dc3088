"""Reads and takes alarms for the API; what the caller may not see, the database does not give."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from psycopg.sql import SQL, Composable
from psycopg.types.json import Jsonb

from diagnostics.queries import Row, execute, fetch_all, formatted, room
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


_FEW: Final = 3
_SEVERITY: Final = SQL("array_position(ARRAY['critical', 'high', 'warning', 'info'], a.severity)")
_WAITED: Final = SQL("a.raised_at, a.alarm_id")
ORDERS: Final[Mapping[str, Composable]] = MappingProxyType(
    {
        "newest": SQL("a.alarm_id DESC"),
        "waiting": SQL("a.taken_at IS NOT NULL, {waited}").format(waited=_WAITED),
        "urgent": SQL("a.taken_at IS NOT NULL, NOT a.safety, {severity}, {waited}").format(
            severity=_SEVERITY, waited=_WAITED
        ),
    }
)
"""In which order alarms are read: what a page shows is cut off at its end, so the order decides what is seen."""
_OF_PAYERS: Final = SQL(
    "(SELECT y.* FROM device m CROSS JOIN LATERAL (SELECT * FROM alarm z WHERE z.device_no = m.device_no OFFSET 0) y"
    " WHERE m.payer_id = ANY (%(payers)s::integer[]))"
)


async def search(work: Work, order: str = "newest", **filters: Any) -> list[Row]:  # noqa: ANN401 - SQL parameters
    """Alarms in one of ORDERS; a filter not given lets everything through.

    Row security decides what is seen either way; only where the looking begins differs. Among all alarms that ever were
    those of one municipality are few and far between: theirs are found through its devices.
    """
    asked, payers = {**_NO_FILTER, **filters}, work.caller.scope.payers
    alone = asked["alarm_id"] is None and asked["device_no"] is None and asked["device_id"] is None
    few = asked["all"] and alone and payers is not None and len(payers) <= _FEW
    alarms = _OF_PAYERS if few else SQL("alarm")
    found = {**asked, "payers": sorted(payers or ())}
    return await fetch_all(work.connection, formatted(_SQL["search"], alarms=alarms, order=ORDERS[order]), found)


async def count_open(work: Work) -> int:
    """How many alarms are open, of all that the caller may see."""
    rows = await fetch_all(work.connection, _SQL["count_open"])
    return int(rows[0]["alarms"])


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


async def held_among(work: Work, devices: list[str]) -> set[str]:
    """Ids of those of some devices that are under an incident hold, as far as the caller may see them."""
    rows = await fetch_all(work.connection, _SQL["held_among"], {"devices": devices}) if devices else []
    return {row["device_id"] for row in rows}


async def precision(work: Work, start: datetime, end: datetime) -> list[Row]:
    """What was raised in a period and what people said of it, per class and rule."""
    return await fetch_all(work.connection, _SQL["precision"], {"start": start, "end": end})
