"""Puts a device's passport together, and ends a loan at return."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Final

from diagnostics.passport.schemas import FaultLine, Passport, ReturnAsked, Returned
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, formatted, room
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.faults import Severity
from fleet.passport import CYCLES, DISTANCE, HEALTH, HOURS, STORAGE, Advice, Facts, PassportFault, Verdict, judge
from fleet.plumbing.store.tables import reading_view
from fleet.signals import Audience
from fleet.text import Text

_SQL: Final = room(__file__)
_THE_DEVICE: Final = Text("Hjälpmedlet", "The device")
_COLD_DAYS: Final = timedelta(days=90)
ADVICE_WORDS: Final = {
    Advice.RECONDITION: Text("Rekonditionera", "Recondition"),
    Advice.PARTS: Text("Ta vara på reservdelar", "Harvest parts"),
    Advice.SCRAP: Text("Skrota", "Scrap"),
    Advice.UNKNOWN: Text("Kan inte bedömas: prova i verkstaden", "Cannot be judged: test it in the workshop"),
}


async def show_passport(work: Work, device_id: str) -> Passport:
    """The passport of a device, from what the caller may see of its life.

    Raises:
        Problem: no such device in the caller's scope.
    """
    today = local_day(work.now)
    row = await _device(work, device_id, today)
    facts = await _facts(work, row)
    await work.record("passport.read", row["device_no"])
    return _passport(row, facts, judge(facts, today), today)


async def hand_back(work: Work, device_id: str, asked: ReturnAsked) -> Returned:
    """Ends the open loan: in one transaction its personal part is sealed, alarms are settled, commands cancelled.

    Raises:
        Problem: no such device in the caller's scope, or nobody borrows it.
    """
    row = await _device(work, device_id, local_day(work.now))
    if not await execute(work.connection, _SQL["hand_back"], {"device_no": row["device_no"], "now": work.now}):
        raise _not_on_loan()
    await work.record("device.return", row["device_no"], why=asked.why)
    return Returned(device_id=device_id, held=row["held"], ended_at=work.now)


async def _device(work: Work, device_id: str, today: date) -> Row:
    row = await fetch_one(work.connection, _SQL["device"], {"device_id": device_id, "today": today})
    if row is None:
        raise not_found(_THE_DEVICE)
    return row


async def _facts(work: Work, row: Row) -> Facts:
    values = row["metric_values"] or {}
    faults = await fetch_all(work.connection, _SQL["faults"], {"device_no": row["device_no"]})
    return Facts(
        device_class=row["device_class"],
        registered_on=local_day(row["registered_at"]),
        hours=_first(values, HOURS),
        kilometres=_first(values, DISTANCE),
        cycles=_first(values, CYCLES),
        battery_health=_first(values, HEALTH),
        coldest=await _coldest(work, row),
        faults=tuple(map(_fault, faults)),
        repairs=row["repairs"],
        firmware=row["firmware"],
        rent_sek=row["rent_sek"],
    )


async def _coldest(work: Work, row: Row) -> float | None:
    """The lowest temperature around the device, where its class measures one."""
    if row["device_class"] not in work.registry or Audience.TECHNICAL not in work.caller.audiences:
        return None
    metrics = {metric.key: metric for metric in work.registry[row["device_class"]].metrics}
    metric = next((metrics[key] for key in STORAGE if key in metrics), None)
    if metric is None:
        return None
    view = reading_view(row["device_class"], Audience.TECHNICAL)
    statement = formatted(_SQL["coldest"], column=metric.column, view=view)
    found = await fetch_one(work.connection, statement, {"device_no": row["device_no"], "since": work.now - _COLD_DAYS})
    return None if found is None else found["coldest"]


def _first(values: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    return next((float(values[key][0]) for key in keys if key in values), None)


def _fault(row: Row) -> PassportFault:
    title = Text(row["title_sv"] or row["code"], row["title_en"] or row["code"])
    severity = None if row["severity"] is None else Severity(row["severity"])
    return PassportFault(row["code"], title, severity, row["times"], row["active"])


def _passport(row: Row, facts: Facts, verdict: Verdict, today: date) -> Passport:
    return Passport(
        **{name: row[name] for name in Passport.model_fields if name in row and name != "repairs"},
        model=row["model_name"],
        made_on=today,
        registered_on=facts.registered_on,
        last_seen=row["last_seen_at"],
        running_hours=facts.hours,
        distance_km=facts.kilometres,
        charge_cycles=facts.cycles,
        battery_health_percent=facts.battery_health,
        coldest_celsius=facts.coldest,
        faults=[
            FaultLine(
                code=fault.code,
                title=BilingualText.of(fault.title),
                severity=fault.severity,
                times=fault.times,
                active=fault.active,
            )
            for fault in facts.faults
        ],
        repairs=facts.repairs,
        advice=verdict.advice,
        advice_words=BilingualText.of(ADVICE_WORDS[verdict.advice]),
        worn=verdict.worn,
        remaining_months=verdict.remaining_months,
        value_at_stake_sek=verdict.value_sek,
        reasons=[BilingualText.of(reason) for reason in verdict.reasons],
        unknown=[BilingualText.of(name) for name in verdict.unknown],
    )


def _not_on_loan() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "not_on_loan",
        Text("Hjälpmedlet är inte uthyrt", "The device is not on loan"),
        Text("Det finns ingen uthyrning att avsluta.", "There is no loan to end."),
    )
