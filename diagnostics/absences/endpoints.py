"""HTTP: absences of borrowers."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.absences import service
from diagnostics.absences.schemas import AbsenceQuery, AbsenceRecord, EndAsked, NewAbsence, WithdrawAsked
from diagnostics.paging import Page, PageLinks
from diagnostics.schemas import DeviceId
from diagnostics.security import AbsenceKeeper
from diagnostics.work import Entrance

router = APIRouter(tags=["absences"])
_Device = Annotated[DeviceId, Path()]
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/absences", summary="Absences, newest first")
async def list_absences(
    query: Annotated[AbsenceQuery, Query()], caller: AbsenceKeeper, door: Entrance, links: PageLinks
) -> Page[AbsenceRecord]:
    """Those of loans that are open; `current=true` keeps those that hold today."""
    async with door.open(caller) as work:
        page = await service.list_absences(work, query)
    return links.to_next_of(page)


@router.post("/devices/{device_id}/absences", summary="Register an absence", status_code=HTTPStatus.CREATED)
async def register(device_id: _Device, asked: NewAbsence, caller: AbsenceKeeper, door: Entrance) -> AbsenceRecord:
    """Days on which no use is expected: nothing is proposed for them, and an unanswered recall is taken back.

    A dispenser's dose alarms rest with it where the caller may keep doses; the answer says whether they do. Registering
    the same again changes nothing.
    """
    async with door.open(caller) as work:
        return await service.register(work, device_id, asked)


@router.post("/absences/{absence_id}/end", summary="The borrower is back")
async def end(absence_id: _Id, asked: EndAsked, caller: AbsenceKeeper, door: Entrance) -> AbsenceRecord:
    """From then on use is expected; a dispenser's roll must be verified before its doses are supervised again."""
    async with door.open(caller) as work:
        return await service.end(work, absence_id, asked)


@router.post("/absences/{absence_id}/withdraw", summary="An absence was wrong")
async def withdraw(absence_id: _Id, asked: WithdrawAsked, caller: AbsenceKeeper, door: Entrance) -> AbsenceRecord:
    """It counts for nothing from now on; dose alarms that rested for it ask for the roll to be verified."""
    async with door.open(caller) as work:
        return await service.withdraw(work, absence_id, asked)
