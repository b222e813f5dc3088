"""Takes lists of absences, loan facts, repairs and placements; a dry run does everything and then undoes it.

Each row has a savepoint of its own, so that a bad one costs only itself, and a dry run decides by the very statements
that the real one sends.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from diagnostics.absences.service import note
from diagnostics.imports.schemas import ImportQuery, ImportReport, ListOutcome
from diagnostics.loan_facts.service import note_replacement, note_use
from diagnostics.problems import Problem
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.rights import Right, Role, may
from diagnostics.schemas import BilingualText
from diagnostics.security import forbidden
from diagnostics.stores.service import note_placement
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.list_rows import (
    NEEDED,
    TITLES,
    AbsenceRow,
    FactsRow,
    ListKind,
    ListRow,
    PlacementRow,
    RepairRow,
    read_list_row,
)
from fleet.plumbing.sheets import Limits, SheetRow, Table, read_table
from fleet.recall import Refusal
from fleet.text import Text

_SQL: Final = room(__file__)
LIMITS: Final = Limits(file_bytes=4 * 1024**2, unpacked_bytes=64 * 1024**2, rows=50_000)
RIGHTS: Final[Mapping[ListKind, Right]] = {
    ListKind.ABSENCES: Right.KEEP_ABSENCES,
    ListKind.LOAN_FACTS: Right.KEEP_LOANS,
    ListKind.REPAIRS: Right.KEEP_STORES,
    ListKind.PLACEMENTS: Right.KEEP_STORES,
}
"""Which right each list takes."""


def titles_of(kind: ListKind, given: Sequence[str]) -> dict[str, str]:
    """The headings of a list: ours, but for those that are named as field=Heading.

    Raises:
        Problem: a field that the list does not have.
    """
    titles = dict(TITLES[kind])
    for entry in given:
        name, _, heading = entry.partition("=")
        if name not in titles or not heading.strip():
            raise _no_such_field(titles)
        titles[name] = heading.strip()
    return titles


async def read_list(content: bytes, kind: ListKind, titles: Mapping[str, str]) -> Table:
    """The list, read beside the event loop and before there is a transaction.

    Raises:
        SheetRefusedError: the file as a whole is no such list, too large, or made to harm.
    """
    return await asyncio.to_thread(read_table, content, [titles[field] for field in NEEDED[kind]], LIMITS)


def check_right(role: Role, kind: ListKind) -> None:
    """Refuses a role that may not write what the list holds.

    Raises:
        Problem: the role lacks the right.
    """
    if not may(role, RIGHTS[kind]):
        raise forbidden()


async def take(  # noqa: PLR0913, PLR0917 - a list, its facts, and how it is taken
    work: Work, kind: ListKind, table: Table, titles: Mapping[str, str], digest: bytes, query: ImportQuery
) -> ImportReport:
    """Takes what can be taken of a list that `read_list` read, and tells of every row what became of it.

    The file's SHA-256, `digest`, is kept with what was taken; a dry run keeps nothing.
    """
    check_right(work.caller.role, kind)
    outcomes, empty = list[ListOutcome](), 0
    async with work.connection.transaction(force_rollback=query.dry_run):
        devices = await _devices(work, table, titles)
        for row in table.rows:
            outcome = await _outcome(work, kind, row, titles, devices)
            empty += outcome is None
            outcomes += [] if outcome is None else [outcome]
    counts = {name: sum(o.outcome == name for o in outcomes) for name in ("taken", "unchanged", "refused")}
    report = ImportReport(
        kind=kind,
        sheet=table.sheet,
        dry_run=query.dry_run,
        rows=len(table.rows),
        without_content=empty,
        **counts,
        outcomes=outcomes,
    )
    if not query.dry_run:
        await _keep(work, report, digest, query.file_name, {row.number: row.cells for row in table.rows})
    await work.record(f"import.{kind}", dry_run=query.dry_run, file_name=query.file_name, **counts)
    return report


async def _outcome(
    work: Work, kind: ListKind, row: SheetRow, titles: Mapping[str, str], devices: Mapping[str, Row]
) -> ListOutcome | None:
    cells = {name: row.cells.get(_key(title)) for name, title in titles.items()}
    read = read_list_row(kind, cells, local_day(work.now))
    number = str(cells["individual_number"] or "")[:40]
    if read is None:
        return None
    if row.problem is not None:
        return _refused(row, number, row.problem)
    if isinstance(read, Refusal):
        return _refused(row, number, read.reason)
    device = devices.get(read.individual_number)
    if device is None:
        return _refused(row, number, _NOT_THERE)
    try:
        async with work.connection.transaction():
            new = await _write(work, read, device)
    except Problem as problem:
        return _refused(row, number, problem.detail)
    return ListOutcome(row=row.number, outcome="taken" if new else "unchanged", individual_number=number, reason=None)


async def _write(work: Work, row: ListRow, device: Row) -> bool:
    """Carries a row out; whether anything became another.

    Raises:
        Problem: it cannot be so.
    """
    match row:
        case AbsenceRow():
            return (await note(work, device, row.away))[1]
        case FactsRow():
            return await _facts(work, row, device)
        case RepairRow():
            return await _repair(work, row, device)
        case PlacementRow():
            placed = await note_placement(work, device, row.store)
            device["store"] = row.store
            return placed


async def _facts(work: Work, row: FactsRow, device: Row) -> bool:
    before = await fetch_one(work.connection, _SQL["facts"], {"loan_id": device["loan_id"]})
    if row.said or device["loan_id"] is None:
        await note_use(work, device, dict(row.said))
    if row.replaced_by is not None and row.replaced_from is not None:
        known = before and (before["replaced_by"], before["replaced_from"])
        if known != (row.replaced_by, row.replaced_from):
            await note_replacement(work, device, row.replaced_by, row.replaced_from)
    return before != await fetch_one(work.connection, _SQL["facts"], {"loan_id": device["loan_id"]})


async def _repair(work: Work, row: RepairRow, device: Row) -> bool:
    own = await fetch_one(
        work.connection, _SQL["own_order"], {"device_no": device["device_no"], "reference": row.reference}
    )
    if own is not None and own["ours"]:
        return False
    values = {name: getattr(row, name) for name in ("done_on", "reference", "cause", "minutes_spent", "cost_sek")}
    about = {"device_no": device["device_no"], "by": work.caller.name, "now": work.now}
    return await execute(work.connection, _SQL["repair"], {**values, **about}) == 1


async def _devices(work: Work, table: Table, titles: Mapping[str, str]) -> dict[str, Row]:
    key = _key(titles["individual_number"])
    numbers = sorted({str(row.cells[key]) for row in table.rows if row.cells.get(key) is not None})
    found = await fetch_all(work.connection, _SQL["devices"], {"numbers": numbers})
    return {row["individual_number"]: row for row in found}


async def _keep(
    work: Work, report: ImportReport, digest: bytes, file_name: str, cells: Mapping[int, Mapping[str, Any]]
) -> None:
    """Keeps that a list came in, and its refused rows as they came."""
    import_id = uuid.uuid4()
    about = {"import_id": import_id, "kind": report.kind, "file_name": file_name, "file_sha256": digest}
    counts = {"taken": report.taken, "unchanged": report.unchanged, "refused": report.refused}
    await execute(work.connection, _SQL["add_run"], {**about, **counts, "actor": work.caller.name, "now": work.now})
    refused = [outcome for outcome in report.outcomes if outcome.outcome == "refused"]
    values = {
        "rows": [outcome.row for outcome in refused],
        "reasons": [outcome.reason.sv if outcome.reason else "" for outcome in refused],
        "cells": [json.dumps(cells[outcome.row], default=str, ensure_ascii=False) for outcome in refused],
    }
    await execute(work.connection, _SQL["add_refusals"], {**values, "import_id": import_id})


def _refused(row: SheetRow, number: str, reason: Text) -> ListOutcome:
    return ListOutcome(row=row.number, outcome="refused", individual_number=number, reason=BilingualText.of(reason))


def _key(title: str) -> str:
    return " ".join(title.casefold().split())


def _no_such_field(titles: Mapping[str, str]) -> Problem:
    names = ", ".join(titles)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "no_such_field",
        Text("Rubriken går inte att tyda", "The heading cannot be read"),
        Text(f"Skriv fält=Rubrik med ett av fälten {names}.", f"Write field=Heading with one of the fields {names}."),
    )


_NOT_THERE: Final = Text("Individnumret finns inte i det du får se.", "The number is not in your sight.")
