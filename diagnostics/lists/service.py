"""Decides what stands in a list and a letter, and takes answers from the list that comes back."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from diagnostics.devices.schemas import PayerItem
from diagnostics.lists import repository
from diagnostics.lists.columns import NEEDED, Layout
from diagnostics.lists.file import File, Made
from diagnostics.lists.letter import letter
from diagnostics.lists.schemas import (
    AnswersQuery,
    AnswersReport,
    Letter,
    LetterQuery,
    ListQuery,
    RowOutcome,
    UnitItem,
    Units,
)
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.recall import repository as recalls
from diagnostics.recall.schemas import MoveAsked, PrescriberItem
from diagnostics.recall.service import make_move
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.answers import Answer, read_answer
from fleet.clock import local_day
from fleet.plumbing.sheets import Cell, Limits, SheetRow, Table, read_table
from fleet.recall import FINAL, SAVING, STATE_WORDS, TRANSITIONS, Action, Refusal, State
from fleet.text import Text

MOST_ROWS: Final = 50_000
ANSWERS: Final = Limits(file_bytes=4 * 1024**2, unpacked_bytes=64 * 1024**2, rows=MOST_ROWS)
"""How much of a returned list is read at most."""

_OPEN: Final = tuple(sorted(frozenset(State) - FINAL))
_THE_UNIT: Final = Text("Förskrivaren", "The prescriber")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is made from, once its transaction is over: writing a long one may take its time."""

    rows: list[Row]
    query: ListQuery
    today: date


async def read_list(work: Work, query: ListQuery) -> Listing:
    """The cases of a list."""
    today = local_day(work.now)
    states = [query.state] if query.state is not None else list(_OPEN) if query.open else None
    filters = {**query.model_dump(exclude={"format", "state", "open", "progress"}), "states": states}
    rows = await recalls.cases(work, today, **filters, limit=MOST_ROWS)
    await work.record(
        "recalls.export", devices=sorted({row["device_no"] for row in rows}), asked=query.model_dump(exclude_none=True)
    )
    return Listing(rows, query, today)


async def write_file(listing: Listing, layout: Layout) -> File:
    """The list as a file, written beside the event loop so that other requests go on."""
    return await asyncio.to_thread(made_of(listing, layout).write)


async def read_answers(content: bytes, layout: Layout) -> Table:
    """The returned list, read beside the event loop and before there is a transaction.

    Raises:
        SheetRefusedError: the file as a whole is no such list, too large, or made to harm.
    """
    return await asyncio.to_thread(read_table, content, [layout.title(field) for field in NEEDED], ANSWERS)


async def write_letter(work: Work, query: LetterQuery) -> Letter:
    """A draft to a prescriber unit about its devices that await an answer.

    Raises:
        Problem: no such unit in the caller's scope.
    """
    unit = await repository.unit(work, query.prescriber)
    if unit is None:
        raise not_found(_THE_UNIT)
    today = local_day(work.now)
    rows = await recalls.cases(work, today, prescriber=query.prescriber, states=["proposed", "asked"], limit=2000)
    await work.record("recalls.letter", devices=sorted({row["device_no"] for row in rows}))
    subject, body = letter(unit, rows, today)
    return Letter(
        prescriber=PrescriberItem(code=query.prescriber, unit=unit), devices=len(rows), subject=subject, body=body
    )


async def list_units(work: Work) -> Units:
    """Whom to write to."""
    rows = await repository.units(work)
    await work.record("recalls.units")
    return Units(
        items=[
            UnitItem(
                prescriber=PrescriberItem(code=row["prescriber_code"], unit=row["prescriber_unit"]),
                payer=PayerItem(code=row["payer_code"], name=row["payer_name"]),
                cases=row["cases"],
                rent_sek_per_month=row["rent_sek"],
            )
            for row in rows
        ]
    )


async def take_answers(work: Work, table: Table, digest: bytes, query: AnswersQuery, layout: Layout) -> AnswersReport:
    """Takes what can be taken of a list that `read_answers` read, and tells of every answered row what became of it.

    The file's SHA-256, `digest`, is kept with what was taken.
    """
    outcomes, empty = await _outcomes(work, table, layout, dry_run=query.dry_run)
    counts = {kind: sum(o.outcome == kind for o in outcomes) for kind in ("taken", "unchanged", "refused")}
    report = AnswersReport(
        sheet=table.sheet,
        dry_run=query.dry_run,
        rows=len(table.rows),
        without_answer=empty,
        **counts,
        outcomes=outcomes,
    )
    if not query.dry_run:
        await repository.keep_run(work, digest, query.file_name, report, {row.number: row.cells for row in table.rows})
    await work.record("recalls.answers", asked=query.model_dump(), **counts)
    return report


async def _outcomes(work: Work, table: Table, layout: Layout, *, dry_run: bool) -> tuple[list[RowOutcome], int]:
    today = local_day(work.now)
    empty, outcomes, answers = 0, list[RowOutcome](), list[tuple[SheetRow, Answer]]()
    for row in table.rows:
        cells = {c.field: row.cells.get(" ".join(c.title.casefold().split())) for c in layout.columns}
        answer = read_answer(cells, today)
        if answer is None:
            empty += 1
        elif row.problem is not None:
            outcomes.append(_refused(row, row.problem))
        elif isinstance(answer, Refusal):
            outcomes.append(_refused(row, answer.reason))
        else:
            answers.append((row, answer))
    known = {
        case["case_id"]: case for case in await repository.cases_by_id(work, [answer.case_id for _, answer in answers])
    }
    for row, answer in answers:
        outcomes.append(await _outcome(work, row, answer, known, dry_run=dry_run))
    return sorted(outcomes, key=lambda outcome: outcome.row), empty


async def _outcome(work: Work, row: SheetRow, answer: Answer, known: dict[int, Row], *, dry_run: bool) -> RowOutcome:
    case = known.get(answer.case_id)
    if case is None or case["individual_number"] != answer.individual_number:
        return _refused(row, _NO_SUCH_CASE)
    before = State(case["state"])
    after = TRANSITIONS.get((before, answer.action))
    if before in _SAME[answer.action]:
        return RowOutcome(row=row.number, outcome="unchanged", case_id=answer.case_id, state=before, reason=None)
    if after is None:
        return _refused(row, _closed(before))
    if not dry_run:
        try:
            async with work.connection.transaction():
                asked = MoveAsked(action=answer.action, why=answer.why, snooze_until=answer.until)
                await make_move(work, case, asked)
        except Problem as problem:
            return _refused(row, problem.detail)
    known[answer.case_id] = {**case, "state": after}
    return RowOutcome(row=row.number, outcome="taken", case_id=answer.case_id, state=after, reason=None)


def made_of(listing: Listing, layout: Layout) -> Made:
    """The list, ready to be written."""
    rows, query = listing.rows, listing.query
    return Made(
        name=f"aterlamning-{listing.today.isoformat()}",
        sheet=layout.sheet,
        columns=layout.columns,
        rows=_cells(layout, rows),
        count=len(rows),
        format=query.format,
        notes=(
            ("Gjord", listing.today.isoformat()),
            ("Urval", ", ".join(f"{key}={value}" for key, value in query.model_dump(exclude_none=True).items())),
            ("Antal rader", str(len(rows)) if len(rows) < MOST_ROWS else f"{MOST_ROWS} (listan är avkortad)"),
            (
                "Vad som är med",
                "Hjälpmedel som data visar är oanvända. Tysta hjälpmedel är inte med: om dem vet vi inget.",
            ),
            ("Sekretess", "Listan innehåller inga namn eller personnummer. Skriv inga i den."),
        ),
    )


def _cells(layout: Layout, rows: list[Row]) -> Iterator[list[Cell]]:
    for row in rows:
        values: dict[str, Any] = {
            **row,
            "case_id": str(row["case_id"]),
            "model": f"{row['maker']} {row['model_name']}",
            "payer": row["payer_name"],
            "prescriber": row["prescriber_unit"],
            "state": STATE_WORDS[State(row["state"])].sv,
            "held": {True: "JA", False: "nej"}.get(row["held"], "okänt"),
        }
        yield [values.get(column.field) for column in layout.columns]


def _refused(row: SheetRow, reason: Text) -> RowOutcome:
    return RowOutcome(row=row.number, outcome="refused", case_id=None, state=None, reason=BilingualText.of(reason))


def _closed(state: State) -> Text:
    words = STATE_WORDS[state]
    return Text(
        f"Ärendet är {words.sv} och kan inte besvaras så.", f"The case is {words.en}; it cannot be answered so."
    )


# States in which the same answer has been taken already.
_SAME: Final[Mapping[Action, frozenset[State]]] = {
    Action.NEED: frozenset({State.NEEDED}),
    Action.CONFIRM: frozenset({State.CONFIRMED_UNUSED}) | SAVING,
    Action.LOSE: frozenset({State.LOST}),
}
_NO_SUCH_CASE: Final = Text(
    "Inget ärende med det numret gäller det individnumret, i det du får se.",
    "No case with that number is of that individual number, in what you may see.",
)
