"""HTTP: search devices, show one, its readings and its events."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.devices import history, service
from diagnostics.devices.schemas import Device, DeviceItem, DeviceQuery, EventItem, EventQuery, ReadingQuery, Readings
from diagnostics.paging import DevicePage, Page, PageLinks
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance

router = APIRouter(tags=["devices"])
_Id = Annotated[DeviceId, Path()]


@router.get("/devices", summary="Search devices")
async def search_devices(
    query: Annotated[DeviceQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> Page[DeviceItem]:
    """Devices in the order of their individual numbers. `last_seen` and `last_used` are two different things."""
    async with door.open(caller) as work:
        page = await service.search(work, query)
    return links.to_next_of(page)


@router.get("/devices/{device_id}", summary="One device as it stands")
async def show_device(device_id: _Id, caller: DeviceReader, door: Entrance) -> Device:
    """Register, loan, newest values with their age, latest events, active faults and open alarms.

    A metric that was never reported is listed with `known: false`; nothing unknown is shown as zero or as well.
    """
    async with door.open(caller) as work:
        return await service.show(work, device_id)


@router.get("/devices/{device_id}/readings", summary="Readings of one metric")
async def show_readings(
    device_id: _Id, query: Annotated[ReadingQuery, Query()], caller: DeviceReader, door: Entrance
) -> Readings:
    """Every reading while there are at most `points`, else minimum, average and maximum for each stretch of time.

    `downsampled` says which. A stretch without readings is left out: a gap stays a gap.
    """
    async with door.open(caller) as work:
        return await history.readings(work, device_id, query)


@router.get("/devices/{device_id}/events", summary="Events, newest first")
async def show_events(
    device_id: _Id,
    query: Annotated[EventQuery, Query()],
    caller: DeviceReader,
    door: Entrance,
    links: PageLinks,
) -> DevicePage[EventItem]:
    """What happened, as far as the caller's audiences may see it."""
    async with door.open(caller) as work:
        page = await history.events(work, device_id, query)
    return links.to_next_of(page)
