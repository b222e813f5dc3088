"""HTTP: what is set for a whole class."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.class_settings import service
from diagnostics.class_settings.schemas import ClassSettings, IdleEstimate, IdleLimits, NewClassValue, NewIdleLimits
from diagnostics.schemas import Word
from diagnostics.security import Administrator
from diagnostics.work import Entrance

router = APIRouter(prefix="/classes/{name}/settings", tags=["classes"])
_Name = Annotated[Word, Path(description="Device class")]


@router.get("", summary="What may be set for a class, and what is")
async def show_settings(name: _Name, caller: Administrator, door: Entrance) -> ClassSettings:
    """Numbers of its alarm rules and limits of its idle policies, with who set them and why."""
    async with door.open(caller) as work:
        return await service.show(work, name)


@router.post("/rules/{rule}/{setting}", summary="Set a rule for a class")
async def set_rule(  # noqa: PLR0913, PLR0917 - what the address says, and by whom
    name: _Name, rule: Word, setting: Word, body: NewClassValue, caller: Administrator, door: Entrance
) -> ClassSettings:
    """Within the rule's bounds, from a day on; a device's own goes before it. Without a value: the profile's."""
    async with door.open(caller) as work:
        return await service.set_rule(work, name, rule, setting, body)


@router.post("/idle/{policy}", summary="Set the idle limits of a class")
async def set_idle(
    name: _Name, policy: Word, body: NewIdleLimits, caller: Administrator, door: Entrance
) -> ClassSettings:
    """Note, contact and propose, from a day on; the next run of verdicts follows them."""
    async with door.open(caller) as work:
        return await service.set_idle(work, name, policy, body)


@router.get("/idle/{policy}/estimate", summary="What other idle limits would do")
async def estimate(
    name: _Name, policy: Word, limits: Annotated[IdleLimits, Query()], caller: Administrator, door: Entrance
) -> IdleEstimate:
    """With the verdicts of the latest run."""
    async with door.open(caller) as work:
        return await service.estimate(work, name, policy, limits)
