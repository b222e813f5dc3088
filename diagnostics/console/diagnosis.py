"""What is probably wrong with a device, on a page: causes by probability, evidence for and against, the next check."""

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.gate import with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.devices import service as devices
from diagnostics.diagnosis import service
from diagnostics.rights import Right
from diagnostics.work import Door


async def show_diagnosis(request: Request) -> Response:
    """The ranked causes; what would tell the leading ones apart stands first among the things to do."""
    caller, door = with_right(request, Right.SEE_DEVICES), Door(resources_of(request))
    async with door.open(caller) as work:
        device = await devices.show(work, request.path_params["device_id"])
    async with door.open(caller) as work:
        found = await service.diagnose_device(work, device.device_id)
    return page(
        request,
        "diagnosis.html",
        device=device,
        diagnosis=found,
        titles={cause.cause: cause.title for cause in found.causes},
    )
