"""HTTP: how fast and how well alarms reach people."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.reach import service
from diagnostics.reach.schemas import CallList, PeriodQuery, ReachFigures
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance

router = APIRouter(tags=["alarms"])


@router.get("/alarm-reach", summary="How fast and how well alarms reach people")
async def reach(query: Annotated[PeriodQuery, Query()], caller: DeviceReader, door: Entrance) -> ReachFigures:
    """From the device's event to first send, delivery and taken; precision; at which step alarms are taken."""
    async with door.open(caller) as work:
        return await service.reach_figures(work, query)


@router.get("/alarms/{alarm_id}/calls", summary="Who was called about an alarm")
async def calls(alarm_id: Annotated[int, Path(ge=1, le=2**63 - 1)], caller: DeviceReader, door: Entrance) -> CallList:
    """Each step of its ladder that was carried out, by the codes of those who were called."""
    async with door.open(caller) as work:
        return await service.calls_of(work, alarm_id)
