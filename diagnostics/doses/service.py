"""Decides what is shown of doses, and enters schedules, absences and verified rolls."""

from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Any, Final

import psycopg

from diagnostics.absences.doses import end_with_doses, follow_doses
from diagnostics.doses.schemas import (
    AbsenceItem,
    DeviceDoses,
    DoseItem,
    NewAbsence,
    NewSchedule,
    ScheduleItem,
    Unsupervised,
    UnsupervisedItem,
)
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.work import Work
from fleet.doses import Absence, Schedule, ScheduleError, Standing, standing
from fleet.text import Text

_SQL: Final = room(__file__)
SHOWN: Final = timedelta(days=14)
_MOST: Final = 200
_CLASS: Final = "dispenser"
_PAST_ALLOWED: Final = timedelta(minutes=1)


async def show(work: Work, device_id: str) -> DeviceDoses:
    """The doses of two weeks, the schedules and absences of one machine.

    Raises:
        Problem: no such machine in the caller's scope.
    """
    device = await _device(work, device_id)
    shown = await _shown(work, device)
    await work.record("doses.read", device["device_no"])
    return shown


async def unsupervised(work: Work) -> Unsupervised:
    """Machines on loan that no schedule is known for."""
    rows = await fetch_all(work.connection, _SQL["unsupervised"], {"limit": _MOST})
    await work.record("doses.unsupervised", devices=[row["device_id"] for row in rows])
    return Unsupervised(items=[UnsupervisedItem(**row) for row in rows])


async def enter_schedule(work: Work, device_id: str, new: NewSchedule) -> DeviceDoses:
    """Enters a schedule, which the machine fetches and tells the number of.

    Raises:
        Problem: no such machine on loan in the caller's scope, a schedule that cannot be followed, one that begins in
            the past, or a version that has been used.
    """
    device = await _device(work, device_id)
    _on_loan(device)
    valid_from = new.valid_from or work.now
    if valid_from < work.now - _PAST_ALLOWED:
        raise _in_the_past()
    schedule = _schedule(new, valid_from)
    values = {
        "device_no": device["device_no"],
        "version": schedule.version,
        "times": list(schedule.times),
        "weekdays": sorted(schedule.weekdays),
        "late_minutes": schedule.late_minutes,
        "unknown_minutes": schedule.unknown_minutes,
        "valid_from": valid_from,
        "by": work.caller.name,
    }
    try:
        async with work.connection.transaction():
            await execute(work.connection, _SQL["enter_schedule"], values)
    except psycopg.errors.UniqueViolation:
        raise _version_used() from None
    await work.record("doses.schedule", device["device_no"], version=schedule.version, times=new.times)
    return await _shown(work, device)


async def start_absence(work: Work, device_id: str, new: NewAbsence) -> DeviceDoses:
    """Says that the user is away; asking twice changes nothing.

    Raises:
        Problem: no such machine on loan in the caller's scope.
    """
    shown = await _enter(work, device_id, "start_absence", "doses.absence_start", reason=new.reason)
    await follow_doses(work, device_id, new.reason)
    return shown


async def end_absence(work: Work, device_id: str) -> DeviceDoses:
    """Says that the user is back; supervision goes on when the roll has been verified.

    Raises:
        Problem: no such machine on loan in the caller's scope.
    """
    shown = await _enter(work, device_id, "end_absence", "doses.absence_end")
    await end_with_doses(work, device_id)
    return shown


async def verify_roll(work: Work, device_id: str) -> DeviceDoses:
    """Says that the roll in the machine is the right one for its user.

    Raises:
        Problem: no such machine on loan in the caller's scope.
    """
    return await _enter(work, device_id, "verify_roll", "doses.roll_verified")


async def _enter(work: Work, device_id: str, statement: str, action: str, **values: Any) -> DeviceDoses:  # noqa: ANN401
    device = await _device(work, device_id)
    _on_loan(device)
    common = {"device_no": device["device_no"], "at": work.now, "by": work.caller.name}
    await execute(work.connection, _SQL[statement], {**common, **values})
    await work.record(action, device["device_no"], **values)
    return await _shown(work, device)


async def _device(work: Work, device_id: str) -> Row:
    row = await fetch_one(work.connection, _SQL["device"], {"device_id": device_id})
    if row is None or row["device_class"] != _CLASS:
        raise not_found(Text("Läkemedelsautomaten", "The dispenser"))
    return row


async def _shown(work: Work, device: Row) -> DeviceDoses:
    number = {"device_no": device["device_no"]}
    schedules = await fetch_all(work.connection, _SQL["shown_schedules"], number)
    absences = await fetch_all(work.connection, _SQL["shown_absences"], number)
    verified = await fetch_one(work.connection, _SQL["last_verification"], number)
    verified_at = verified["verified_at"] if verified else None
    period = {"start": work.now - SHOWN, "end": work.now + timedelta(minutes=1), "limit": _MOST}
    doses = await fetch_all(work.connection, _SQL["shown_doses"], {**number, **period})
    where, since = standing([Absence(row["started_at"], row["ended_at"]) for row in absences], verified_at, work.now)
    return DeviceDoses(
        device_id=device["device_id"],
        held=device["held"],
        supervised=any(_holds(row, device, work.now) for row in schedules),
        standing=where.value,
        standing_since=None if where is Standing.PRESENT else since,
        schedules=[ScheduleItem(**row) for row in schedules],
        absences=[AbsenceItem(**row) for row in absences],
        roll_verified_at=verified_at,
        doses=[DoseItem(**row) for row in doses],
    )


def _holds(schedule: Row, device: Row, now: datetime) -> bool:
    began = device["loan_started_at"]
    return began is not None and began <= schedule["valid_from"] <= now


def _schedule(new: NewSchedule, valid_from: datetime) -> Schedule:
    try:
        return Schedule(
            version=new.version,
            times=tuple(time.fromisoformat(wall) for wall in new.times),
            weekdays=frozenset(new.weekdays),
            late_minutes=new.late_minutes,
            unknown_minutes=new.unknown_minutes,
            valid_from=valid_from,
        )
    except ScheduleError:
        raise _not_followable() from None


def _on_loan(device: Row) -> None:
    if device["loan_started_at"] is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "not_on_loan",
            Text("Automaten är inte uthyrd", "The dispenser is not on loan"),
            Text("Ett schema hör till en uthyrning.", "A schedule belongs to a loan."),
        )


def _not_followable() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "schedule_wrong",
        Text("Schemat går inte att följa", "The schedule cannot be followed"),
        Text("Ange olika klockslag, det tidigaste först.", "Give different times of day, the earliest first."),
    )


def _in_the_past() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "schedule_in_the_past",
        Text("Schemat börjar i det förflutna", "The schedule begins in the past"),
        Text("Låt det gälla från nu eller senare.", "Let it hold from now or later."),
    )


def _version_used() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "version_used",
        Text("Versionen är redan använd", "The version has been used"),
        Text("Ge schemat ett högre nummer än alla tidigare.", "Give the schedule a higher number than all before."),
    )
