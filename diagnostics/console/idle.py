"""The idle list and its money as pages: what is proven unused, what it costs, and of how many that is known."""

from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, filters
from diagnostics.console.gate import with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.idle import service
from diagnostics.idle.schemas import Grouping, IdleQuery, MoneyQuery
from diagnostics.lists.payer_list import PayerListQuery, read_payer_list
from diagnostics.lists.sending import send
from diagnostics.payers import service as payers
from diagnostics.payers.schemas import CheckQuery
from diagnostics.rights import Right
from diagnostics.work import Door

FILTERS: Final = ("class", "payer", "verdict", "step", "opinion")
MOST_GROUPS: Final = 200
"""More are not read on a page; the sum is of all, and the page says how many there are."""


async def show_idle(request: Request) -> Response:
    """The list; its filters stand in the address, so that it can be mailed."""
    query = checked(IdleQuery, {**filters(request, (*FILTERS, "cursor")), "limit": 50})
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_IDLE)) as work:
        found = await service.list_idle(work, query)
        classes = {profile.name: profile.title for profile in work.registry}
    return page(request, "idle.html", idle=found, classes=classes)


async def show_money(request: Request) -> Response:
    """What proven non-use costs by payer, municipality, class, unit or depot, each figure beside its denominators."""
    query = checked(MoneyQuery, {**filters(request, ["by"]), "limit": MOST_GROUPS})
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_IDLE)) as work:
        found = await service.money(work, query)
    groupings: tuple[Any, ...] = get_args(Grouping)
    return page(request, "money.html", money=found, groupings=groupings)


async def show_payers(request: Request) -> Response:
    """Loans whose payer or legal frame is not that of the prescriber's organisation."""
    query = checked(CheckQuery, {**filters(request, ("class", "cursor")), "limit": 50})
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        found = await payers.list_disagreements(work, query)
    return page(request, "payers.html", found=found)


async def export_payers(request: Request) -> Response:
    """The payer check as an Excel workbook or a CSV; nothing in it is a formula."""
    query = checked(PayerListQuery, filters(request, ("class", "format")))
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        made = await read_payer_list(work, query)
    return await send(made, progress=False)
