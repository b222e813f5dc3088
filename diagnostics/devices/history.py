"""The past of one device: readings, drawn together where they are many, and events."""

import math
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from diagnostics.devices import repository
from diagnostics.devices.schemas import Bucket, EventItem, EventQuery, ReadingPoint, ReadingQuery, Readings
from diagnostics.paging import DevicePage, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.rolled import Rolled, rolled
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.signals import Metric
from fleet.text import Text

_DEFAULT_PERIOD: Final = timedelta(days=1)
_LONGEST_PERIOD: Final = timedelta(days=800)
# Stretches people recognise on an axis; longer ones are whole days.
_NICE_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_FORTNIGHT: Final = timedelta(days=14)
_HOUR: Final = 3600
_DAY: Final = 86_400
_LONG: Final = timedelta(days=14)
"""Beyond it, stretches of whole hours are drawn from hourly values; up to it every reading there is is drawn."""


async def readings(work: Work, device_id: str, query: ReadingQuery) -> Readings:
    """Readings of a metric: every one while they are at most `points`, else drawn together.

    Raises:
        Problem: no such device or metric in the caller's scope, or an impossible period.
    """
    device = await repository.identity(work, device_id)
    metric = _metric(work, device, query.metric)
    period = period_of(query.start, query.end, work.now)
    many = await repository.more_than(work, device, metric, period, query.points)
    rows = [] if many else await repository.readings(work, device, metric, period, query.points + 1)
    seconds = bucket_seconds(period[1] - period[0], query.points) if many else None
    hours = None
    if seconds is not None and seconds % _HOUR == 0 and period[1] - period[0] > _LONG:
        hours = await rolled(work, device, *period)
    await work.record("readings.read", device["device_no"], metric=metric.key, start=period[0], end=period[1])
    return Readings(
        device_id=device_id,
        held=device["held"],
        metric=metric.key,
        unit=metric.unit,
        start=period[0],
        end=period[1],
        downsampled=many,
        bucket_seconds=seconds,
        hourly_until=None if hours is None else hours.tail,
        counted_at=None if hours is None else hours.counted_at,
        points=[_point(row) for row in rows],
        buckets=[] if seconds is None else await _buckets(work, device, metric, period, seconds, hours),
    )


async def events(work: Work, device_id: str, query: EventQuery) -> DevicePage[EventItem]:
    """A page of a device's events, newest first.

    Raises:
        Problem: no such device in the caller's scope, or an impossible period.
    """
    device = await repository.identity(work, device_id)
    after = decode_cursor(query.cursor, tuple[datetime, int, int]) or (None, None, None)
    start, end = period_of(query.start, query.end, work.now)
    filters = {
        "device_no": device["device_no"],
        "start": start,
        "end": end,
        "event": query.event,
        "after_ts": after[0],
        "after_boot": after[1],
        "after_seq": after[2],
        "limit": query.limit + 1,
    }
    page, cursor = cut(await _newest(work, filters), query.limit, lambda row: (row["ts"], row["boot"], row["seq"]))
    await work.record("events.read", device["device_no"], start=start, end=end)
    return DevicePage(held=device["held"], items=[_event(work, device, row) for row in page], next_cursor=cursor)


async def _newest(work: Work, filters: dict[str, Any]) -> list[Row]:
    """The newest events, from a fortnight where it has enough of them: each week of a period costs a look into it."""
    lately = filters["end"] - _FORTNIGHT
    if filters["after_ts"] is None and lately > filters["start"]:
        found = await repository.events(work, {**filters, "start": lately})
        if len(found) == filters["limit"]:
            return found
    return await repository.events(work, filters)


def period_of(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The period asked for; until now, and a day long, where not said.

    Raises:
        Problem: it is empty or longer than the store keeps readings whole.
    """
    # Devices may be ten minutes ahead and still be believed (fleet.clock), so "until now" reaches that far.
    last = end or now + timedelta(minutes=10)
    first = start or last - _DEFAULT_PERIOD
    if not first < last <= first + _LONGEST_PERIOD:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "impossible_period",
            Text("Perioden går inte att visa", "The period cannot be shown"),
            Text(
                f"`from` ska ligga före `to`, med högst {_LONGEST_PERIOD.days} dagar emellan.",
                f"`from` must lie before `to`, with at most {_LONGEST_PERIOD.days} days between them.",
            ),
        )
    return first, last


def bucket_seconds(period: timedelta, points: int) -> int:
    """The length of a stretch so that a period has at most about `points` of them."""
    wanted = period.total_seconds() / points
    nice = next((seconds for seconds in _NICE_SECONDS if seconds >= wanted), None)
    return nice or math.ceil(wanted / _DAY) * _DAY


def _metric(work: Work, device: Row, key: str) -> Metric:
    profile = work.registry.by_name.get(device["device_class"])
    metric = profile.metrics_by_key.get(key) if profile else None
    if metric is None or metric.audience not in work.caller.audiences:
        raise not_found(Text("Mätvärdet för den här hjälpmedelstypen", "The metric of this device class"))
    return metric


def _point(row: Row) -> ReadingPoint:
    return ReadingPoint(at=row["ts"], known_at=row["received_at"], value=row["value"])


async def _buckets(  # noqa: PLR0913, PLR0917 - what is drawn together, and from what
    work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], seconds: int, hours: Rolled | None
) -> list[Bucket]:
    if hours is None:
        rows = await repository.buckets(work, device, metric, period, seconds)
    else:
        rows = await repository.long_buckets(work, device, metric, period, seconds, hours)
    return [
        Bucket(at=row["ts"], minimum=row["low"], average=row["mean"], maximum=row["high"], readings=row["readings"])
        for row in rows
    ]


def _event(work: Work, device: Row, row: Row) -> EventItem:
    profile = work.registry.by_name.get(device["device_class"])
    titles = {event.name: event.title for event in profile.all_events} if profile else {}
    title = titles.get(row["event"])
    return EventItem(
        at=row["ts"],
        known_at=row["received_at"],
        event=row["event"],
        title=None if title is None else BilingualText.of(title),
        audience=row["audience"],
        data=row["data"],
        clock_corrected=bool(row["clock_corrected"]),
    )
