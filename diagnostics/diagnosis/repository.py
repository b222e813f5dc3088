"""Gathers the evidence of one device; what the caller may not see is not given, and so stays not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL

from diagnostics.diagnosis.by_day import Part, heard_days, whole
from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.rolled import Rolled, rolled
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.diagnosis.learning import CauseCount
from fleet.plumbing.store.tables import reading_view
from fleet.profile import DeviceProfile
from fleet.signals import Audience
from fleet.usage import UsageDefinition

_SQL: Final = room(__file__)
RESTARTS_BACK: Final = timedelta(days=15)
"""Further back than any sign looks for restarts: every reading of those days is read, as only readings tell them."""
_SAME_TIME: Final = timedelta(hours=2)
_FEW_NEIGHBOURS: Final = 5
"""With fewer, a share of the neighbours says nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """When the device was heard: its days, its new starts, and the share of readings whose clock was not believed.

    Starts and that share are of RESTARTS_BACK.
    """

    days: frozenset[date]
    restarts: tuple[datetime, ...]
    doubted: float | None


async def faults(work: Work, device_no: int) -> list[Row]:
    """Active faults and those that ended within thirty days."""
    audiences = sorted(work.caller.audiences)
    return await fetch_all(
        work.connection, _SQL["faults"], {**whole(work, device_no).parameters, "audiences": audiences}
    )


async def state(work: Work, device_no: int) -> Row | None:
    """When it was last heard and used; None where it never was."""
    return await fetch_one(work.connection, _SQL["state"], {"device_no": device_no})


async def hours(work: Work, device: Row) -> Rolled | None:
    """The hours of the thirty days that hourly values can stand for; None where there are none."""
    period = whole(work, device["device_no"])
    return await rolled(work, device, period.start, period.end)


async def events(work: Work, device_no: int) -> list[Row]:
    """Events of thirty days, newest first, of the audiences the caller has."""
    return await fetch_all(work.connection, _SQL["events"], whole(work, device_no).parameters)


async def heard(work: Work, profile: DeviceProfile, events_seen: list[Row], period: list[Part]) -> Heard:
    """When anything came; a boot that was there before the days looked at is no restart."""
    days, boots = {event["ts"].date() for event in events_seen}, list[Row]()
    lately = Part(period[0].device_no, max(period[0].start, work.now - RESTARTS_BACK), period[-1].end)
    for audience in map(Audience, sorted(work.caller.audiences & {metric.audience for metric in profile.metrics})):
        days |= await heard_days(work, profile, audience, period)
        statement = formatted(_SQL["boots"], view=reading_view(profile.name, audience))
        boots += await fetch_all(work.connection, statement, lately.parameters)
    began: dict[int, datetime] = {}
    for boot, moment in [(r["boot"], r["began"]) for r in boots] + [(e["boot"], e["ts"]) for e in events_seen]:
        began[boot] = min(moment, began.get(boot, moment))
    first = min(began, default=None)
    read = sum(row["readings"] for row in boots)
    return Heard(
        days=frozenset(days),
        restarts=tuple(sorted(moment for boot, moment in began.items() if boot != first)),
        doubted=sum(row["doubted"] for row in boots) / read if read else None,
    )


async def answer(work: Work, device_no: int, name: str) -> tuple[Mapping[str, Any], datetime] | None:
    """The latest successful answer to a command; None where there is none."""
    row = await fetch_one(work.connection, _SQL["answer"], {"device_no": device_no, "name": name})
    return (row["result"], row["answered_at"]) if row and isinstance(row["result"], Mapping) else None


async def days_since_control(work: Work, device_no: int) -> float | None:
    """Days since the device was last checked against a known measure; None where nobody has noted that it ever was."""
    row = await fetch_one(work.connection, _SQL["checked"], {"device_no": device_no})
    done: date | None = None if row is None else row["done_on"]
    return None if done is None else float((local_day(work.now) - done).days)


async def same_days_elsewhere(work: Work, device_no: int, usage: UsageDefinition) -> float | None:
    """On how many of the last fourteen days the borrower used another device of the class too; None: not known."""
    asked = {
        "device_no": device_no,
        "since": local_day(work.now) - timedelta(days=14),
        "measures": [clause.measure for clause in usage.used_when],
        "amounts": [clause.amount for clause in usage.used_when],
    }
    row = await fetch_one(work.connection, _SQL["same_days"], asked)
    return None if row is None or row["days"] is None else float(row["days"])


async def silent_nearby(work: Work, device_no: int, last_seen: datetime) -> float | None:
    """The share of neighbours that fell silent within the same two hours; None where there are too few."""
    parameters = {"device_no": device_no, "since": last_seen - _SAME_TIME, "until": last_seen + _SAME_TIME}
    row = await fetch_one(work.connection, _SQL["silent_nearby"], parameters)
    return _share(row, "silent")


async def mains_nearby(work: Work, device_no: int, codes: list[str], raised: datetime) -> float | None:
    """The share of neighbours that lost mains within the same two hours; None where there are too few."""
    parameters = {
        "device_no": device_no,
        "codes": codes,
        "since": raised - _SAME_TIME,
        "until": raised + _SAME_TIME,
        "day_ago": work.now - timedelta(days=1),
    }
    return _share(await fetch_one(work.connection, _SQL["mains_nearby"], parameters), "without")


_FEW_PAYERS: Final = 3
_OF_PAYERS: Final = SQL(
    "(SELECT y.* FROM device m CROSS JOIN LATERAL (SELECT * FROM work_order z WHERE z.device_no = m.device_no OFFSET 0)"
    " y WHERE m.payer_id = ANY (%(payers)s::integer[]))"
)


async def outcomes(work: Work, device_class: str) -> list[CauseCount]:
    """What the latest finished work orders found, as far as the caller sees them.

    Row security decides what is seen either way: those of a few payers are found through their devices.
    """
    payers = work.caller.scope.payers
    few = payers is not None and len(payers) <= _FEW_PAYERS
    statement = formatted(_SQL["outcomes"], orders=_OF_PAYERS if few else SQL("work_order"))
    asked = {"device_class": device_class, "payers": sorted(payers or ())}
    rows = await fetch_all(work.connection, statement, asked)
    return [CauseCount(row["cause"], row["times"]) for row in rows]


def _share(row: Row | None, part: str) -> float | None:
    if row is None or row["heard"] < _FEW_NEIGHBOURS:
        return None
    return float(row[part]) / float(row["heard"])
