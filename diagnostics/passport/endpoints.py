"""HTTP: the device passport, as data and as a page, and the return of a device."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from diagnostics.passport import service
from diagnostics.passport.page import POLICY, render
from diagnostics.passport.schemas import Passport, ReturnAsked, Returned
from diagnostics.problems import language_of
from diagnostics.schemas import DeviceId
from diagnostics.security import RecallMover, RecallReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/devices", tags=["passport"])
_Id = Annotated[DeviceId, Path()]
_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "The page"}
}


@router.get("/{device_id}/passport", summary="A device's passport")
async def show_passport(device_id: _Id, caller: RecallReader, door: Entrance) -> Passport:
    """Hours, distance, cycles, battery, faults and software, with advice: recondition, harvest parts or scrap.

    What happened before the open loan is seen only by those who see a device's whole life; what is unknown is null.
    """
    async with door.open(caller) as work:
        return await service.show_passport(work, device_id)


@router.get(
    "/{device_id}/passport.html", summary="A device's passport to print", response_class=HTMLResponse, responses=_PAGE
)
async def print_passport(device_id: _Id, caller: RecallReader, door: Entrance, request: Request) -> HTMLResponse:
    """One A4 page with the number as a QR code; it loads nothing from anywhere. Swedish unless English is asked for."""
    async with door.open(caller) as work:
        passport = await service.show_passport(work, device_id)
    asked = request.headers.get("accept-language")
    language = language_of(asked) if asked else "sv"
    return HTMLResponse(render(passport, language), headers={"Content-Security-Policy": POLICY})


@router.post("/{device_id}/return", summary="Register a device's return")
async def hand_back(device_id: _Id, asked: ReturnAsked, caller: RecallMover, door: Entrance) -> Returned:
    """Ends the open loan, whatever the reason.

    In the same transaction what belongs to the borrower is sealed, open alarms are settled, waiting commands are
    cancelled and an open recall case is withdrawn; consent begins anew with the next loan.
    """
    async with door.open(caller) as work:
        return await service.hand_back(work, device_id, asked)
