"""HTTP: is a device ready, is a list ready, stage what can be staged; approve software, enter schedules."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.commands.schemas import IdempotencyKey
from diagnostics.paging import PageLinks
from diagnostics.readiness import service
from diagnostics.readiness.schemas import (
    ApprovalRequest,
    ListRequest,
    ModelAnswer,
    ReadinessItem,
    ReadinessList,
    ReadinessQuery,
    ScheduleRequest,
    ServiceKind,
    ServiceRequest,
    Staged,
    Version,
)
from diagnostics.schemas import DeviceId, Word
from diagnostics.security import Asker, DeviceReader, OrderWorker, WorkshopSetter, rate_exceeded
from diagnostics.work import Entrance

router = APIRouter(tags=["readiness"])
_Device = Annotated[DeviceId, Path()]
_Model = Annotated[Word, Path()]
_Version = Annotated[Version, Path()]


@router.get("/devices/{device_id}/readiness", summary="Is this device ready to be handed out?")
async def show_readiness(device_id: _Device, caller: DeviceReader, door: Entrance) -> ReadinessItem:
    """Software, battery, faults, clock, contact, services due, incident hold: each ok, not ok or unknown.

    With one unknown check the verdict is never `ready`; the check says how to find out.
    """
    async with door.open(caller) as work:
        return await service.one(work, device_id)


@router.post("/devices/{device_id}/readiness/stage", summary="Stage what can be staged from afar")
async def stage_readiness(device_id: _Device, key: IdempotencyKey, caller: Asker, door: Entrance) -> Staged:
    """Asks the device to read what is unknown and to mend what is safe to mend; look at each command's outcome."""
    seconds = door.resources.limits.commands.wait_seconds(caller.name, time.monotonic())
    if seconds:
        raise rate_exceeded(seconds)
    return await service.stage(door, caller, device_id, key)


@router.post("/devices/{device_id}/services", summary="Record a service")
async def note_service(device_id: _Device, body: ServiceRequest, caller: OrderWorker, door: Entrance) -> ReadinessItem:
    """An inspection, calibration or maintenance that was done, passed or not; answers how ready the device is now."""
    async with door.open(caller) as work:
        return await service.note_service(work, device_id, body)


@router.get("/readiness", summary="Which devices of a depot, model or unit are ready")
async def list_readiness(
    query: Annotated[ReadinessQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> ReadinessList:
    """In the order of their individual numbers; scrapped and lost ones are left out."""
    async with door.open(caller) as work:
        answer = await service.search(work, query)
    links.to_next(answer.next_cursor)
    return answer


@router.post("/readiness", summary="Which devices of a list are ready")
async def check_list(body: ListRequest, caller: DeviceReader, door: Entrance) -> ReadinessList:
    """Up to 200 individual numbers or device ids; those that are not there are named under `not_found`."""
    async with door.open(caller) as work:
        return await service.of_list(work, body.devices)


@router.get("/models/{model_key}/readiness", summary="What a model must be before it is handed out")
async def show_model(model_key: _Model, caller: DeviceReader, door: Entrance) -> ModelAnswer:
    """Approved software, the wanted version first, and the maker's schedule of services."""
    async with door.open(caller) as work:
        return await service.model(work, model_key)


@router.put("/models/{model_key}/software/{version}", summary="Approve a software version")
async def approve_software(
    model_key: _Model, version: _Version, body: ApprovalRequest, caller: WorkshopSetter, door: Entrance
) -> ModelAnswer:
    """It becomes the wanted version; those approved before stay approved until they are withdrawn."""
    async with door.open(caller) as work:
        return await service.approve(work, model_key, version, body.note)


@router.post("/models/{model_key}/software/{version}/withdraw", summary="Withdraw an approval")
async def withdraw_software(
    model_key: _Model, version: _Version, body: ApprovalRequest, caller: WorkshopSetter, door: Entrance
) -> ModelAnswer:
    """From now on a device with this version is not ready."""
    async with door.open(caller) as work:
        return await service.withdraw(work, model_key, version, body.note)


@router.put("/models/{model_key}/schedule/{kind}", summary="Enter the maker's schedule")
async def set_schedule(
    model_key: _Model, kind: ServiceKind, body: ScheduleRequest, caller: WorkshopSetter, door: Entrance
) -> ModelAnswer:
    """How often the maker asks for an inspection, a calibration or maintenance; null where it asks for none."""
    async with door.open(caller) as work:
        return await service.schedule(work, model_key, kind, body)
