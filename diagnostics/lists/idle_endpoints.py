"""HTTP: the idle list as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from diagnostics.lists.idle_list import IdleListQuery, read_idle_list
from diagnostics.lists.sending import FILES, send
from diagnostics.security import IdleReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/idle", tags=["idle"])


@router.get("/list", summary="The idle list as a file", response_class=Response, responses=FILES)
async def download_idle_list(query: Annotated[IdleListQuery, Query()], caller: IdleReader, door: Entrance) -> Response:
    """Every device with its reasons; an .xlsx has a sheet of denominators and one of payers beside the list."""
    async with door.open(caller) as work:
        made = await read_idle_list(work, query)
    return await send(made, progress=query.progress)
