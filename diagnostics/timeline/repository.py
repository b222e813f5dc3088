"""Reads what stands in a timeline, newest first, one page's worth at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Composed

from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.work import Work
from fleet.plumbing.store.tables import reading_view
from fleet.signals import Audience

_SQL: Final = room(__file__)
# As `merged` in queries.sql: the keyset condition once more inside each kind, so that no kind reads more than a page.
_SOURCE: Final = SQL(
    "(SELECT * FROM ({source}) s WHERE (at, kind, id) < (%(after_at)s, %(after_kind)s, %(after_id)s)"
    " ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s)"
)
SOURCES: Final = ("event", "fault", "command", "alarm", "software", "loan", "order", "service")

Place = tuple[datetime, str, str]


async def entries(work: Work, device_no: int, kinds: Sequence[str], after: Place, limit: int) -> list[Row]:
    """The newest entries of these kinds before a place; at most `limit`."""
    if not kinds:
        return []
    return await fetch_all(work.connection, merged(kinds), parameters(device_no, after, limit))


def merged(kinds: Sequence[str]) -> Composed:
    """The statement for some kinds of entries."""
    sources = [formatted(_SOURCE, source=_SQL[kind]) for kind in kinds]
    return formatted(_SQL["merged"], sources=SQL(" UNION ALL ").join(sources))


def parameters(device_no: int, after: Place, limit: int) -> dict[str, Any]:
    """The parameters of `merged`."""
    at, kind, entry_id = after
    return {
        "device_no": device_no,
        "until": at,
        "after_at": at,
        "after_kind": kind,
        "after_id": entry_id,
        "limit": limit,
    }


async def newest_reading(work: Work, device: Row, audience: Audience, until: datetime) -> datetime | None:
    """When the newest reading before a moment was taken, of those that say something to an audience."""
    statement = formatted(_SQL["newest_reading"], view=reading_view(device["device_class"], audience))
    row = await fetch_one(work.connection, statement, {"device_no": device["device_no"], "until": until})
    return None if row is None else row["ts"]


async def reading_days(
    work: Work, device: Row, audience: Audience, period: tuple[datetime, datetime]
) -> list[Mapping[str, Any]]:
    """How many readings each Swedish day of [from, to) has, for an audience."""
    statement = formatted(_SQL["reading_days"], view=reading_view(device["device_class"], audience))
    found = {"device_no": device["device_no"], "start": period[0], "until": period[1]}
    return list(await fetch_all(work.connection, statement, found))
