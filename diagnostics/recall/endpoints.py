"""HTTP: recall cases."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.paging import Page, PageLinks
from diagnostics.recall import service
from diagnostics.recall.schemas import (
    CaseDetail,
    CaseItem,
    CaseQuery,
    CaseSummary,
    MoveAsked,
    Proposal,
    Proposed,
    SummaryQuery,
)
from diagnostics.security import RecallAnswerer, RecallMover, RecallReader
from diagnostics.work import Entrance

router = APIRouter(prefix="/recalls", tags=["recall"])
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", summary="Recall cases, newest first")
async def list_cases(
    query: Annotated[CaseQuery, Query()], caller: RecallReader, door: Entrance, links: PageLinks
) -> Page[CaseItem]:
    """Every case in scope, closed ones too unless `open=true`."""
    async with door.open(caller) as work:
        page = await service.list_cases(work, query)
    return links.to_next_of(page)


@router.get("/summary", summary="Figures over all recall cases")
async def show_summary(query: Annotated[SummaryQuery, Query()], caller: RecallReader, door: Entrance) -> CaseSummary:
    """By state, with clocks, money since rents stopped, and how often a proposal was wrong, of how many answered."""
    async with door.open(caller) as work:
        return await service.summary(work, query)


@router.post("", summary="Propose devices for recall", status_code=HTTPStatus.CREATED)
async def propose(asked: Proposal, caller: RecallMover, door: Entrance) -> Proposed:
    """Begins a case for each device whose verdict proposes a return, the dearest first; asking twice begins none twice.

    Never on silence, on a registered absence or on data of an earlier loan; one device that may not be proposed
    answers 409 with the reason.
    """
    async with door.open(caller) as work:
        return await service.propose(work, asked)


@router.get("/{case_id}", summary="One recall case")
async def show_case(case_id: _Id, caller: RecallReader, door: Entrance) -> CaseDetail:
    """The case with its journal: who did what, when and why."""
    async with door.open(caller) as work:
        return await service.show_case(work, case_id)


@router.post("/{case_id}/move", summary="Move a recall case")
async def move_case(case_id: _Id, asked: MoveAsked, caller: RecallAnswerer, door: Entrance) -> CaseDetail:
    """One transition of the table in docs/recall.md; any other answers 409, as does a case somebody moved meanwhile.

    `collect` and `lose` end the loan in the same transaction: what belongs to the borrower is sealed, open alarms are
    settled, commands that wait are cancelled.
    """
    async with door.open(caller) as work:
        return await service.move_case(work, case_id, asked)
