"""Hourly values in the place of readings, for what looks far back: which hours of a period they can stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Composable, Identifier

from diagnostics.queries import fetch_one, room
from diagnostics.work import Work
from fleet.plumbing.store.keeping.tables import Span, roll_up_view
from fleet.signals import Audience, Kind, Metric

_SQL: Final = room(__file__)
_HOUR: Final = timedelta(hours=1)
FRESH: Final = timedelta(days=2)
"""So long back everything is read from the readings themselves: what comes late comes mostly within it."""
STANDS_STILL: Final = timedelta(hours=3)
"""Roll-ups that lag so far stand still (docs/operations.md warns then): what came late since is in readings only."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Hours [head, tail) of which hourly values stand for the readings, and up to when what had come in is in them."""

    head: datetime
    tail: datetime
    counted_at: datetime

    def parts(self, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
        """What of [start, end) lies before and after those hours, for the readings themselves."""
        return (start, self.head), (self.tail, end)


async def rolled(work: Work, device: Mapping[str, Any], start: datetime, end: datetime) -> Rolled | None:
    """The hours of a period of one device that hourly values can stand for; None where it is too short, or none are.

    None, too, where roll-ups stand still. An hour into which the loan began is not seen as a whole, so that those
    before and in it are left to the readings.

    Args:
        work: the request's.
        device: with `device_class` and `loan_started_at`.
        start: aware.
        end: aware; exclusive.
    """
    row = await fetch_one(work.connection, _SQL["rolled_up"], {"device_class": device["device_class"]})
    if row is None or work.now - row["received_until"] > STANDS_STILL:
        return None
    begun = device["loan_started_at"]
    head = _next_hour(start if row["whole_life"] or begun is None else max(start, begun))
    tail = min(row["hours_until"], _next_hour(min(end, work.now - FRESH) - _HOUR))
    return Rolled(head, tail, row["received_until"]) if head < tail else None


def hourly_view(device_class: str, audience: Audience) -> Identifier:
    """The view of hourly values of a class for an audience."""
    return Identifier(roll_up_view(Span.HOURLY, device_class, audience))


def kept(metric: Metric) -> dict[str, Composable]:
    """Lowest, highest, sum, how many and latest of a metric in an hourly value, as numbers; of a flag as 0 and 1."""
    column: dict[str, Composable] = {
        name: Identifier(f"{metric.column}__{name}") for name in ("count", "sum", "min", "max", "last")
    }
    if metric.kind is not Kind.FLAG:
        return column
    always = SQL("({} >= {})::integer").format(column["sum"], column["count"])
    ever = SQL("({} > 0)::integer").format(column["sum"])
    return {**column, "min": always, "max": ever, "last": SQL("{}::integer").format(column["last"])}


def plain(metric: Metric) -> Composable:
    """A metric in a reading, as a number; a flag as 0 and 1."""
    column = Identifier(metric.column)
    return column if metric.kind is Kind.NUMBER else SQL("{}::integer").format(column)


def _next_hour(moment: datetime) -> datetime:
    """The first full hour from a moment on."""
    floor = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return floor if floor == moment else floor + _HOUR
