"""HTTP: the payer check."""

from typing import Annotated

from fastapi import APIRouter, Query

from diagnostics.paging import PageLinks
from diagnostics.payers import service
from diagnostics.payers.schemas import CheckPage, CheckQuery
from diagnostics.security import RecallReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/payer-checks", tags=["payers"])


@router.get("", summary="Devices whose payer does not fit their prescriber")
async def list_disagreements(
    query: Annotated[CheckQuery, Query()], caller: RecallReader, door: Entrance, links: PageLinks
) -> CheckPage:
    """The wrong payer code ("baskod") after a transfer: loans whose payer or legal frame is not their prescriber's.

    Who sees only one payer sees all of its loans that disagree, each with its prescribing unit, whosever that is.
    """
    async with door.open(caller) as work:
        page = await service.list_disagreements(work, query)
    links.to_next(page.next_cursor)
    return page
