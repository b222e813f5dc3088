"""Reads what is known of many machines' doses, has them judged, keeps the outcomes; in the judge's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.queries import Row, execute, fetch_all, room
from fleet.clock import from_milliseconds
from fleet.doses import (
    Absence,
    Contact,
    Doses,
    Outcome,
    Schedule,
    Standing,
    Supervision,
    Told,
    standing,
    supervise,
)
from fleet.plumbing.database import Connection

_SQL: Final = room(__file__)
LOOKED_AT: Final = timedelta(hours=48)
"""Doses due longer ago are settled, unless an open alarm is about them."""
_OLDEST: Final = timedelta(days=30)
TAKEN_EVENTS: Final = frozenset({"dose_taken", "dose_early_release", "staff_override"})
MISSED_EVENTS: Final = frozenset({"dose_missed", "dose_locked_away"})
MISSED_FAULT: Final = "MED-DOS-01"
"""How machines that send faults where others send events say that a dose was missed."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """One machine's doses as rules see them.

    Attributes:
        doses: None where no schedule is known.
        standing: whether the user is there, and since when.
        schedule: version in force and when it was entered.
    """

    doses: Doses | None
    standing: tuple[Standing, datetime] | None
    schedule: tuple[int, datetime] | None


async def supervise_all(
    connection: Connection, rows: Sequence[Row], known_until: datetime, now: datetime
) -> dict[int, Supervised]:
    """Judges the doses of machines and keeps what is new.

    Args:
        connection: inside the transaction that judges them.
        rows: rows of the query `states`; those of machines that have doses.
        known_until: the ingest watermark, or now where that is earlier.
        now: the database's clock.
    """
    starts = {row["device_no"]: _start(row, now) for row in rows}
    if not starts:
        return {}
    parameters = {
        "devices": list(starts),
        "start": min(starts.values()) - timedelta(days=1),
        "events": sorted(TAKEN_EVENTS | MISSED_EVENTS),
    }
    found = {name: _by_device(await fetch_all(connection, _SQL[name], parameters)) for name in _QUERIES}
    done: dict[int, Supervised] = {}
    for row in rows:
        number = row["device_no"]
        mine = {name: by_device[number] for name, by_device in found.items()}
        done[number] = await _one(connection, row, mine, starts[number], known_until, now)
    return done


_QUERIES: Final = ("schedules", "told", "before", "absences", "verifications")


async def _one(  # noqa: PLR0913, PLR0917 - what one machine's judgement needs
    connection: Connection,
    row: Row,
    mine: Mapping[str, list[Row]],
    start: datetime,
    known_until: datetime,
    now: datetime,
) -> Supervised:
    absences = [*_absences(mine["absences"]), *_absence_told(row["latest_events"])]
    verifications = [entry["verified_at"] for entry in mine["verifications"]]
    where = standing(absences, max(verifications, default=None), now)
    if not mine["schedules"]:
        return Supervised(None, where, None)
    before = {entry["sequence"]: Outcome(entry["outcome"]) for entry in mine["before"]}
    supervision = Supervision(
        schedules=[schedule_of(entry) for entry in mine["schedules"]],
        told=[*(_told(entry) for entry in mine["told"]), *_told_by_fault(row["faults"])],
        before=before,
        absences=absences,
        verifications=verifications,
        contact=Contact(last_seen=row["last_seen_at"], online_at=row["online_at"], known_until=known_until),
    )
    doses = supervise(supervision, start, now)
    await _keep(connection, row["device_no"], doses, now)
    in_force = [entry for entry in mine["schedules"] if entry["valid_from"] <= now]
    schedule = (in_force[-1]["version"], in_force[-1]["entered_at"]) if in_force else None
    return Supervised(doses, where, schedule)


async def _keep(connection: Connection, device_no: int, doses: Doses, now: datetime) -> None:
    known = [dose for dose in doses.doses if dose.outcome is not Outcome.WAITING]
    if known:
        parameters = {
            "device_no": device_no,
            "now": now,
            "sequences": [dose.sequence for dose in known],
            "dues": [dose.due_at for dose in known],
            "outcomes": [str(dose.outcome) for dose in known],
            "sinces": [dose.since for dose in known],
            "told": [dose.told for dose in known],
            "late": [dose.late for dose in known],
        }
        await execute(connection, _SQL["keep"], parameters)


def _start(row: Row, now: datetime) -> datetime:
    """From when doses are looked at: two days back, or further where an open alarm is about an older one."""
    opened = [from_milliseconds(int(entry[2])) for rule, entry in row["alarms"].items() if entry[0] and "dose" in rule]
    oldest = min([now - LOOKED_AT, *(moment - timedelta(hours=6) for moment in opened)])
    return max(oldest, now - _OLDEST)


def schedule_of(row: Mapping[str, Any]) -> Schedule:
    """A schedule as it is stored."""
    return Schedule(
        version=row["version"],
        times=tuple(row["times"]),
        weekdays=frozenset(row["weekdays"]),
        late_minutes=row["late_minutes"],
        unknown_minutes=row["unknown_minutes"],
        valid_from=row["valid_from"],
    )


def _told(row: Row) -> Told:
    number = row["sequence"]
    whole = isinstance(number, int | float) and not isinstance(number, bool) and float(number).is_integer()
    sequence = int(number) if whole else None
    return Told(row["event"] in TAKEN_EVENTS, row["ts"], row["received_at"], sequence)


def _told_by_fault(faults: Mapping[str, Any]) -> list[Told]:
    since = faults.get(MISSED_FAULT)
    if since is None:
        return []
    at = from_milliseconds(int(since))
    return [Told(taken=False, at=at, known_at=at)]


def _absences(rows: Iterable[Row]) -> list[Absence]:
    return [Absence(row["started_at"], row["ended_at"]) for row in rows]


def _absence_told(events: Mapping[str, Any]) -> list[Absence]:
    """The latest absence that was entered on the machine itself."""
    started, ended = events.get("absence_started"), events.get("absence_ended")
    if started is None:
        return []
    over = from_milliseconds(int(ended)) if ended is not None and int(ended) > int(started) else None
    return [Absence(from_milliseconds(int(started)), over)]


def _by_device(rows: Iterable[Row]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["device_no"]].append(row)
    return grouped
