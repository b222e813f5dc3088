"""HTTP: the payer check as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from diagnostics.lists.payer_list import PayerListQuery, read_payer_list
from diagnostics.lists.sending import FILES, send
from diagnostics.security import RecallReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/payer-checks", tags=["payers"])


@router.get("/list", summary="The payer check as a file", response_class=Response, responses=FILES)
async def download_payer_list(
    query: Annotated[PayerListQuery, Query()], caller: RecallReader, door: Entrance
) -> Response:
    """Every loan whose payer does not fit its prescriber, with the reason and of how many that could be checked."""
    async with door.open(caller) as work:
        made = await read_payer_list(work, query)
    return await send(made, progress=query.progress)
