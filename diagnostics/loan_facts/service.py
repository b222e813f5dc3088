"""Reads and writes what people know of a loan; every change leaves its line in the audit."""

from datetime import date
from http import HTTPStatus
from typing import Any, Final

import psycopg

from diagnostics.devices.schemas import PayerItem
from diagnostics.loan_facts.schemas import (
    ConsentAsked,
    EquipmentAsked,
    LoanFacts,
    LoanUse,
    ReplacedBy,
    ReplacementAsked,
    ReplacementWithdrawn,
    SourceItem,
)
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_one, room
from diagnostics.recall.schemas import PrescriberItem
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.recall import Refusal
from fleet.register_rows import ALWAYS_PERSONAL, DISPENSER, ONLY_DISPENSERS
from fleet.text import Text

_SQL: Final = room(__file__)


async def show(work: Work, device_id: str) -> LoanFacts:
    """What is written about a device's loan.

    Raises:
        Problem: no such device in the caller's scope.
    """
    row = await find(work, device_id)
    await work.record("loan.read", row["device_no"])
    return _facts(row)


async def keep_use(work: Work, device_id: str, asked: LoanUse) -> LoanFacts:
    """Keeps the prescribed interval, the source and whose the loan is; what is not said stays.

    Raises:
        Problem: no such device in the caller's scope, nobody borrows it, or the source is unknown.
    """
    row = await find(work, device_id)
    said = asked.model_dump(exclude_unset=True)
    await note_use(work, row, said)
    told = {name: value if name != "borrower_key" else value is not None for name, value in said.items()}
    await work.record("loan.use", row["device_no"], **told)
    return _facts(await find(work, device_id))


async def note_use(work: Work, row: Row, said: dict[str, Any]) -> None:
    """Writes what is said of a loan without an audit line; also used by the import.

    Args:
        work: of the caller.
        row: with device_no and loan_id.
        said: of `prescribed_interval_days`, `source` (its code) and `borrower_key`, those that are said.

    Raises:
        Problem: nobody borrows the device, or the source is unknown.
    """
    if row["loan_id"] is None:
        raise refused(_NOT_ON_LOAN)
    source_id = None
    if said.get("source") is not None:
        found = await fetch_one(work.connection, _SQL["source"], {"source": said["source"]})
        if found is None:
            raise refused(_NO_SOURCE)
        source_id = found["source_id"]
    values = {
        "source_id": source_id,
        "borrower_key": said.get("borrower_key"),
        "prescribed_interval_days": said.get("prescribed_interval_days"),
        "says_source": "source" in said,
        "says_borrower": "borrower_key" in said,
        "says_interval": "prescribed_interval_days" in said,
    }
    await execute(
        work.connection, _SQL["keep_use"], {**values, "loan_id": row["loan_id"], "device_no": row["device_no"]}
    )


async def replace(work: Work, device_id: str, asked: ReplacementAsked) -> LoanFacts:
    """Registers that another device took over; a later registration takes the place of an earlier one.

    Raises:
        Problem: no such device, or none that may have taken over, in the caller's scope; nobody borrows it; the day
            cannot be.
    """
    row = await find(work, device_id)
    await note_replacement(work, row, asked.individual_number, asked.from_day)
    await work.record("loan.replaced", row["device_no"], by=asked.individual_number, from_day=asked.from_day)
    return _facts(await find(work, device_id))


async def note_replacement(work: Work, row: Row, individual_number: str, from_day: date) -> None:
    """Writes a replacement without an audit line; also used by the import.

    Raises:
        Problem: as `replace`.
    """
    started = row["loan_started_at"]
    if row["loan_id"] is None or started is None:
        raise refused(_NOT_ON_LOAN)
    other = await fetch_one(work.connection, _SQL["device_number"], {"individual_number": individual_number})
    if other is None or other["device_no"] == row["device_no"] or other["device_class"] != row["device_class"]:
        raise refused(_NO_OTHER)
    if not local_day(started) <= from_day <= local_day(work.now):
        raise refused(_NO_SUCH_DAY)
    values = {"loan_id": row["loan_id"], "device_no": row["device_no"], "replaced_by": other["device_no"]}
    await execute(work.connection, _SQL["forget_replacement"], values)
    await execute(
        work.connection,
        _SQL["replace"],
        {**values, "from_day": from_day, "by": work.caller.name, "now": work.now},
    )


async def withdraw_replacement(work: Work, device_id: str, asked: ReplacementWithdrawn) -> LoanFacts:
    """Takes a replacement back.

    Raises:
        Problem: no such device in the caller's scope, or none is registered.
    """
    row = await find(work, device_id)
    if not await execute(work.connection, _SQL["forget_replacement"], {"loan_id": row["loan_id"]}):
        raise refused(_NO_REPLACEMENT)
    number, day = row["replaced_by_number"], row["replaced_from"]
    await work.record("loan.not_replaced", row["device_no"], why=asked.why, by=number, from_day=day)
    return _facts(await find(work, device_id))


async def consent(work: Work, device_id: str, asked: ConsentAsked) -> LoanFacts:
    """Registers consent in the open loan, or that it was taken back.

    Raises:
        Problem: no such device in the caller's scope, or nobody borrows it.
    """
    row = await find(work, device_id)
    if row["loan_id"] is None:
        raise refused(_NOT_ON_LOAN)
    at = (row["consented_at"] or work.now) if asked.given else None
    await execute(work.connection, _SQL["consent"], {"loan_id": row["loan_id"], "consented_at": at})
    action = "loan.consent" if asked.given else "loan.consent_withdrawn"
    await work.record(action, row["device_no"], loan_id=row["loan_id"], why=asked.why)
    return _facts(await find(work, device_id))


async def equip(work: Work, device_id: str, asked: EquipmentAsked) -> LoanFacts:
    """Says how a device is held; a dispenser with an administration service is never basic equipment.

    Raises:
        Problem: no such device in the caller's scope, or the rule forbids it; the sentence says the rule.
    """
    row = await find(work, device_id)
    said = asked.model_dump(exclude_none=True)
    wanted = {name: row[name] for name in ("basic_equipment", "administration_service")} | said
    if wanted["administration_service"] and row["device_class"] != DISPENSER:
        raise refused(ONLY_DISPENSERS)
    try:
        async with work.connection.transaction():
            await execute(work.connection, _SQL["equip"], {**wanted, "device_no": row["device_no"]})
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != "administration_service_is_personal":
            raise
        raise refused(ALWAYS_PERSONAL) from None
    await work.record("device.equip", row["device_no"], **said)
    return _facts(await find(work, device_id))


async def find(work: Work, device_id: str) -> Row:
    """A device with what is written about its loan.

    Raises:
        Problem: no such device in the caller's scope.
    """
    row = await fetch_one(work.connection, _SQL["facts"], {"device_id": device_id})
    if row is None:
        raise not_found(Text("Hjälpmedlet", "The device"))
    return row


def refused(refusal: Refusal) -> Problem:
    """A fact that cannot be so; the sentence is the rule's."""
    title = Text("Uppgiften går inte att spara så", "This cannot be kept so")
    return Problem(HTTPStatus.CONFLICT, "loan_fact_refused", title, refusal.reason)


def _facts(row: Row) -> LoanFacts:
    unit, source, replaced = row["prescriber_unit"], row["source_code"], row["replaced_from"]
    payer, number = row["payer_code"], row["replaced_by_number"]
    return LoanFacts(
        **{name: row[name] for name in LoanFacts.model_fields if name in row},
        loan_started=row["loan_started_at"],
        payer=None if payer is None else PayerItem(code=payer, name=row["payer_name"]),
        prescriber=None if unit is None else PrescriberItem(code=row["prescriber_code"], unit=unit),
        source=None if source is None else SourceItem(code=source, title=row["source_title"]),
        replaced_by=None
        if replaced is None
        else ReplacedBy(
            individual_number=number,
            held=row["replaced_by_held"],
            from_day=replaced,
            noted_by=row["replaced_noted_by"],
        ),
    )


_NOT_ON_LOAN: Final = Refusal(Text("Ingen lånar hjälpmedlet.", "Nobody borrows the device."))
_NO_SOURCE: Final = Refusal(
    Text("Källan är okänd; lägg in den först.", "The source is unknown; add it first."),
)
_NO_OTHER: Final = Refusal(
    Text(
        "Inget annat hjälpmedel av samma typ har det individnumret, i det du får se.",
        "No other device of the same class has that number, in what you may see.",
    )
)
_NO_SUCH_DAY: Final = Refusal(
    Text("Dagen är före uthyrningen eller har inte varit än.", "The day is before the loan, or has not come yet.")
)
_NO_REPLACEMENT: Final = Refusal(Text("Inget byte är registrerat.", "No replacement is registered."))
