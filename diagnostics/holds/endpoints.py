"""HTTP: hold a device after an incident, export its evidence, and let it go by two persons."""

from collections.abc import Iterator
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Path, Query, status
from fastapi.responses import StreamingResponse

from diagnostics.holds import service
from diagnostics.holds.schemas import Hold, HoldItem, HoldQuery, HoldRequest, LiftRequest
from diagnostics.paging import Page, PageLinks
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader, EvidenceReader, HoldLifter, HoldPlacer
from diagnostics.work import Entrance

router = APIRouter(tags=["holds"])
_HoldId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_CHUNK: Final = 256 * 1024
_PACKAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP of JSON lines with manifest.json; X-Evidence-Seal is the SHA-256 of the manifest",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/devices/{device_id}/holds", summary="Hold a device", status_code=status.HTTP_201_CREATED)
async def place_hold(
    device_id: Annotated[DeviceId, Path()], body: HoldRequest, caller: HoldPlacer, door: Entrance
) -> Hold:
    """From now on nothing of the device is deleted and nothing above reading is asked of it."""
    async with door.open(caller) as work:
        return await service.place(work, device_id, body.reason)


@router.get("/holds", summary="Incident holds, newest first")
async def list_holds(
    query: Annotated[HoldQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> Page[HoldItem]:
    """Holds on the devices in scope."""
    async with door.open(caller) as work:
        return links.to_next_of(await service.search(work, query))


@router.get("/holds/{hold_id}", summary="One hold")
async def show_hold(hold_id: _HoldId, caller: DeviceReader, door: Entrance) -> Hold:
    """The hold with the seals of every package that was made of it."""
    async with door.open(caller) as work:
        return await service.show(work, hold_id)


@router.post(
    "/holds/{hold_id}/export", summary="Export the evidence", responses=_PACKAGE, response_class=StreamingResponse
)
async def export_evidence(hold_id: _HoldId, caller: EvidenceReader, door: Entrance) -> StreamingResponse:
    """Readings, events, faults, commands, versions and who touched the device, as far as the caller may see them.

    `fjarrkoll hold verify` tells whether a package is as it was sealed.
    """
    async with door.open(caller) as work:
        package = await service.export(work, hold_id)
    headers = {
        "X-Evidence-Seal": package.seal,
        "Content-Length": str(package.size),
        "Content-Disposition": f'attachment; filename="evidence-{hold_id}.zip"',
    }
    return StreamingResponse(_chunks(package.file), media_type="application/zip", headers=headers)


@router.post("/holds/{hold_id}/ask-lift", summary="Say as the first person that a hold may be lifted")
async def ask_lift(hold_id: _HoldId, body: LiftRequest, caller: HoldLifter, door: Entrance) -> Hold:
    """It stands until a second person with another role lifts it."""
    async with door.open(caller) as work:
        return await service.ask_lift(work, hold_id, body.reason)


@router.post("/holds/{hold_id}/lift", summary="Lift a hold as the second person")
async def lift_hold(hold_id: _HoldId, caller: HoldLifter, door: Entrance) -> Hold:
    """Another person than the one who asked, with another role."""
    async with door.open(caller) as work:
        return await service.lift(work, hold_id)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
