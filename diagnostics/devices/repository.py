"""Reads devices, their readings and events; what the caller may not see, the database does not give."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed

from diagnostics.devices.wanted import AFTER, ANYWHERE, Wanted, contains, has_run, of_payers, readings_of
from diagnostics.problems import not_found
from diagnostics.queries import Row, fetch_all, fetch_by_key, fetch_one, formatted, room
from diagnostics.rolled import Rolled, hourly_view, kept, plain
from diagnostics.verdicts import JUDGED
from diagnostics.work import Work
from fleet.plumbing.store.tables import reading_view
from fleet.signals import Audience, Kind, Metric
from fleet.text import Text

_SQL: Final = room(__file__)
_RARE: Final = 1000
_THESE: Final = SQL("d.device_no = ANY (%(these)s::integer[])")
THE_DEVICE: Final = Text("Hjälpmedlet", "The device")


async def identity(work: Work, device_id: str) -> Row:
    """Who a device is: numbers, class, model, when it was enrolled and lent, and whether it is held.

    Raises:
        Problem: no such device in the caller's scope.
    """
    return found(await (await ask_identity(work, device_id)).fetchone())


async def ask_identity(work: Work, device_id: str) -> AsyncCursor[Row]:
    """The question of `identity`, for who has more to ask in the same message."""
    cursor = work.connection.cursor(row_factory=dict_row)
    return await cursor.execute(_SQL["identity"], {"device_id": device_id})


def found(row: Row | None) -> Row:
    """The device's row.

    Raises:
        Problem: there is none in the caller's scope.
    """
    if row is None:
        raise not_found(THE_DEVICE)
    return row


async def search(work: Work, wanted: Wanted, after: str | None, limit: int) -> list[Row]:
    """Devices in the order of their individual numbers, at most `limit`, that come after a number."""
    conditions, parameters = wanted.conditions()
    payers = work.caller.scope.payers
    if payers is not None:
        conditions, parameters = [*conditions, of_payers(len(payers))], {**parameters, "payers": sorted(payers)}
    if wanted.text is not None:
        conditions, parameters = await _meant(work, wanted.text, conditions, parameters)
        if not conditions:
            return []
    if after is not None:
        conditions, parameters = [*conditions, AFTER], {**parameters, "after": after}
    statement = formatted(_SQL["search"], judged=JUDGED, conditions=_all_of(conditions))
    return await fetch_all(work.connection, statement, {**parameters, "limit": limit})


async def _meant(
    work: Work, text: str, conditions: list[SQL], parameters: dict[str, Any]
) -> tuple[list[SQL], dict[str, Any]]:
    """What a text is most probably: the first of its readings that finds anything; no conditions where none does."""
    named = await fetch_one(work.connection, _SQL["models_named"], {"like": contains(text)})
    units = await fetch_one(work.connection, _SQL["units_named"], {"code": text, "like": contains(text)})
    readings = readings_of(text, named["models"] if named else None, units["units"] if units else None)
    for condition, own in readings:
        found = [*conditions, condition], {**parameters, **own}
        statement = formatted(_SQL["any_chosen"], conditions=_all_of(found[0]))
        if (row := await fetch_one(work.connection, statement, found[1])) and row["found"]:
            return found
    if not has_run(text):
        return [*conditions, ANYWHERE], {**parameters, "like": contains(text)}
    everywhere = {"like": contains(text), "most": _RARE + 1}
    rows = await fetch_all(work.connection, _SQL["with_text"], everywhere)
    if len(rows) > _RARE:
        return [*conditions, ANYWHERE], {**parameters, **everywhere}
    return ([*conditions, _THESE] if rows else []), {**parameters, "these": [row["device_no"] for row in rows]}


def _all_of(conditions: Iterable[SQL]) -> Composed:
    return SQL(" AND ").join([SQL("true"), *conditions])


async def one(work: Work, device_id: str) -> Row:
    """Everything kept of one device's present.

    Raises:
        Problem: no such device in the caller's scope.
    """
    statement = formatted(_SQL["one"], judged=JUDGED)
    row = await fetch_by_key(work.connection, statement, {"device_id": device_id})
    if row is None:
        raise not_found(THE_DEVICE)
    return row


async def known_at(
    work: Work, device: Row, audience: Audience, moments: Iterable[datetime]
) -> dict[datetime, datetime]:
    """When the platform got to know what happened at these moments."""
    statement = formatted(_SQL["known_at"], view=reading_view(device["device_class"], audience))
    rows = await fetch_all(
        work.connection, statement, {"device_no": device["device_no"], "moments": sorted(set(moments))}
    )
    return {row["ts"]: row["received_at"] for row in rows}


async def more_than(work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], points: int) -> bool:
    """Whether a metric has more than so many readings in [from, to)."""
    parameters = {"device_no": device["device_no"], "start": period[0], "end": period[1], "points": points}
    row = await fetch_one(work.connection, _of_metric(_SQL["more_than"], device, metric), parameters)
    return row is not None and bool(row["many"])


async def readings(work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], limit: int) -> list[Row]:
    """The readings of a metric in [from, to), oldest first, at most `limit`."""
    parameters = {"device_no": device["device_no"], "start": period[0], "end": period[1], "limit": limit}
    return await fetch_all(work.connection, _of_metric(_SQL["readings"], device, metric), parameters)


async def buckets(
    work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], seconds: int
) -> list[Row]:
    """Least, mean and greatest value for each stretch of `seconds` that has readings."""
    statement = _SQL["buckets" if metric.kind is Kind.NUMBER else "whole_buckets"]
    parameters = {"device_no": device["device_no"], "start": period[0], "end": period[1], "seconds": seconds}
    return await fetch_all(work.connection, _of_metric(statement, device, metric), parameters)


async def long_buckets(  # noqa: PLR0913, PLR0917 - what is drawn together, and from what
    work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], seconds: int, hours: Rolled
) -> list[Row]:
    """The same of stretches of whole hours, of which those in `hours` are taken as they are rolled up."""
    told = kept(metric)
    statement = formatted(
        _SQL["long_buckets"],
        view=reading_view(device["device_class"], metric.audience),
        hourly=hourly_view(device["device_class"], metric.audience),
        column=metric.column,
        value=plain(metric),
        digits=SQL("real" if metric.kind is Kind.NUMBER else "float8"),
        low=told["min"],
        total=told["sum"],
        high=told["max"],
        count=told["count"],
    )
    parameters = {
        "device_no": device["device_no"],
        "seconds": seconds,
        "start": period[0],
        "end": period[1],
        "head": hours.head,
        "tail": hours.tail,
    }
    return await fetch_all(work.connection, statement, parameters)


async def events(work: Work, filters: dict[str, Any]) -> list[Row]:
    """Events of a device, newest first; `filters` has every parameter of the query."""
    return await fetch_all(work.connection, _SQL["events"], filters)


def _of_metric(statement: SQL, device: Row, metric: Metric) -> Any:  # noqa: ANN401 - psycopg's Composed
    return formatted(statement, view=reading_view(device["device_class"], metric.audience), column=metric.column)
