"""Decides what is shown of how alarms reach people."""

from datetime import timedelta
from typing import Any, Final

from diagnostics.problems import not_found
from diagnostics.queries import Row, fetch_all, fetch_one, room
from diagnostics.reach.schemas import (
    CallItem,
    CallList,
    Percentiles,
    PeriodQuery,
    ReachFigures,
    ReachRow,
    StepShare,
)
from diagnostics.work import Work
from fleet.text import Text

_SQL: Final = room(__file__)
_THE_ALARM: Final = Text("Larmet", "The alarm")
_MONTH: Final = timedelta(days=30)


async def reach_figures(work: Work, query: PeriodQuery) -> ReachFigures:
    """The figures of what the caller sees."""
    end = query.end or work.now
    period = {"start": query.start or end - _MONTH, "end": end}
    rows = [_row(row) for row in await fetch_all(work.connection, _SQL["figures"], period)]
    steps = await fetch_all(work.connection, _SQL["steps"], period)
    of = sum(row["taken"] for row in steps)
    await work.record("alarms.figures")
    return ReachFigures(
        **period,
        overall=rows[0],
        rows=rows[1:],
        steps=[StepShare(step=row["step"], taken=row["taken"], of=of) for row in steps],
    )


async def calls_of(work: Work, alarm_id: int) -> CallList:
    """Who was called about an alarm, in order.

    Raises:
        Problem: no such alarm in the caller's scope.
    """
    alarm = await fetch_one(work.connection, _SQL["alarm"], {"alarm_id": alarm_id})
    if alarm is None:
        raise not_found(_THE_ALARM)
    rows = await fetch_all(work.connection, _SQL["calls"], {"alarm_id": alarm_id})
    await work.record("alarm.calls", alarm["device_no"], alarm_id=alarm_id)
    return CallList(alarm_id=alarm_id, calls=[CallItem(**row) for row in rows])


def _row(row: Row) -> ReachRow:
    judged = row["judged_true"] + row["judged_false"]
    times: dict[str, Any] = {name: _percentiles(row[name]) for name in ("to_sent", "to_delivered", "to_taken")}
    counts = {name: row[name] for name in ReachRow.model_fields if name in row and name not in times}
    return ReachRow(**counts, **times, precision=round(row["judged_true"] / judged, 3) if judged else None)


def _percentiles(values: list[float] | None) -> Percentiles:
    p50, p95, p99 = (round(value, 3) for value in values) if values else (None, None, None)
    return Percentiles(p50=p50, p95=p95, p99=p99)
