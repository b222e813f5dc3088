"""Puts a device's timeline together, a page at a time, newest first; callable without HTTP.

Readings are told a Swedish day at a time. How many readings and events a page looks at is bounded: those of WINDOW_DAYS
days back from the newest. There (at its horizon) the page ends, rather than showing older things as if no readings or
events lay between; the next one begins there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from diagnostics.devices import repository as devices
from diagnostics.paging import DevicePage, bad_cursor, cut, decode_cursor, encode_cursor
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.timeline import repository
from diagnostics.timeline.repository import Place
from diagnostics.timeline.schemas import Entry, EntryKind, TimelineQuery
from diagnostics.timeline.words import told
from diagnostics.work import Work
from fleet.clock import STOCKHOLM, local_day
from fleet.plumbing.store.tables import audience_metrics, reading_view
from fleet.profile import DeviceProfile
from fleet.signals import Audience

WINDOW_DAYS: Final = 14
CLOCKS_AGREE: Final = timedelta(minutes=1)
_AHEAD: Final = timedelta(minutes=10)  # devices may be so far ahead and still be believed (fleet.clock)
_LAST: Final = "~"  # sorts behind every kind and id


async def show(work: Work, device_id: str, query: TimelineQuery) -> DevicePage[Entry]:
    """A page of a device's timeline.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await devices.identity(work, device_id)
    profile = work.registry.by_name.get(device["device_class"])
    after = decode_cursor(query.cursor, tuple[datetime, str, str])
    if after is not None and (after[0].tzinfo is None or not 1970 <= after[0].year <= 2199):
        raise bad_cursor()
    place: Place = after or ((query.before or work.now + _AHEAD), _LAST, _LAST)
    kinds = frozenset(query.kind or EntryKind)
    sources = [kind for kind in repository.SOURCES if kind in kinds]
    views = _views(work, device, profile, kinds)
    # A day's readings stand where the last of them does, so the place's own day counts; a horizon is a midnight.
    until = place[0] if after is not None and not place[1] else _midnight(place[0], 1)
    newest = await repository.newest(work, device["device_no"], views, until) if views else None
    horizon = None if newest is None else _midnight(newest, 1 - WINDOW_DAYS)
    rows: list[Mapping[str, Any]] = []
    page = repository.parameters(device["device_no"], place, horizon or place[0], query.limit + 1)
    rows += await repository.entries(work, sources, page)
    if EntryKind.READINGS in kinds and profile is not None and horizon is not None:
        rows += await _reading_days(work, device, profile, place, (_as_far_as_shown(rows, query.limit, horizon), until))
    await work.record("timeline.read", device["device_no"], before=place[0], kinds=sorted(kinds))
    shown, cursor = _page(rows, query.limit, horizon)
    return DevicePage(held=device["held"], items=[_entry(row, profile) for row in shown], next_cursor=cursor)


def _page(
    rows: Sequence[Mapping[str, Any]], limit: int, horizon: datetime | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """The page and its cursor; where the horizon is reached first, the next page begins there."""
    within = [row for row in rows if horizon is None or row["at"] >= horizon]
    ordered = sorted(within, key=_place, reverse=True)
    page, cursor = cut(ordered, limit, _place)
    if cursor is None and horizon is not None:
        return page, encode_cursor((horizon, "", ""))
    return page, cursor


def _as_far_as_shown(rows: Sequence[Mapping[str, Any]], limit: int, horizon: datetime) -> datetime:
    """From when on days of readings can stand on the page: beyond what fills it already nothing is counted."""
    if len(rows) <= limit:
        return horizon
    return max(horizon, _midnight(sorted((row["at"] for row in rows), reverse=True)[limit], 0))


def _views(work: Work, device: Row, profile: DeviceProfile | None, kinds: frozenset[EntryKind]) -> list[str]:
    """The views whose rows bound a page."""
    views = [repository.EVENTS] if EntryKind.EVENT in kinds else []
    if EntryKind.READINGS in kinds and profile is not None:
        views += [reading_view(device["device_class"], audience) for audience in _audiences(work, profile)]
    return views


def _audiences(work: Work, profile: DeviceProfile) -> list[Audience]:
    return [audience for audience in audience_metrics(profile) if audience in work.caller.audiences]


async def _reading_days(
    work: Work, device: Row, profile: DeviceProfile, place: Place, period: tuple[datetime, datetime]
) -> list[Mapping[str, Any]]:
    """The days of [from, to) with readings that stand before a place, as entries."""
    return [
        entry
        for audience in _audiences(work, profile)
        for row in await repository.reading_days(work, device, audience, period)
        if _place(entry := _day_entry(row, audience)) < place
    ]


def _day_entry(row: Mapping[str, Any], audience: str) -> Mapping[str, Any]:
    return {
        "at": row["at"],
        "happened_at": row["at"],
        "known_at": row["known_at"],
        "kind": EntryKind.READINGS.value,
        "id": f"{row['local_day']}-{audience}",
        "data": {
            "local_day": row["local_day"].isoformat(),
            "audience": audience,
            "readings": row["readings"],
            "first_at": row["first_at"].isoformat(),
            "last_at": row["at"].isoformat(),
        },
    }


def _entry(row: Mapping[str, Any], profile: DeviceProfile | None) -> Entry:
    kind = EntryKind(row["kind"])
    title, detail = told(kind, row["data"], profile)
    happened, known = row["happened_at"], row["known_at"]
    late = happened is not None and known is not None and abs(known - happened) > CLOCKS_AGREE
    return Entry(
        at=row["at"],
        happened_at=happened,
        known_at=known,
        clocks_differ=late or bool(row["data"].get("clock_corrected")),
        kind=kind,
        entry_id=row["id"],
        title=BilingualText.of(title),
        detail=None if detail is None else BilingualText.of(detail),
        data=row["data"],
    )


def _place(row: Mapping[str, Any]) -> Place:
    return row["at"], row["kind"], row["id"]


def _midnight(moment: datetime, days: int) -> datetime:
    """The Swedish midnight that begins the day so many days after a moment's."""
    return datetime.combine(local_day(moment) + timedelta(days=days), time(), STOCKHOLM)
