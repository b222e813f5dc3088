"""HTTP: what is probably wrong with a device."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.diagnosis import service
from diagnostics.diagnosis.schemas import DiagnosisAnswer
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance

router = APIRouter(tags=["diagnosis"])


@router.get("/devices/{device_id}/diagnosis", summary="What is probably wrong, and what to do")
async def show_diagnosis(
    device_id: Annotated[DeviceId, Path()], caller: DeviceReader, door: Entrance
) -> DiagnosisAnswer:
    """Causes with their probability and the evidence for and against each, the next check, scripts, and parts to bring.

    From active and past faults, freeze-frames, thirty days of readings and events, the latest self-test and the
    neighbours. `cannot_tell` is said where the evidence is missing; what is not known is never taken for health.
    """
    async with door.open(caller) as work:
        return await service.diagnose_device(work, device_id)
