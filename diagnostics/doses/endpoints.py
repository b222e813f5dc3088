"""HTTP: the doses of a machine, its schedule, absences, and the roll that was verified."""

from typing import Annotated

from fastapi import APIRouter, Path, status

from diagnostics.doses import service
from diagnostics.doses.schemas import DeviceDoses, NewAbsence, NewSchedule, Unsupervised
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader, DoseKeeper, ScheduleEnterer
from diagnostics.work import Entrance

router = APIRouter(tags=["doses"])
_Id = Annotated[DeviceId, Path()]


@router.get("/doses/unsupervised", summary="Dispensers without a schedule")
async def unsupervised(caller: DoseKeeper, door: Entrance) -> Unsupervised:
    """Machines on loan that nothing can be expected of; that no alarm rings there does not mean that all is well."""
    async with door.open(caller) as work:
        return await service.unsupervised(work)


@router.get("/devices/{device_id}/doses", summary="Doses of a dispenser")
async def show_doses(device_id: _Id, caller: DeviceReader, door: Entrance) -> DeviceDoses:
    """What has become of each dose of two weeks: taken, missed, unknown or paused. For who may see the care view."""
    async with door.open(caller) as work:
        return await service.show(work, device_id)


@router.post("/devices/{device_id}/doses/schedule", summary="Enter a schedule", status_code=status.HTTP_201_CREATED)
async def enter_schedule(device_id: _Id, body: NewSchedule, caller: ScheduleEnterer, door: Entrance) -> DeviceDoses:
    """From when it is valid every dose of it is expected, and silence about one is an alarm of its own."""
    async with door.open(caller) as work:
        return await service.enter_schedule(work, device_id, body)


@router.post("/devices/{device_id}/doses/absence", summary="The user is away")
async def start_absence(device_id: _Id, body: NewAbsence, caller: DoseKeeper, door: Entrance) -> DeviceDoses:
    """Dose alarms rest. Every other alarm of the machine goes on."""
    async with door.open(caller) as work:
        return await service.start_absence(work, device_id, body)


@router.post("/devices/{device_id}/doses/absence/end", summary="The user is back")
async def end_absence(device_id: _Id, caller: DoseKeeper, door: Entrance) -> DeviceDoses:
    """An alarm asks for the roll to be verified; until it is, doses are not supervised and shown as paused."""
    async with door.open(caller) as work:
        return await service.end_absence(work, device_id)


@router.post("/devices/{device_id}/doses/roll-verified", summary="The roll is the right one")
async def verify_roll(device_id: _Id, caller: DoseKeeper, door: Entrance) -> DeviceDoses:
    """Supervision goes on with the next dose."""
    async with door.open(caller) as work:
        return await service.verify_roll(work, device_id)
