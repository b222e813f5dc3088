"""HTTP: the faults of a device and of the fleet, and the dictionary of faults."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.faults import fleet_service, service
from diagnostics.faults.fleet_schemas import Dictionary, EntryQuery, GroupQuery, Groups, UnknownCodes, UnknownQuery
from diagnostics.faults.schemas import FaultItem, FaultQuery
from diagnostics.paging import DevicePage, PageLinks
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
) -> DevicePage[FaultItem]:
    """Active faults, or with `state=all` also those that ended. An empty list means that none is *known*."""
    async with door.open(caller) as work:
        page = await service.list_faults(work, device_id, query)
    return links.to_next_of(page)


@router.get("/faults/groups", summary="The fleet's faults, the most devices first")
async def list_groups(query: Annotated[GroupQuery, Query()], caller: DeviceReader, door: Entrance) -> Groups:
    """The same fault on all devices of a model and module is one group, with its rate per 1,000 device-days.

    The rate's interval is exact (Poisson); device-days count from when a device was first until it was last heard.
    """
    async with door.open(caller) as work:
        return await fleet_service.groups(work, query)


@router.get("/faults/unknown", summary="Codes that no profile knows")
async def list_unknown(query: Annotated[UnknownQuery, Query()], caller: DeviceReader, door: Entrance) -> UnknownCodes:
    """Kept as the devices spell them, counted, with the line of data that would make each known."""
    async with door.open(caller) as work:
        return await fleet_service.unknown(work, query)


@router.get("/faults/dictionary", summary="What a fault means, whatever its maker calls it")
async def show_dictionary(query: Annotated[EntryQuery, Query()], caller: DeviceReader, door: Entrance) -> Dictionary:
    """Causes in order, checks, parts, what to read to the user, and priority class."""
    async with door.open(caller) as work:
        return await fleet_service.dictionary(work, query)
