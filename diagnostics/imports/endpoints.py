"""HTTP: imports of lists."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request

from diagnostics.imports import service
from diagnostics.imports.schemas import ImportQuery, ImportReport
from diagnostics.problems import Problem
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance
from fleet.list_rows import ListKind
from fleet.plumbing.sheets import SheetRefusedError
from fleet.text import Text

router = APIRouter(prefix="/imports", tags=["imports"])

_UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The list: .xlsx, or CSV; 4 MiB at most",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/{kind}", summary="Take in a list", openapi_extra=_UPLOAD)
async def take_list(
    kind: Annotated[ListKind, Path()],
    query: Annotated[ImportQuery, Query()],
    request: Request,
    caller: DeviceReader,
    door: Entrance,
) -> ImportReport:
    """Absences, loan facts, repairs or placements; each takes the right that writing one of them takes.

    Every row is taken, known already, or refused with the reason; refused rows are kept. With `dry_run=true` nothing
    changes. A file that is no such list, too large or made to harm is refused as a whole.
    """
    service.check_right(caller.role, kind)
    content, titles = await request.body(), service.titles_of(kind, query.title)
    try:
        table = await service.read_list(content, kind, titles)
    except SheetRefusedError as refused:
        title = Text("Listan går inte att ta emot", "The list cannot be taken")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "list_refused", title, refused.reason) from refused
    async with door.open(caller) as work:
        return await service.take(work, kind, table, titles, hashlib.sha256(content).digest(), query)
