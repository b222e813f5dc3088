"""HTTP: draft work orders, work them, export them, and see what they have saved and taught."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response, status

from diagnostics.orders import export, service, settings
from diagnostics.orders.schemas import (
    CauseQuery,
    Causes,
    Drafted,
    ExportQuery,
    MeasureQuery,
    MeasuresItem,
    MoveRequest,
    Order,
    OrderItem,
    OrderQuery,
    OrderRequest,
    OutcomeRequest,
    SettingRequest,
    SettingsAnswer,
)
from diagnostics.paging import Page, PageLinks
from diagnostics.schemas import DeviceId, Word
from diagnostics.security import OrderReader, OrderWorker, WorkshopSetter
from diagnostics.work import Entrance
from fleet.orders import Action

router = APIRouter(tags=["orders"])
_Device = Annotated[DeviceId, Path()]
_Order = Annotated[int, Path(ge=1, le=2**62)]
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


@router.post(
    "/devices/{device_id}/orders",
    summary="Draft a work order from findings",
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": Drafted, "description": "An open order about the same matter took the findings in"}},
)
async def draft_order(
    device_id: _Device, body: OrderRequest, caller: OrderWorker, door: Entrance, response: Response
) -> Drafted:
    """Faults, alarms, diagnosed causes and remarks become one draft with priority class and due time.

    A fault and the alarm it raised are the same matter. A matter that has an open order already joins it.
    """
    async with door.open(caller) as work:
        drafted = await service.draft_from(work, device_id, body)
    if not drafted.new:
        response.status_code = HTTPStatus.OK
    return drafted


@router.get("/orders", summary="Work orders, the most pressing first")
async def list_orders(
    query: Annotated[OrderQuery, Query()], caller: OrderReader, door: Entrance, links: PageLinks
) -> Page[OrderItem]:
    """Orders by the time at which they must be done."""
    async with door.open(caller) as work:
        page = await service.search(work, query)
    return links.to_next_of(page)


@router.get("/orders/export", summary="Work orders as a file", response_class=Response, responses=_FILE)
async def export_orders(query: Annotated[ExportQuery, Query()], caller: OrderReader, door: Entrance) -> Response:
    """The fields that technicians use, under their Swedish names; CSV for a Swedish Excel, xlsx or JSON.

    No cell can become a formula. More rows than a file may hold are refused, never cut off silently.
    """
    async with door.open(caller) as work:
        made = await export.made(work, query)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type=made.media_type, headers=headers)


@router.get("/orders/measures", summary="Hours saved, visits avoided, first-visit fix rate")
async def show_measures(query: Annotated[MeasureQuery, Query()], caller: OrderReader, door: Entrance) -> MeasuresItem:
    """Of the orders closed in a period, each figure with its denominator and the assumption it rests on."""
    async with door.open(caller) as work:
        return await service.measure(work, query.start, query.end, query.device_class)


@router.get("/orders/causes", summary="What orders have taught of each fault")
async def list_causes(query: Annotated[CauseQuery, Query()], caller: OrderReader, door: Entrance) -> Causes:
    """How often a fault turned out to be which cause, over the whole fleet; counts only."""
    async with door.open(caller) as work:
        return await settings.causes(work, query.device_class, query.fault_code)


@router.get("/orders/settings", summary="The numbers the workshop reckons with")
async def show_settings(caller: OrderReader, door: Entrance) -> SettingsAnswer:
    """Each with where it comes from; an assumption says that it is one."""
    async with door.open(caller) as work:
        return await settings.show(work)


@router.put("/orders/settings/{name}", summary="Set one of the workshop's numbers")
async def change_setting(
    name: Annotated[Word, Path()], body: SettingRequest, caller: WorkshopSetter, door: Entrance
) -> SettingsAnswer:
    """From the next order or check on; what is due already stays due."""
    async with door.open(caller) as work:
        return await settings.change(work, name, body)


@router.get("/orders/{order_id}", summary="One work order with its course")
async def show_order(order_id: _Order, caller: OrderReader, door: Entrance) -> Order:
    """Findings, every transition with its reason, the outcome, and what can be done with it now."""
    async with door.open(caller) as work:
        return await service.show(work, order_id)


@router.post("/orders/{order_id}/place", summary="Place a drafted order")
async def place_order(order_id: _Order, body: MoveRequest, caller: OrderWorker, door: Entrance) -> Order:
    """The draft becomes an order that somebody is to carry out."""
    async with door.open(caller) as work:
        return await service.move(work, order_id, Action.PLACE, body)


@router.post("/orders/{order_id}/start", summary="Start work on an order")
async def start_order(order_id: _Order, body: MoveRequest, caller: OrderWorker, door: Entrance) -> Order:
    """Work has begun; the start is what the start target is measured by."""
    async with door.open(caller) as work:
        return await service.move(work, order_id, Action.START, body)


@router.post("/orders/{order_id}/cancel", summary="Cancel an order")
async def cancel_order(order_id: _Order, body: MoveRequest, caller: OrderWorker, door: Entrance) -> Order:
    """It is not carried out; the same matter can be ordered anew."""
    async with door.open(caller) as work:
        return await service.move(work, order_id, Action.CANCEL, body)


@router.post("/orders/{order_id}/finish", summary="Record what came of an order")
async def finish_order(order_id: _Order, body: OutcomeRequest, caller: OrderWorker, door: Entrance) -> Order:
    """Cause found, parts used, solved remotely or by a visit, time spent; the dictionary learns from it."""
    async with door.open(caller) as work:
        return await service.finish(work, order_id, body)
