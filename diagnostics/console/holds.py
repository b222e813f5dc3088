"""The incident hold of a device: the mark, placing it, its sealed evidence, and letting go by two persons."""

from collections.abc import Iterator
from typing import IO, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from diagnostics.console.asking import checked, fields
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.devices import service as devices
from diagnostics.holds import service
from diagnostics.holds.schemas import HoldQuery, HoldRequest, LiftRequest
from diagnostics.rights import Right
from diagnostics.work import Door

_CHUNK: Final = 256 * 1024
_SHOWN: Final = 20


async def show_holds(request: Request) -> Response:
    """The device's holds, the open one first, with what may be done with it now."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    async with door.open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    async with door.open(caller) as work:
        query = HoldQuery(device_id=device.device_id, open_only=False, limit=_SHOWN)
        found = (await service.search(work, query)).items
    return page(request, "holds.html", device=device, holds=sorted(found, key=lambda hold: not hold.open))


async def place(request: Request) -> Response:
    """Holds the device; nothing above reading is asked of it from here on."""
    form, device_id = await form_of(request), request.path_params["device_id"]
    asked = checked(HoldRequest, fields(form, ["reason"]))
    async with Door(resources_of(request)).open(with_right(request, Right.PLACE_HOLD)) as work:
        await service.place(work, device_id, asked.reason)
    return seen(f"{ROOT}/devices/{device_id}/hold")


async def lift(request: Request) -> Response:
    """The first person asks with a reason, the second one lifts."""
    form, device_id, hold_id = await form_of(request), request.path_params["device_id"], request.path_params["hold_id"]
    async with Door(resources_of(request)).open(with_right(request, Right.LIFT_HOLD)) as work:
        if form.get("as") == "lift":
            await service.lift(work, hold_id)
        else:
            await service.ask_lift(work, hold_id, checked(LiftRequest, fields(form, ["reason"])).reason)
    return seen(f"{ROOT}/devices/{device_id}/hold")


async def export(request: Request) -> StreamingResponse:
    """The evidence as a sealed ZIP; the seal is kept with the hold."""
    await form_of(request)
    hold_id = request.path_params["hold_id"]
    async with Door(resources_of(request)).open(with_right(request, Right.EXPORT_EVIDENCE)) as work:
        package = await service.export(work, hold_id)
    headers = {
        "X-Evidence-Seal": package.seal,
        "Content-Length": str(package.size),
        "Content-Disposition": f'attachment; filename="evidence-{hold_id}.zip"',
    }
    return StreamingResponse(_chunks(package.file), media_type="application/zip", headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
