"""HTTP: list alarms, show one, take one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.alarms import service
from diagnostics.alarms.schemas import AlarmItem, AlarmQuery
from diagnostics.paging import Page, PageLinks
from diagnostics.security import AlarmTaker, DeviceReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/alarms", tags=["alarms"])
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", summary="Alarms, newest first")
async def list_alarms(
    query: Annotated[AlarmQuery, Query()], caller: DeviceReader, door: Entrance, links: PageLinks
) -> Page[AlarmItem]:
    """Open alarms, or with `state=all` also those that ended."""
    async with door.open(caller) as work:
        page = await service.list_alarms(work, query)
    return links.to_next_of(page)


@router.get("/{alarm_id}", summary="One alarm")
async def show_alarm(alarm_id: _Id, caller: DeviceReader, door: Entrance) -> AlarmItem:
    """The alarm that a notification points to."""
    async with door.open(caller) as work:
        return await service.show_alarm(work, alarm_id)


@router.post("/{alarm_id}/take", summary="Take an alarm")
async def take_alarm(alarm_id: _Id, caller: AlarmTaker, door: Entrance) -> AlarmItem:
    """Says that the caller sees to it. The alarm stays open until its condition ends.

    Asking twice is harmless; an alarm that somebody else has taken, or that has ended, answers 409.
    """
    async with door.open(caller) as work:
        return await service.take_alarm(work, alarm_id)
