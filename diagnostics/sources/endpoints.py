"""HTTP: sources of data, their health and outages."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.schemas import Word
from diagnostics.security import IdleReader, SourceKeeper
from diagnostics.sources import service
from diagnostics.sources.schemas import NewSource, OutageAsked, OutageOver, Source, Sources
from diagnostics.work import Entrance

router = APIRouter(prefix="/sources", tags=["sources"])
_Code = Annotated[Word, Path()]


@router.get("", summary="Sources of data and how they are")
async def list_sources(caller: IdleReader, door: Entrance) -> Sources:
    """Makers' feeds and gateways. A source that stands still makes its devices *source lost*, never unused."""
    async with door.open(caller) as work:
        return await service.list_sources(work)


@router.get("/{code}", summary="One source")
async def show_source(code: _Code, caller: IdleReader, door: Entrance) -> Source:
    """With its outages, newest first."""
    async with door.open(caller) as work:
        return await service.show(work, code)


@router.put("/{code}", summary="Name a source")
async def keep_source(code: _Code, asked: NewSource, caller: SourceKeeper, door: Entrance) -> Source:
    """Adds it, or gives it another title or kind."""
    async with door.open(caller) as work:
        return await service.keep(work, code, asked)


@router.post("/{code}/outages", summary="A source stands still")
async def begin_outage(code: _Code, asked: OutageAsked, caller: SourceKeeper, door: Entrance) -> Source:
    """From that day its devices are *source lost* until the outage is over."""
    async with door.open(caller) as work:
        return await service.begin_outage(work, code, asked)


@router.post("/{code}/outages/end", summary="A source works again")
async def end_outage(code: _Code, asked: OutageOver, caller: SourceKeeper, door: Entrance) -> Source:
    """Ends every outage of it that is not over."""
    async with door.open(caller) as work:
        return await service.end_outage(work, code, asked)
