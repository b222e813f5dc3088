"""HTTP: lists and letters for prescriber units, and the answers that come back."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from diagnostics.lists import service
from diagnostics.lists.columns import Layout
from diagnostics.lists.pickups import PickUpQuery, read_pick_ups
from diagnostics.lists.schemas import AnswersQuery, AnswersReport, Letter, LetterQuery, ListQuery, Units
from diagnostics.lists.sending import FILES, send
from diagnostics.problems import Problem
from diagnostics.security import RecallAnswerer, RecallReader
from diagnostics.work import Entrance
from fleet.plumbing.sheets import SheetRefusedError
from fleet.text import Text

router = APIRouter(prefix="/recalls", tags=["recall"])

_UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The returned list: .xlsx, or CSV; 4 MiB at most",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/list", summary="Recall cases as a file", response_class=Response, responses=FILES)
async def download_list(
    query: Annotated[ListQuery, Query()], caller: RecallReader, door: Entrance, request: Request
) -> Response:
    """An Excel workbook (frozen and filtered heading, columns to answer in, a sheet that explains) or a CSV.

    Numbers of devices are text, days are dates, and nothing in it is a formula. Columns follow FJARRKOLL_LIST_COLUMNS.
    """
    async with door.open(caller) as work:
        listing = await service.read_list(work, query)
    return await send(service.made_of(listing, _layout(request)), progress=query.progress)


@router.get("/pick-ups", summary="What is to be fetched, as a file", response_class=Response, responses=FILES)
async def download_pick_ups(
    query: Annotated[PickUpQuery, Query()], caller: RecallReader, door: Entrance, request: Request
) -> Response:
    """The pick-up list (hämtlista): ordered and not fetched yet, the most pressing first, with depot and days left."""
    async with door.open(caller) as work:
        made = await read_pick_ups(work, query, _layout(request))
    return await send(made, progress=False)


@router.get("/units", summary="Prescriber units with cases to answer")
async def list_units(caller: RecallReader, door: Entrance) -> Units:
    """Whom to write to, most cases first."""
    async with door.open(caller) as work:
        return await service.list_units(work)


@router.get("/letter", summary="A letter to a prescriber unit")
async def write_letter(query: Annotated[LetterQuery, Query()], caller: RecallReader, door: Entrance) -> Letter:
    """A draft in Swedish about the unit's devices that await an answer; nothing is sent by itself."""
    async with door.open(caller) as work:
        return await service.write_letter(work, query)


@router.post("/answers", summary="Take answers from a returned list", openapi_extra=_UPLOAD)
async def take_answers(
    query: Annotated[AnswersQuery, Query()], request: Request, caller: RecallAnswerer, door: Entrance
) -> AnswersReport:
    """Every row with an answer is taken, known already, or refused with the reason; refused rows are kept.

    With `dry_run=true` nothing changes. A file that is no such list, too large or made to harm is refused as a whole.
    """
    content, layout = await request.body(), _layout(request)
    try:
        table = await service.read_answers(content, layout)
    except SheetRefusedError as refused:
        raise _refused(refused.reason) from refused
    async with door.open(caller) as work:
        return await service.take_answers(work, table, hashlib.sha256(content).digest(), query, layout)


def _layout(request: Request) -> Layout:
    layout: Layout = request.app.state.door.resources.list_layout
    return layout


def _refused(reason: Text) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "list_refused",
        Text("Listan går inte att ta emot", "The list cannot be taken"),
        reason,
    )
