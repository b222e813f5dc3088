"""HTTP: one device's settings of alarm rules."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.alarms import settings
from diagnostics.alarms.settings import DeviceSettings, NewSetting
from diagnostics.schemas import DeviceId, Word
from diagnostics.security import DeviceReader, RuleSetter
from diagnostics.work import Entrance

router = APIRouter(prefix="/devices/{device_id}/alarm-settings", tags=["alarms"])
_Id = Annotated[DeviceId, Path()]


@router.get("", summary="A device's alarm settings")
async def show_settings(device_id: _Id, caller: DeviceReader, door: Entrance) -> DeviceSettings:
    """What may be set for one device, within which bounds, and what has been."""
    async with door.open(caller) as work:
        return await settings.show(work, device_id)


@router.post("/{rule}/{setting}", summary="Set a rule for one device")
async def set_rule(  # noqa: PLR0913, PLR0917 - what the address says, and by whom
    device_id: _Id, rule: Word, setting: Word, body: NewSetting, caller: RuleSetter, door: Entrance
) -> DeviceSettings:
    """Within the rule's own bounds, with a reason; the loan's end ends it. Without a value it ends now."""
    async with door.open(caller) as work:
        return await settings.change(work, device_id, rule, setting, body)
