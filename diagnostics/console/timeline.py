"""Everything that happened to a device, as a page."""

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, filters
from diagnostics.console.gate import with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.devices import service as devices
from diagnostics.rights import Right
from diagnostics.timeline import service
from diagnostics.timeline.schemas import EntryKind, TimelineQuery
from diagnostics.work import Door


async def show_timeline(request: Request) -> Response:
    """Newest first, with both clocks where they differ."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    kinds = [kind for kind in request.query_params.getlist("kind") if kind]
    query = checked(TimelineQuery, {**filters(request, ["cursor"]), "kind": kinds, "limit": 50})
    async with door.open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    async with door.open(caller) as work:
        found = await service.show(work, device.device_id, query)
    return page(
        request,
        "timeline.html",
        device=device,
        entries=found.items,
        cursor=found.next_cursor,
        kinds=[kind.value for kind in EntryKind],
        chosen=kinds,
    )
