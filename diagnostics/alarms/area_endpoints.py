"""HTTP: the area in which a device stands."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.alarms import area
from diagnostics.alarms.area import DeviceArea, NewArea
from diagnostics.schemas import DeviceId
from diagnostics.security import DeviceReader, RuleSetter
from diagnostics.work import Entrance

router = APIRouter(prefix="/devices/{device_id}/area", tags=["alarms"])
_Id = Annotated[DeviceId, Path()]


@router.get("", summary="The area in which a device stands")
async def show_area(device_id: _Id, caller: DeviceReader, door: Entrance) -> DeviceArea:
    """As coarse as an outage is; empty for the payer's whole territory."""
    async with door.open(caller) as work:
        return await area.show(work, device_id)


@router.put("", summary="Say in which area a device stands")
async def set_area(device_id: _Id, body: NewArea, caller: RuleSetter, door: Entrance) -> DeviceArea:
    """Belongs to the loan and ends with it. Many devices of one area that fall silent are told as one alarm."""
    async with door.open(caller) as work:
        return await area.change(work, device_id, body)
