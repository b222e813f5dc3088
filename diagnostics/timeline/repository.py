"""Reads what stands in a timeline, newest first, one page's worth at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Composed

from diagnostics.queries import Row, fetch_all, formatted, room
from diagnostics.work import Work
from fleet.plumbing.store.tables import reading_view
from fleet.signals import Audience

_SQL: Final = room(__file__)
# As `merged` in queries.sql: the keyset condition once more inside each kind, so that no kind reads more than a page.
_SOURCE: Final = SQL(
    "(SELECT * FROM ({source}) s WHERE (at, kind, id) < (%(after_at)s, %(after_kind)s, %(after_id)s)"
    " ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s)"
)
_LOOK_BACK: Final = (2, 6, 18, 54, 162, 486, 1458)
EVENTS: Final = "device_event_seen"
SOURCES: Final = ("event", "fault", "command", "alarm", "software", "loan", "order", "service", "hold")

Place = tuple[datetime, str, str]


async def entries(work: Work, kinds: Sequence[str], page: Mapping[str, Any]) -> list[Row]:
    """The newest entries of these kinds; `page` is as of `parameters`."""
    return await fetch_all(work.connection, merged(kinds), page) if kinds else []


def merged(kinds: Sequence[str]) -> Composed:
    """The statement for some kinds of entries."""
    sources = [formatted(_SOURCE, source=_SQL[kind]) for kind in kinds]
    return formatted(_SQL["merged"], sources=SQL(" UNION ALL ").join(sources))


def parameters(device_no: int, after: Place, since: datetime, limit: int) -> dict[str, Any]:
    """The parameters of `merged`: at most `limit` entries of each kind before a place; events only `since` a moment."""
    at, kind, entry_id = after
    return {
        "device_no": device_no,
        "until": at,
        "since": since,
        "after_at": at,
        "after_kind": kind,
        "after_id": entry_id,
        "limit": limit,
    }


async def newest(work: Work, device_no: int, views: Sequence[str], until: datetime) -> datetime | None:
    """When the newest row before a moment happened, in any of these views of readings and events.

    Looks back in growing steps: where much is told the first one has it, where little is told a long one has few rows.
    """
    for days in _LOOK_BACK:
        parameters = {"device_no": device_no, "since": until - timedelta(days=days), "until": until}
        statement = SQL(" UNION ALL ").join(formatted(_SQL["newest"], view=view) for view in views)
        rows = await fetch_all(work.connection, statement, parameters)
        found: list[datetime] = [row["ts"] for row in rows if row["ts"] is not None]
        if found:
            return max(found)
    return None


async def reading_days(
    work: Work, device: Row, audience: Audience, period: tuple[datetime, datetime]
) -> list[Mapping[str, Any]]:
    """How many readings each Swedish day of [from, to) has, for an audience."""
    statement = formatted(_SQL["reading_days"], view=reading_view(device["device_class"], audience))
    found = {"device_no": device["device_no"], "start": period[0], "until": period[1]}
    return list(await fetch_all(work.connection, statement, found))
