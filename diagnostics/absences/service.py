"""Registers, ends and withdraws absences, and rests the dose alarms of a dispenser where the caller may."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from diagnostics.absences.schemas import AbsenceQuery, AbsenceRecord, EndAsked, NewAbsence, WithdrawAsked
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.rights import Right, may
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.absences import (
    DOSE_REASONS,
    FURTHEST_DAYS,
    WORDS,
    AbsenceKind,
    Away,
    absence_problem,
    last_day,
    midnight,
    pause_of,
)
from fleet.clock import local_day
from fleet.recall import Refusal
from fleet.signals import Audience
from fleet.text import Text

_SQL: Final = room(__file__)
_DISPENSER: Final = "dispenser"
_NO_FILTER: Final[dict[str, Any]] = {
    **dict.fromkeys(("device_no", "absence_id", "kind", "payer", "device_class", "after")),
    "current": False,
    "limit": 200,
}


async def list_absences(work: Work, query: AbsenceQuery) -> Page[AbsenceRecord]:
    """A page of absences, newest first."""
    after = decode_cursor(query.cursor, tuple[int])
    filters = query.model_dump(exclude={"cursor", "limit"})
    rows = await _rows(work, **filters, after=after[0] if after else None, limit=query.limit + 1)
    page, cursor = cut(rows, query.limit, lambda row: (row["absence_id"],))
    await work.record("absences.read", devices=sorted({row["device_no"] for row in page}))
    return Page(items=list(map(_record, page)), next_cursor=cursor)


async def register(work: Work, device_id: str, asked: NewAbsence) -> AbsenceRecord:
    """Registers an absence of the open loan.

    Raises:
        Problem: no such device in the caller's scope, or the days cannot be so.
    """
    device = await fetch_one(work.connection, _SQL["device"], {"device_id": device_id})
    if device is None:
        raise not_found(_THE_DEVICE)
    absence_id, _ = await note(work, device, Away(asked.kind, asked.from_day, asked.until_day))
    await work.record("absence.register", device["device_no"], absence_id=absence_id, kind=asked.kind)
    return _record(await _one(work, absence_id))


async def note(work: Work, device: Row, away: Away) -> tuple[int, bool]:
    """Writes an absence without an audit line; its number, and whether it is new. Also used by the import.

    Args:
        work: of the caller.
        device: with device_no, device_class, loan_id and loan_started_at.
        away: the days.

    Raises:
        Problem: the days cannot be so.
    """
    started = device["loan_started_at"]
    refusal = absence_problem(away, None if started is None else local_day(started), local_day(work.now))
    if refusal is not None:
        raise refused(refusal)
    days = {"loan_id": device["loan_id"], "kind": away.kind, "first": away.first, "until": away.until}
    same = await fetch_one(work.connection, _SQL["same"], days)
    if same is not None:
        return int(same["absence_id"]), False
    pause = await _pause(work, device, away)
    about = {"device_no": device["device_no"], "by": work.caller.name, "now": work.now, "dose_absence_id": pause}
    [row] = await fetch_all(work.connection, _SQL["register"], {**days, **about})
    return int(row["absence_id"]), True


async def end(work: Work, absence_id: int, asked: EndAsked) -> AbsenceRecord:
    """Says which day was the last one away.

    Raises:
        Problem: no such absence in the caller's scope; it is over already; the day is before it began or lies ahead of
            what was registered.
    """
    row = await _one(work, absence_id)
    today = local_day(work.now)
    away = Away(AbsenceKind(row["kind"]), row["from_day"], row["until_day"])
    until = asked.until_day or last_day(away, today)
    if (until - today).days > FURTHEST_DAYS:
        raise refused(_CANNOT_END)
    if not await execute(work.connection, _SQL["end"], {"absence_id": absence_id, "until": until}):
        raise refused(_CANNOT_END)
    back = asked.until_day is None or until < today
    await _end_pause(work, row, work.now if back else midnight(until + timedelta(days=1)))
    await work.record("absence.end", row["device_no"], absence_id=absence_id, until_day=until)
    return _record(await _one(work, absence_id))


async def withdraw(work: Work, absence_id: int, asked: WithdrawAsked) -> AbsenceRecord:
    """Takes an absence back that was wrong.

    Raises:
        Problem: no such absence in the caller's scope, or it is withdrawn already.
    """
    row = await _one(work, absence_id)
    if not await execute(work.connection, _SQL["withdraw"], {"absence_id": absence_id, "now": work.now}):
        raise refused(_WITHDRAWN)
    await _end_pause(work, row, work.now)
    await work.record("absence.withdraw", row["device_no"], absence_id=absence_id, why=asked.why)
    return _record(await _one(work, absence_id))


def refused(refusal: Refusal) -> Problem:
    """An absence that cannot be so."""
    title = Text("Frånvaron går inte att registrera så", "The absence cannot be registered so")
    return Problem(HTTPStatus.CONFLICT, "absence_refused", title, refusal.reason)


def keeps_doses(work: Work, device: Row) -> bool:
    """Whether the caller may tell this device's dose alarms that its user is away."""
    heard = Audience.CARE in work.caller.audiences
    return device["device_class"] == _DISPENSER and heard and may(work.caller.role, Right.KEEP_DOSES)


async def _pause(work: Work, device: Row, away: Away) -> int | None:
    pause = pause_of(away, work.now) if keeps_doses(work, device) else None
    if pause is None:
        return None
    number = {"device_no": device["device_no"], "now": work.now}
    row = await fetch_one(work.connection, _SQL["open_pause"], number)
    if row is None:
        values = {**number, "reason": DOSE_REASONS[away.kind], "starts": pause.starts, "ends": pause.ends}
        row = await fetch_one(work.connection, _SQL["begin_pause"], {**values, "by": work.caller.name})
    return None if row is None else int(row["absence_id"])


async def _end_pause(work: Work, row: Row, ends: datetime) -> None:
    if row["dose_absence_id"] is not None:
        if not keeps_doses(work, row):
            raise refused(_NOT_YOURS)
        values = {"dose_absence_id": row["dose_absence_id"], "ends": ends, "by": work.caller.name}
        await execute(work.connection, _SQL["end_pause"], values)


async def _rows(work: Work, **filters: Any) -> list[Row]:  # noqa: ANN401 - SQL parameters
    parameters = {**_NO_FILTER, "today": local_day(work.now), **filters}
    return await fetch_all(work.connection, _SQL["absences"], parameters)


async def _one(work: Work, absence_id: int) -> Row:
    rows = await _rows(work, absence_id=absence_id, limit=1)
    if not rows:
        raise not_found(_THE_ABSENCE)
    return rows[0]


def _record(row: Row) -> AbsenceRecord:
    kind = AbsenceKind(row["kind"])
    return AbsenceRecord(
        **{name: row[name] for name in AbsenceRecord.model_fields if name in row},
        payer=row["payer_code"],
        kind_words=BilingualText.of(WORDS[kind]),
        dose_alarms_rest=row["dose_absence_id"] is not None,
        meaning=BilingualText.of(_meaning(row, WORDS[kind])),
    )


def _meaning(row: Row, kind: Text) -> Text:
    first, until = row["from_day"].isoformat(), row["until_day"]
    days = Text(f"från {first}", f"from {first}") if until is None else Text(f"{first}–{until}", f"{first}–{until}")
    if row["withdrawn_at"] is not None:
        return Text(f"Återtagen: borta {days.sv} ({kind.sv}) gäller inte.", f"Withdrawn: away {days.en} is not so.")
    said = Text(f"Borta {days.sv} ({kind.sv}).", f"Away {days.en} ({kind.en}).")
    if row["device_class"] != _DISPENSER:
        return said
    if row["dose_absence_id"] is None:
        return Text(
            f"{said.sv} Doslarmen vilar INTE: det anger den som sköter doserna.",
            f"{said.en} Dose alarms do NOT rest: whoever keeps the doses must say so.",
        )
    rests = Text(
        "Doslarmen vilar tills någon säger att brukaren är tillbaka.",
        "Dose alarms rest until somebody says that the user is back.",
    )
    if until is not None:
        rests = Text(
            "Doslarmen vilar till och med den dagen; sedan ska rullen kontrolleras.",
            "Dose alarms rest until that day is over; then the roll is to be verified.",
        )
    return Text(f"{said.sv} {rests.sv}", f"{said.en} {rests.en}")


_THE_DEVICE: Final = Text("Hjälpmedlet", "The device")
_THE_ABSENCE: Final = Text("Frånvaron", "The absence")
_CANNOT_END: Final = Refusal(
    Text(
        "Frånvaron är redan slut, återtagen, eller börjar efter den dagen; återta den om den är fel.",
        "The absence is over or withdrawn, or begins after that day; withdraw it if it is wrong.",
    )
)
_WITHDRAWN: Final = Refusal(Text("Frånvaron är redan återtagen.", "The absence is withdrawn already."))
_NOT_YOURS: Final = Refusal(
    Text(
        "Doslarmen vilar för frånvaron; den som sköter doserna avslutar den.",
        "Dose alarms rest for this absence; whoever keeps the doses ends it.",
    )
)
