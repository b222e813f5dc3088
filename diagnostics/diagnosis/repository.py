"""Gathers the evidence of one device; what the caller may not see is not given, and so stays not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Composed, Identifier

from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.diagnosis.evidence import DayValues
from fleet.diagnosis.learning import CauseCount
from fleet.plumbing.store.tables import reading_view
from fleet.profile import DeviceProfile
from fleet.signals import Audience, Kind, Metric
from fleet.usage import UsageDefinition

_SQL: Final = room(__file__)
DAYS_BACK: Final = 30
_AHEAD: Final = timedelta(minutes=10)
_SAME_TIME: Final = timedelta(hours=2)
_FEW_NEIGHBOURS: Final = 5
"""With fewer, a share of the neighbours says nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """When the device was heard: its days, its new starts, and the share of readings whose clock was not believed."""

    days: frozenset[date]
    restarts: tuple[datetime, ...]
    doubted: float | None


def _period(work: Work, device_no: int) -> dict[str, Any]:
    return {"device_no": device_no, "start": work.now - timedelta(days=DAYS_BACK), "end": work.now + _AHEAD}


async def faults(work: Work, device_no: int) -> list[Row]:
    """Active faults and those that ended within thirty days."""
    audiences = sorted(work.caller.audiences)
    return await fetch_all(work.connection, _SQL["faults"], {**_period(work, device_no), "audiences": audiences})


async def state(work: Work, device_no: int) -> Row | None:
    """When it was last heard and used; None where it never was."""
    return await fetch_one(work.connection, _SQL["state"], {"device_no": device_no})


async def readings(
    work: Work, device_no: int, profile: DeviceProfile, wanted: frozenset[str]
) -> dict[str, tuple[DayValues, ...]]:
    """The wanted metrics day by day, of the audiences the caller has."""
    found: dict[str, list[DayValues]] = {}
    for audience in sorted(work.caller.audiences):
        metrics = [m for m in profile.metrics if m.key in wanted and m.audience == audience]
        if not metrics:
            continue
        statement = _SQL["days"].format(
            values=SQL(", ").join(part for metric in metrics for part in _of_day(metric)),
            view=Identifier(reading_view(profile.name, Audience(audience))),
        )
        for row in await fetch_all(work.connection, statement, _period(work, device_no)):
            for metric in metrics:
                low, mean, high, latest = (row[f"{part}_{metric.column}"] for part in ("low", "mean", "high", "latest"))
                if mean is not None:
                    found.setdefault(metric.key, []).append(DayValues(row["day"], low, mean, high, latest))
    return {key: tuple(days) for key, days in found.items()}


def _of_day(metric: Metric) -> list[Composed]:
    column: SQL | Composed = SQL("{}").format(Identifier(metric.column))
    if metric.kind is not Kind.NUMBER:
        column = SQL("{}::integer").format(Identifier(metric.column))
    parts = {"low": "min({})::float8", "mean": "avg({})::float8", "high": "max({})::float8"}
    made = [
        SQL("{} AS {}").format(SQL(text).format(column), Identifier(f"{name}_{metric.column}"))
        for name, text in parts.items()
    ]
    latest = SQL("(last({0}, ts) FILTER (WHERE {0} IS NOT NULL))::float8 AS {1}")
    return [*made, latest.format(column, Identifier(f"latest_{metric.column}"))]


async def events(work: Work, device_no: int) -> list[Row]:
    """Events of thirty days, newest first, of the audiences the caller has."""
    return await fetch_all(work.connection, _SQL["events"], _period(work, device_no))


async def heard(work: Work, device_no: int, profile: DeviceProfile, events_seen: list[Row]) -> Heard:
    """When anything came; a boot that was there before the thirty days is no restart."""
    rows: list[Row] = []
    audiences = {metric.audience for metric in profile.metrics}
    for audience in sorted(work.caller.audiences):
        if Audience(audience) in audiences:
            statement = formatted(_SQL["heard"], view=reading_view(profile.name, Audience(audience)))
            rows += await fetch_all(work.connection, statement, _period(work, device_no))
    began: dict[int, datetime] = {}
    for boot, moment in [(r["boot"], r["began"]) for r in rows] + [(e["boot"], e["ts"]) for e in events_seen]:
        began[boot] = min(moment, began.get(boot, moment))
    first = min(began, default=None)
    read = sum(row["readings"] for row in rows)
    return Heard(
        days=frozenset(row["day"] for row in rows) | frozenset(event["ts"].date() for event in events_seen),
        restarts=tuple(sorted(moment for boot, moment in began.items() if boot != first)),
        doubted=sum(row["doubted"] for row in rows) / read if read else None,
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


async def outcomes(work: Work, device_class: str) -> list[CauseCount]:
    """What finished work orders found, as far as the caller sees them."""
    rows = await fetch_all(work.connection, _SQL["outcomes"], {"device_class": device_class})
    return [CauseCount(row["cause"], row["times"]) for row in rows]


def _share(row: Row | None, part: str) -> float | None:
    if row is None or row["heard"] < _FEW_NEIGHBOURS:
        return None
    return float(row[part]) / float(row["heard"])
