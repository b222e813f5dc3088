"""HTTP: what people know of a loan."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.loan_facts import service
from diagnostics.loan_facts.schemas import (
    ConsentAsked,
    EquipmentAsked,
    LoanFacts,
    LoanUse,
    ReplacementAsked,
    ReplacementWithdrawn,
)
from diagnostics.schemas import DeviceId
from diagnostics.security import LoanKeeper
from diagnostics.work import Entrance

router = APIRouter(prefix="/devices/{device_id}", tags=["loans"])
_Device = Annotated[DeviceId, Path()]


@router.get("/loan", summary="What is known of a device's loan")
async def show_facts(device_id: _Device, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """Payer, prescriber, prescribed interval, source, replacement, consent; the idle verdict reads the same."""
    async with door.open(caller) as work:
        return await service.show(work, device_id)


@router.patch("/loan", summary="Say how a loan is to be used and by which way its data comes")
async def keep_use(device_id: _Device, asked: LoanUse, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """The prescribed interval raises the idle verdict's limits; the source tells a lost feed from unused devices."""
    async with door.open(caller) as work:
        return await service.keep_use(work, device_id, asked)


@router.put("/loan/replacement", summary="Another device took over")
async def replace(device_id: _Device, asked: ReplacementAsked, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """The verdict becomes *replaced* from that day; days on which both were used are shown, never merged."""
    async with door.open(caller) as work:
        return await service.replace(work, device_id, asked)


@router.post("/loan/replacement/withdraw", summary="It did not")
async def withdraw(device_id: _Device, asked: ReplacementWithdrawn, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """The registration is taken back; the audit keeps it."""
    async with door.open(caller) as work:
        return await service.withdraw_replacement(work, device_id, asked)


@router.post("/loan/consent", summary="Register the borrower's consent, or that it was taken back")
async def consent(device_id: _Device, asked: ConsentAsked, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """Consent belongs to a loan: it ends with it, and the next borrower is asked anew."""
    async with door.open(caller) as work:
        return await service.consent(work, device_id, asked)


@router.post("/equipment", summary="Say how a device is held")
async def equip(device_id: _Device, asked: EquipmentAsked, caller: LoanKeeper, door: Entrance) -> LoanFacts:
    """A dispenser with an administration service is personal: as basic equipment it answers 409 with the rule."""
    async with door.open(caller) as work:
        return await service.equip(work, device_id, asked)
