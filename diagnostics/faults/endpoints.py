"""HTTP: the faults of a device."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.faults import service
from diagnostics.faults.schemas import FaultItem, FaultQuery
from diagnostics.paging import Page, PageLinks
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance

router = APIRouter(tags=["faults"])


@router.get("/devices/{device_id}/faults", summary="Faults of a device, newest first")
async def list_faults(
    device_id: Annotated[DeviceId, Path()],
    query: Annotated[FaultQuery, Query()],
    caller: DeviceReader,
    door: Entrance,
    links: PageLinks,
) -> Page[FaultItem]:
    """Active faults, or with `state=all` also those that ended. An empty list means that none is *known*."""
    async with door.open(caller) as work:
        page = await service.list_faults(work, device_id, query)
    return links.to_next_of(page)
