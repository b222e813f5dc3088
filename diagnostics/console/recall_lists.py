"""What leaves the workbench and comes back: letters to prescriber units, lists as files, answers, the pick-up list."""

import hashlib
from contextlib import suppress
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.asking import checked, fields, filters
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.console.recalls import clock_of
from diagnostics.lists import service
from diagnostics.lists.schemas import AnswersQuery, LetterQuery, ListQuery
from diagnostics.problems import Problem
from diagnostics.recall import service as recalls
from diagnostics.recall.schemas import CaseQuery, MoveAsked
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.clock import local_day
from fleet.plumbing.sheets import SheetRefusedError
from fleet.recall import Action, State

_LONGEST_NAME: Final = 120


async def export(request: Request) -> Response:
    """The cases of the page it was asked from as an Excel workbook or a CSV; nothing in it is a formula."""
    wanted = filters(request, ("format", "state", "class", "payer", "prescriber"))
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        listing = await service.read_list(work, checked(ListQuery, wanted))
    file = await service.write_file(listing, resources_of(request).list_layout)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Rows": str(file.rows)}
    return Response(file.content, media_type=file.media_type, headers=headers)


async def show_units(request: Request) -> Response:
    """Whom to write to, the unit with the most cases first."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        units = await service.list_units(work)
    return page(request, "recall_units.html", units=units.items)


async def show_letter(request: Request) -> Response:
    """A draft to a unit, to read, print or paste; nothing is sent by itself."""
    query = checked(LetterQuery, filters(request, ["prescriber"]))
    caller, door = with_right(request, Right.SEE_RECALLS), Door(resources_of(request))
    async with door.open(caller) as work:
        letter = await service.write_letter(work, query)
    async with door.open(caller) as work:
        waiting = await recalls.every_case(work, CaseQuery(state=State.PROPOSED, prescriber=query.prescriber))
    return page(request, "recall_letter.html", letter=letter, proposed=len(waiting))


async def mark_asked(request: Request) -> Response:
    """Notes that the letter has left: every proposed case of the unit is now asked about, each with its own line."""
    form = await form_of(request)
    caller, door = with_right(request, Right.MOVE_RECALLS), Door(resources_of(request))
    query = checked(LetterQuery, fields(form, ["prescriber"]))
    why = checked(MoveAsked, {"action": Action.ASK, **fields(form, ["why"])})
    async with door.open(caller) as work:
        waiting = await recalls.every_case(work, CaseQuery(state=State.PROPOSED, prescriber=query.prescriber))
    for case in waiting:
        with suppress(Problem):  # somebody moved it meanwhile, or the device is used again: it stays as it is
            async with door.open(caller) as work:
                await recalls.move_case(work, case.case_id, why)
    return seen(f"{ROOT}/recalls?state=asked&prescriber={query.prescriber}")


async def show_answers(request: Request) -> Response:
    """Where a returned list is handed in."""
    with_right(request, Right.ANSWER_RECALLS)
    return page(request, "recall_answers.html", report=None, refused=None, name="")


async def take_answers(request: Request) -> Response:
    """Takes a returned list, or only tries it, and tells of every row what became of it."""
    form = await form_of(request)
    caller, resources = with_right(request, Right.ANSWER_RECALLS), resources_of(request)
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = "".join(c for c in str(getattr(file, "filename", "")) if c.isprintable() and c not in "/\\")[:_LONGEST_NAME]
    query = checked(AnswersQuery, {"file_name": name, "dry_run": form.get("try") is not None})
    try:
        table = await service.read_answers(content, resources.list_layout)
    except SheetRefusedError as error:
        return page(request, "recall_answers.html", status=422, report=None, refused=error.reason, name=name)
    digest = hashlib.sha256(content).digest()
    async with Door(resources).open(caller) as work:
        report = await service.take_answers(work, table, digest, query, resources.list_layout)
    return page(request, "recall_answers.html", report=report, refused=None, name=name)


async def show_pick_ups(request: Request) -> Response:
    """The list for whoever fetches devices: what to fetch, by when, with a place to sign; made to be printed."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        wanted = filters(request, ("payer", "prescriber", "class"))
        found = await recalls.every_case(work, checked(CaseQuery, {**wanted, "state": State.PICK_UP_ORDERED}))
        today = local_day(work.now)
    clocked = [(case, clock_of(case, today)) for case in found]
    ordered = sorted(clocked, key=lambda entry: (entry[0].clocks.pick_up_by or today, entry[0].case_id))
    return page(request, "recall_pick_ups.html", cases=ordered, today=today)
