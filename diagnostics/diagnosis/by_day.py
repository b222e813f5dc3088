"""A device's thirty days, metric by metric, from its readings and, of what lies further back, from hourly values."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Composable, Composed, Identifier

from diagnostics.queries import Row, fetch_all, room
from diagnostics.rolled import Rolled, hourly_view, kept, plain
from diagnostics.work import Work
from fleet.diagnosis.evidence import DayValues
from fleet.plumbing.store.tables import reading_view
from fleet.profile import DeviceProfile
from fleet.signals import Audience, Metric

_SQL: Final = room(__file__)
DAYS_BACK: Final = 30
_AHEAD: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the period of one device, told by readings or by hourly values."""

    device_no: int
    start: datetime
    end: datetime
    hourly: bool = False

    def view(self, device_class: str, audience: Audience) -> Identifier:
        """Where it is told."""
        if self.hourly:
            return hourly_view(device_class, audience)
        return Identifier(reading_view(device_class, audience))

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of every query of a part."""
        return {"device_no": self.device_no, "start": self.start, "end": self.end}


def whole(work: Work, device_no: int) -> Part:
    """The thirty days from their readings alone."""
    return Part(device_no, work.now - timedelta(days=DAYS_BACK), work.now + _AHEAD)


def parts(work: Work, device_no: int, hours: Rolled | None) -> list[Part]:
    """The thirty days in their order, the `hours` of them by their hourly values."""
    everything = whole(work, device_no)
    if hours is None:
        return [everything]
    before, after = hours.parts(everything.start, everything.end)
    found = [Part(device_no, *before), Part(device_no, hours.head, hours.tail, hourly=True), Part(device_no, *after)]
    return [part for part in found if part.start < part.end]


async def read_days(
    work: Work, profile: DeviceProfile, wanted: frozenset[str], period: list[Part]
) -> dict[str, tuple[DayValues, ...]]:
    """The wanted metrics day by day, of the audiences the caller has."""
    found: dict[str, dict[date, _Day]] = {}
    for audience in map(Audience, sorted(work.caller.audiences)):
        metrics = [metric for metric in profile.metrics if metric.key in wanted and metric.audience == audience]
        for part in period if metrics else ():
            statement = _SQL["rolled_days" if part.hourly else "days"].format(
                values=SQL(", ").join(value for metric in metrics for value in _values(metric, hourly=part.hourly)),
                view=part.view(profile.name, audience),
            )
            for row in await fetch_all(work.connection, statement, part.parameters):
                for metric in metrics:
                    _add(found.setdefault(metric.key, {}), row, metric)
    return {key: tuple(days[day].values(day) for day in sorted(days)) for key, days in found.items() if days}


async def heard_days(work: Work, profile: DeviceProfile, audience: Audience, period: list[Part]) -> set[date]:
    """The days on which anything of an audience was read."""
    found = set[date]()
    for part in period:
        statement = _SQL["rolled_heard_days" if part.hourly else "heard_days"].format(
            view=part.view(profile.name, audience)
        )
        found |= {row["day"] for row in await fetch_all(work.connection, statement, part.parameters)}
    return found


@dataclass(slots=True)
class _Day:
    low: float
    high: float
    total: float
    readings: int
    latest: float

    def values(self, day: date) -> DayValues:
        return DayValues(day, self.low, self.total / self.readings, self.high, self.latest)


def _add(days: dict[date, _Day], row: Row, metric: Metric) -> None:
    """A day that two parts share is put together from both; the later one has its latest value."""
    low, high, total, readings, latest = (row[f"{name}_{metric.column}"] for name in _NAMES)
    if not readings:
        return
    day = days.setdefault(row["day"], _Day(low, high, 0.0, 0, latest))
    day.low, day.high, day.latest = min(day.low, low), max(day.high, high), latest
    day.total += total
    day.readings += readings


_NAMES: Final = ("low", "high", "total", "readings", "latest")


def _values(metric: Metric, *, hourly: bool) -> Iterator[Composed]:
    """The columns of a day of one metric, named as `_add` reads them."""
    if hourly:
        of = kept(metric)
        made: tuple[Composable, ...] = (
            SQL("(min({0}) FILTER (WHERE {1} > 0))::float8").format(of["min"], of["count"]),
            SQL("(max({0}) FILTER (WHERE {1} > 0))::float8").format(of["max"], of["count"]),
            SQL("(sum({0}) FILTER (WHERE {1} > 0))::float8").format(of["sum"], of["count"]),
            SQL("sum({})::bigint").format(of["count"]),
            SQL("(last({0}, bucket) FILTER (WHERE {1} > 0))::float8").format(of["last"], of["count"]),
        )
    else:
        value = plain(metric)
        made = (
            SQL("min({})::float8").format(value),
            SQL("max({})::float8").format(value),
            SQL("sum({}::float8)").format(value),
            SQL("count({})").format(value),
            SQL("(last({0}, ts) FILTER (WHERE {0} IS NOT NULL))::float8").format(value),
        )
    return (
        SQL("{} AS {}").format(part, Identifier(f"{name}_{metric.column}"))
        for part, name in zip(made, _NAMES, strict=True)
    )
