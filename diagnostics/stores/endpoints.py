"""HTTP: buffer stores, what lies in them, and how it is used."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.schemas import DeviceId, Word
from diagnostics.security import StoreKeeper, WearReader
from diagnostics.stores import service
from diagnostics.stores.schemas import NewStore, Placement, Placing, StoreItem, Stores, StoreUses, UseQuery
from diagnostics.work import Entrance

router = APIRouter(tags=["stores"])
_Device = Annotated[DeviceId, Path()]
_Code = Annotated[Word, Path()]


@router.get("/stores", summary="Buffer stores")
async def list_stores(caller: WearReader, door: Entrance) -> Stores:
    """Each with how many devices lie in it."""
    async with door.open(caller) as work:
        return await service.list_stores(work)


@router.get("/stores/use", summary="Under- and over-used devices in buffer stores")
async def show_use(query: Annotated[UseQuery, Query()], caller: WearReader, door: Entrance) -> StoreUses:
    """By each device's own data of ninety days; a device of which too little is known is unknown."""
    async with door.open(caller) as work:
        return await service.use(work, query)


@router.put("/stores/{code}", summary="Name a buffer store")
async def keep_store(code: _Code, asked: NewStore, caller: StoreKeeper, door: Entrance) -> StoreItem:
    """Adds it, or gives it another title or depot."""
    async with door.open(caller) as work:
        return await service.keep(work, code, asked)


@router.post("/devices/{device_id}/placement", summary="Put a device into a buffer store")
async def place(device_id: _Device, asked: Placing, caller: StoreKeeper, door: Entrance) -> Placement:
    """A device that somebody borrows lies in none; one that lies elsewhere is taken from there."""
    async with door.open(caller) as work:
        return await service.place(work, device_id, asked)


@router.post("/devices/{device_id}/placement/end", summary="Take a device out of its buffer store")
async def take(device_id: _Device, caller: StoreKeeper, door: Entrance) -> Placement:
    """It is in stock again; a loan takes it out by itself."""
    async with door.open(caller) as work:
        return await service.take(work, device_id)
