"""HTTP: a device's timeline."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.paging import DevicePage, PageLinks
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader
from diagnostics.timeline import service
from diagnostics.timeline.schemas import Entry, TimelineQuery
from diagnostics.work import Entrance

router = APIRouter(tags=["timeline"])


@router.get("/devices/{device_id}/timeline", summary="Everything about one device in one order, newest first")
async def show_timeline(
    device_id: Annotated[DeviceId, Path()],
    query: Annotated[TimelineQuery, Query()],
    caller: DeviceReader,
    door: Entrance,
    links: PageLinks,
) -> DevicePage[Entry]:
    """Readings by the day, events, faults, commands, alarms, software, loans, orders, services, holds.

    As far as the caller's audiences and the open loan reach. A page may be short, even empty, and have a next one.
    """
    async with door.open(caller) as work:
        page = await service.show(work, device_id, query)
    return links.to_next_of(page)
