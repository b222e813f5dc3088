"""Work orders: the list, one order, a draft from a finding, and what is done with it."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, fields, filters
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.orders import export, service
from diagnostics.orders.schemas import ExportQuery, MoveRequest, OrderQuery, OrderRequest, OutcomeRequest
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.dictionary import knowledge_of
from fleet.orders import Action, Solved

_FILTERS: Final = ("state", "priority", "class", "device", "overdue")
_LONGEST_PART: Final = 80


async def show_orders(request: Request) -> Response:
    """Work orders, the most urgent first as the service sorts them."""
    query = checked(OrderQuery, {**filters(request, (*_FILTERS, "cursor")), "limit": 50})
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_ORDERS)) as work:
        found = await service.search(work, query)
    return page(request, "orders.html", orders=found.items, cursor=found.next_cursor)


async def export_orders(request: Request) -> Response:
    """The list as a file, with the filters of the page it was asked from."""
    query = checked(ExportQuery, filters(request, (*_FILTERS, "format")))
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_ORDERS)) as work:
        made = await export.made(work, query)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type=made.media_type, headers=headers)


async def show_order(request: Request) -> Response:
    """One order with its findings, its course, and what can be done with it now."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_ORDERS)) as work:
        order = await service.show(work, request.path_params["order_id"])
        profile = work.registry.by_name.get(order.device_class)
    known = knowledge_of(profile).causes_by_key if profile else {}
    causes = {key: cause.title for key, cause in known.items()}
    return page(request, "order.html", order=order, solved=[way.value for way in Solved], causes=causes)


async def draft(request: Request) -> Response:
    """A draft from what was chosen on the device's page; the same matter joins its open order."""
    form = await form_of(request)
    given: dict[str, Any] = {
        "faults": [str(value) for value in form.getlist("fault")],
        "alarms": [str(value) for value in form.getlist("alarm")],
        "causes": [str(value) for value in form.getlist("cause")],
        **fields(form, ["remark", "description"]),
    }
    async with Door(resources_of(request)).open(with_right(request, Right.WORK_ORDERS)) as work:
        drafted = await service.draft_from(work, request.path_params["device_id"], checked(OrderRequest, given))
    return seen(f"{ROOT}/orders/{drafted.order.order_id}")


async def move(request: Request) -> Response:
    """Places, starts, cancels or finishes an order."""
    form, order_id = await form_of(request), request.path_params["order_id"]
    async with Door(resources_of(request)).open(with_right(request, Right.WORK_ORDERS)) as work:
        if (wanted := str(form.get("as", ""))) == Action.FINISH:
            await service.finish(work, order_id, _outcome(form))
        elif wanted in {Action.PLACE, Action.START, Action.CANCEL}:
            asked = checked(MoveRequest, fields(form, ["reason", "technician"]))
            await service.move(work, order_id, Action(wanted), asked)
        else:
            checked(OutcomeRequest, {})
    return seen(f"{ROOT}/orders/{order_id}")


def _outcome(form: Any) -> OutcomeRequest:  # noqa: ANN401 - Starlette's form
    given: dict[str, Any] = fields(form, ["solved", "cause", "visits", "minutes_spent", "first_visit_fixed", "reason"])
    parts = [part.strip()[:_LONGEST_PART] for part in str(form.get("parts_used", "")).split(",")]
    return checked(OutcomeRequest, {**given, "parts_used": [part for part in parts if part]})
