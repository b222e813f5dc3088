"""The past of one device: readings, drawn together where they are many, and events."""

import math
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from diagnostics.devices import repository
from diagnostics.devices.schemas import Bucket, EventItem, EventQuery, ReadingPoint, ReadingQuery, Readings
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.signals import Metric
from fleet.text import Text

_DEFAULT_PERIOD: Final = timedelta(days=1)
_LONGEST_PERIOD: Final = timedelta(days=800)
# Stretches people recognise on an axis; longer ones are whole days.
_NICE_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_DAY: Final = 86_400


async def readings(work: Work, device_id: str, query: ReadingQuery) -> Readings:
    """Readings of a metric: every one while they are at most `points`, else drawn together.

    Raises:
        Problem: no such device or metric in the caller's scope, or an impossible period.
    """
    device = await repository.identity(work, device_id)
    metric = _metric(work, device, query.metric)
    period = period_of(query.start, query.end, work.now)
    rows = await repository.readings(work, device, metric, period, query.points + 1)
    many = len(rows) > query.points
    seconds = bucket_seconds(period[1] - period[0], query.points) if many else None
    await work.record("readings.read", device["device_no"], metric=metric.key, start=period[0], end=period[1])
    return Readings(
        device_id=device_id,
        metric=metric.key,
        unit=metric.unit,
        start=period[0],
        end=period[1],
        downsampled=many,
        bucket_seconds=seconds,
        points=[] if many else [_point(row) for row in rows],
        buckets=[] if seconds is None else await _buckets(work, device, metric, period, seconds),
    )


async def events(work: Work, device_id: str, query: EventQuery) -> Page[EventItem]:
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
    page, cursor = cut(
        await repository.events(work, filters), query.limit, lambda row: (row["ts"], row["boot"], row["seq"])
    )
    await work.record("events.read", device["device_no"], start=start, end=end)
    return Page(items=[_event(work, device, row) for row in page], next_cursor=cursor)


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


async def _buckets(
    work: Work, device: Row, metric: Metric, period: tuple[datetime, datetime], seconds: int
) -> list[Bucket]:
    rows = await repository.buckets(work, device, metric, period, seconds)
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
