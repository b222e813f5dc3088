"""HTTP: the quarantine. Small enough that service and repository are one function here."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from diagnostics.paging import Page, PageLinks, cut, decode_cursor
from diagnostics.quarantine.schemas import QuarantineItem, QuarantineQuery
from diagnostics.queries import fetch_all, room
from diagnostics.security import QuarantineReader
from diagnostics.work import Entrance, Work

router = APIRouter(tags=["quarantine"])
_SQL: Final = room(__file__)


@router.get("/quarantine", summary="Refused messages, newest first")
async def list_quarantine(
    query: Annotated[QuarantineQuery, Query()], caller: QuarantineReader, door: Entrance, links: PageLinks
) -> Page[QuarantineItem]:
    """What could not be stored, why, and what to do about it."""
    async with door.open(caller) as work:
        return links.to_next_of(await _page(work, query))


async def _page(work: Work, query: QuarantineQuery) -> Page[QuarantineItem]:
    after = decode_cursor(query.cursor, tuple[int])
    parameters = {
        "reason": query.reason,
        "device_id": query.device_id,
        "after": after[0] if after else None,
        "limit": query.limit + 1,
    }
    rows = await fetch_all(work.connection, _SQL["search"], parameters)
    page, cursor = cut(rows, query.limit, lambda row: (row["quarantine_id"],))
    await work.record("quarantine.read", devices=sorted({row["device_no"] for row in page if row["device_no"]}))
    return Page(items=[QuarantineItem(**row) for row in page], next_cursor=cursor)
