"""HTTP: the idle list."""

from typing import Annotated

from fastapi import APIRouter, Query

from diagnostics.idle import service
from diagnostics.idle.schemas import IdlePage, IdleQuery, MoneyAnswer, MoneyQuery
from diagnostics.paging import PageLinks
from diagnostics.security import IdleReader
from diagnostics.work import Entrance

router = APIRouter(tags=["idle"])


@router.get("/idle", summary="Devices proven unused, longest first")
async def list_idle(
    query: Annotated[IdleQuery, Query()], caller: IdleReader, door: Entrance, links: PageLinks
) -> IdlePage:
    """Each with reason, days and rent since its last use; with denominators: how many there are, can report, and did.

    A proposal to a person, never an automatic withdrawal. A silent device is unknown, not unused.
    """
    async with door.open(caller) as work:
        page = await service.list_idle(work, query)
    links.to_next(page.next_cursor)
    return page


@router.get("/idle/money", summary="What unused devices cost and what their return would save")
async def show_money(query: Annotated[MoneyQuery, Query()], caller: IdleReader, door: Entrance) -> MoneyAnswer:
    """By payer, municipality, class, prescriber unit or depot, each beside its denominators."""
    async with door.open(caller) as work:
        return await service.money(work, query)
