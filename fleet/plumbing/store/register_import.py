"""Takes a device and loan list into the register, as the schema's owner: all good rows at once, bad rows kept."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

import psycopg

from fleet.clock import STOCKHOLM, local_day
from fleet.plumbing.sheets import Limits, SheetRow, Table, read_table
from fleet.plumbing.store.register import new_device_id
from fleet.recall import Refusal
from fleet.register_rows import (
    NEEDED,
    TITLES,
    Deed,
    Known,
    LoanRow,
    Plan,
    Registered,
    RegisterRow,
    decide,
    read_row,
)
from fleet.registry import Registry
from fleet.text import Text

LIMITS: Final = Limits(file_bytes=64 * 1024**2, unpacked_bytes=768 * 1024**2, rows=500_000)
"""A whole region's register is about 417,000 rows."""

Tell = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: `taken`, `unchanged` or `refused`; a taken row may carry a remark."""

    row: int
    outcome: str
    individual_number: str
    reason: Text | None = None


@dataclass(slots=True)
class Report:
    """What a list led to."""

    sheet: str
    dry_run: bool
    registered: int = 0
    lent: int = 0
    corrected: int = 0
    unchanged: int = 0
    refused: int = 0
    outcomes: list[Outcome] = field(default_factory=list)


def import_register(  # noqa: PLR0913 - a file, its facts, and how it is taken
    connection: psycopg.Connection,
    content: bytes,
    registry: Registry,
    *,
    file_name: str,
    actor: str,
    now: datetime,
    dry_run: bool = False,
    titles: Mapping[str, str] = TITLES,
    tell: Tell | None = None,
) -> Report:
    """Takes a list; the same list again changes nothing.

    Args:
        connection: of the schema's owner, or of a caller whose scope is the whole installation.
        content: .xlsx or CSV.
        registry: whose classes and models may be registered.
        file_name: kept with what was taken.
        actor: who imports, as the record shows.
        now: aware.
        dry_run: only tell what would be done.
        titles: our field names to the list's headings.
        tell: hears how many rows have been looked at, now and then.

    Raises:
        SheetRefusedError: the file as a whole is no such list, too large, or made to harm.
    """
    table = read_table(content, [titles[name] for name in NEEDED], LIMITS)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock('import_run'::regclass::oid::integer, 0)")
        known, there = _known(connection, registry), _registered(connection, table, titles)
        plans, report = _plans(table, titles, known, there, local_day(now), tell)
        report.dry_run = dry_run
        if not dry_run:
            _carry_out(connection, plans)
            _keep(connection, report, table, content, {"file_name": file_name, "actor": actor, "now": now})
    return report


def _plans(  # noqa: PLR0913, PLR0917 - everything a row is judged by
    table: Table,
    titles: Mapping[str, str],
    known: Known,
    there: Mapping[str, Registered],
    today: date,
    tell: Tell | None,
) -> tuple[list[Plan], Report]:
    plans, report, seen = list[Plan](), Report(table.sheet, dry_run=False), set[str]()
    for number, row in enumerate(table.rows, start=1):
        decided = _judge(row, titles, known, there, today, seen)
        if isinstance(decided, Refusal):
            report.refused += 1
            report.outcomes.append(Outcome(row.number, "refused", _number(row, titles), decided.reason))
        else:
            plans.append(decided)
            _count(report, row, decided)
        if tell is not None and number % 1000 == 0:
            tell(number)
    if tell is not None:
        tell(len(table.rows))
    return plans, report


def _judge(  # noqa: PLR0913, PLR0917 - everything a row is judged by
    row: SheetRow,
    titles: Mapping[str, str],
    known: Known,
    there: Mapping[str, Registered],
    today: date,
    seen: set[str],
) -> Plan | Refusal:
    if row.problem is not None:
        return Refusal(row.problem)
    cells = {name: row.cells.get(_key(title)) for name, title in titles.items()}
    read = read_row(cells, known, today)
    if isinstance(read, Refusal):
        return read
    if read.individual_number in seen:
        return _TWICE
    seen.add(read.individual_number)
    return decide(read, there.get(read.individual_number), known)


def _count(report: Report, row: SheetRow, plan: Plan) -> None:
    report.registered += Deed.REGISTER in plan.deeds
    report.lent += Deed.LEND in plan.deeds
    report.corrected += Deed.CORRECT in plan.deeds
    unchanged = Deed.NOTHING in plan.deeds
    report.unchanged += unchanged
    if not unchanged or plan.remark is not None:
        outcome = "unchanged" if unchanged else "taken"
        report.outcomes.append(Outcome(row.number, outcome, plan.row.individual_number, plan.remark))


def _known(connection: psycopg.Connection, registry: Registry) -> Known:
    prescribers = connection.execute(
        "SELECT r.code, p.code, r.legal_frame FROM prescriber r JOIN payer p USING (payer_id)"
    )
    return Known(
        models={profile.name: frozenset(model.key for model in profile.models) for profile in registry},
        payers=frozenset(code for (code,) in connection.execute("SELECT code FROM payer")),
        depots=frozenset(code for (code,) in connection.execute("SELECT code FROM depot")),
        prescribers={code: (payer, frame) for code, payer, frame in prescribers},
    )


def _registered(connection: psycopg.Connection, table: Table, titles: Mapping[str, str]) -> dict[str, Registered]:
    """What the register has of the list's numbers."""
    numbers = [_number(row, titles) for row in table.rows]
    found = connection.execute(_REGISTERED, [numbers]).fetchall()
    return {row[0]: _as_registered(row) for row in found}


def _as_registered(row: Sequence[Any]) -> Registered:
    number, device_class, model, serial, depot, basic, service, acquired, *lent = row
    payer, frame, prescriber, started, ended = lent
    loan = None
    if started is not None:
        loan = LoanRow(payer=payer, legal_frame=frame, prescriber=prescriber, started=local_day(started))
    facts = RegisterRow(
        individual_number=number,
        device_class=device_class,
        model=model,
        serial_number=serial,
        depot=depot,
        basic_equipment=basic,
        administration_service=service,
        acquired_on=acquired,
        loan=loan,
    )
    return Registered(row=facts, earlier_loan_ended=None if ended is None else local_day(ended))


def _carry_out(connection: psycopg.Connection, plans: Sequence[Plan]) -> None:
    new = [plan.row for plan in plans if Deed.REGISTER in plan.deeds]
    changed = [plan.row for plan in plans if Deed.CORRECT in plan.deeds]
    lent = [plan.row for plan in plans if Deed.LEND in plan.deeds]
    connection.execute(_INSERT, {**_columns(new), "device_id": [new_device_id() for _ in new]})
    connection.execute(_CORRECT, _columns(changed))
    loans = [row.loan for row in lent if row.loan is not None]
    connection.execute(
        _LEND,
        {
            "individual_number": [row.individual_number for row in lent],
            "payer": [loan.payer for loan in loans],
            "frame": [loan.legal_frame for loan in loans],
            "prescriber": [loan.prescriber for loan in loans],
            "started": [datetime.combine(loan.started, time(), STOCKHOLM) for loan in loans],
        },
    )


def _columns(rows: Sequence[RegisterRow]) -> dict[str, list[Any]]:
    names = ("individual_number", "device_class", "model", "serial_number", "depot", "basic_equipment",
             "administration_service", "acquired_on")  # fmt: skip
    return {name: [getattr(row, name) for row in rows] for name in names}


def _keep(
    connection: psycopg.Connection, report: Report, table: Table, content: bytes, about: Mapping[str, Any]
) -> None:
    import_id = uuid.uuid4()
    taken = sum(outcome.outcome == "taken" for outcome in report.outcomes)
    connection.execute(
        "INSERT INTO import_run VALUES (%(id)s, 'register', %(file_name)s, %(digest)s, %(actor)s, %(now)s, %(taken)s,"
        " %(unchanged)s, %(refused)s)",
        {
            **about,
            "id": import_id,
            "digest": hashlib.sha256(content).digest(),
            "taken": taken,
            "unchanged": report.unchanged,
            "refused": report.refused,
        },
    )
    cells = {row.number: row.cells for row in table.rows}
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO import_refusal VALUES (%s, %s, %s, %s)", _refusals(import_id, report, cells))


def _refusals(import_id: uuid.UUID, report: Report, cells: Mapping[int, Mapping[str, Any]]) -> Iterator[list[Any]]:
    for outcome in report.outcomes:
        if outcome.outcome == "refused" and outcome.reason is not None:
            kept = json.dumps(cells[outcome.row], default=str, ensure_ascii=False)
            yield [import_id, outcome.row, outcome.reason.sv, kept]


def _number(row: SheetRow, titles: Mapping[str, str]) -> str:
    cell = row.cells.get(_key(titles["individual_number"]))
    return "" if cell is None else str(cell)


def _key(title: str) -> str:
    return " ".join(title.casefold().split())


_TWICE: Final = Refusal(Text("Individnumret står två gånger i listan.", "The number stands twice in the list."))
_REGISTERED: Final = """
    SELECT d.individual_number, d.device_class, d.model_key, d.serial_number, o.code, d.basic_equipment,
           d.administration_service, d.acquired_on, p.code, l.legal_frame, r.code, l.started_at, d.earlier_loan_ended_at
      FROM device d
      LEFT JOIN depot o USING (depot_id)
      LEFT JOIN loan l ON l.device_no = d.device_no AND l.ended_at IS NULL
      LEFT JOIN payer p ON p.payer_id = l.payer_id
      LEFT JOIN prescriber r ON r.prescriber_id = l.prescriber_id
     WHERE d.individual_number = ANY (%s)
"""
# The functions know who may; the file of migration 0015 has them.
_INSERT: Final = """
    SELECT register_devices(%(device_id)s::text[], %(individual_number)s::text[], %(device_class)s::text[],
                            %(model)s::text[], %(serial_number)s::text[], %(depot)s::text[],
                            %(basic_equipment)s::boolean[], %(administration_service)s::boolean[],
                            %(acquired_on)s::date[])
"""
_CORRECT: Final = """
    SELECT correct_devices(%(individual_number)s::text[], %(serial_number)s::text[], %(depot)s::text[],
                           %(basic_equipment)s::boolean[], %(administration_service)s::boolean[],
                           %(acquired_on)s::date[])
"""
_LEND: Final = """
    SELECT lend_devices(%(individual_number)s::text[], %(payer)s::text[], %(frame)s::text[], %(prescriber)s::text[],
                        %(started)s::timestamptz[])
"""
