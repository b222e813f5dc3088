"""Doses as they are expected: a schedule in Swedish local time, and what has become of each dose, from values only.

A dose is known by its place in the schedule and by nothing else: no metric, event or column names a medicine. Taken,
missed and unknown are three answers; a machine out of reach across a due time makes a dose *unknown*, never taken.
Windows: domain.md 4.2 (5 minutes to 5 hours in shipped products), the three states: domain.md 4.5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from fleet.clock import STOCKHOLM, aware
from fleet.errors import FjarrkollError

MOST_DOSES: Final = 28
"""Careousel can be set to 28 alarms a day (domain.md 4.2, S57)."""
EVERY_DAY: Final = frozenset(range(7))
TELLING: Final = timedelta(seconds=60)
"""How long the machine's own report of a missed dose, or of what it had stored up, is waited for."""
CONTACT: Final = timedelta(seconds=180)
"""A machine heard within three heartbeats is in contact (reliability.md G10)."""
LATE: Final = timedelta(minutes=15)
"""What becomes known so long after it happened is marked as late."""
LONGEST_CLOCK: Final = timedelta(minutes=300 + 240) + TELLING
"""From due until the latest moment at which any schedule lets a dose become unknown."""
_EARLIEST: Final = timedelta(hours=5)
_DIGITS: Final = 100
_FIRST_SEQUENCE: Final = 1900_01_01_00
"""A smaller number is a machine's own counting, in which we cannot find a dose; its time decides."""


class ScheduleError(FjarrkollError):
    """A schedule that cannot be followed; the sentence says what to mend."""


class Outcome(StrEnum):
    """What is known of one dose."""

    WAITING = "waiting"
    TAKEN = "taken"
    MISSED = "missed"
    UNKNOWN = "unknown"
    PAUSED = "paused"


class Standing(StrEnum):
    """Whether the user is there to take doses, and whether the roll in the machine is known to be right."""

    PRESENT = "present"
    AWAY = "away"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When doses are due, by the wall clock in Europe/Stockholm.

    Attributes:
        version: running number of the schedule, which the machine tells as `schedule.version`.
        times: wall clock times of a day, rising.
        weekdays: 0 Monday to 6 Sunday.
        valid_from: doses due before are none of this schedule's.
        late_minutes: how long a dose waits in the machine before it is missed (5 to 300, domain.md 4.2).
        unknown_minutes: how much longer a dose of a machine out of reach is waited for; unknown is told later than
            missed and sooner than a technical fault (domain.md 4.5).

    Raises:
        ScheduleError: it cannot be followed.
    """

    version: int
    times: tuple[time, ...]
    valid_from: datetime
    weekdays: frozenset[int] = EVERY_DAY
    late_minutes: int = 60
    unknown_minutes: int = 15

    def __post_init__(self) -> None:
        aware(self.valid_from)
        if not 1 <= len(self.times) <= MOST_DOSES or list(self.times) != sorted(set(self.times)):
            raise ScheduleError(f"give 1 to {MOST_DOSES} different times of day, the earliest first")
        if any(moment.tzinfo or moment.second or moment.microsecond for moment in self.times):
            raise ScheduleError("times are whole minutes of the Swedish wall clock, without a zone")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ScheduleError("weekdays are numbers from 0 (Monday) to 6 (Sunday), at least one")
        if not 5 <= self.late_minutes <= 300 or not 0 <= self.unknown_minutes <= 240:
            raise ScheduleError("late_minutes is 5 to 300 and unknown_minutes 0 to 240")
        if self.version < 1:
            raise ScheduleError("the version is a running number from 1")

    @property
    def missed_after(self) -> timedelta:
        """From due until a machine in contact that told nothing is taken to say: missed."""
        return timedelta(minutes=self.late_minutes) + TELLING

    @property
    def unknown_after(self) -> timedelta:
        """From due until the dose of a machine out of reach is unknown."""
        return self.missed_after + timedelta(minutes=self.unknown_minutes)


@dataclass(frozen=True, slots=True)
class Due:
    """One expected dose: its sequence number, the instant it is due, and when silence about it becomes an answer."""

    sequence: int
    at: datetime
    missed_at: datetime
    unknown_at: datetime


def sequence_of(day: date, place: int) -> int:
    """The number of the dose at a place (from 1) of a local day: 2026-11-28, second dose: 20261128_02.

    Machine and platform work it out alike from the schedule, so nothing has to be agreed on, it never repeats, and it
    rises with time across every change of schedule.
    """
    return (day.year * 10_000 + day.month * 100 + day.day) * _DIGITS + place


def due_at(day: date, wall: time) -> datetime:
    """The instant at which the wall clock shows `wall` on `day`.

    Of an hour that the clock shows twice it is the first: the dose is given once. An hour that is skipped is that much
    later by the wall clock, which is the same time since the dose before.
    """
    return datetime.combine(day, wall, STOCKHOLM).astimezone(UTC)


def due_between(schedule: Schedule, start: datetime, end: datetime) -> list[Due]:
    """Doses of a schedule due from `start` (and not before it is valid) to before `end`, in order of time."""
    begin = max(aware(start), schedule.valid_from)
    day, last = begin.astimezone(STOCKHOLM).date() - timedelta(days=1), aware(end).astimezone(STOCKHOLM).date()
    missed_after, unknown_after = schedule.missed_after, schedule.unknown_after
    found: list[Due] = []
    while day <= last:
        if day.weekday() in schedule.weekdays:
            for place, wall in enumerate(schedule.times, start=1):
                at = due_at(day, wall)
                if begin <= at < end:
                    found.append(Due(sequence_of(day, place), at, at + missed_after, at + unknown_after))
        day += timedelta(days=1)
    return sorted(found, key=lambda due: (due.at, due.sequence))


def expected(schedules: Sequence[Schedule], start: datetime, end: datetime) -> list[Due]:
    """Doses of schedules that follow each other; each holds until the next is valid."""
    ordered = sorted(schedules, key=lambda schedule: (schedule.valid_from, schedule.version))
    found: list[Due] = []
    for number, schedule in enumerate(ordered):
        until = ordered[number + 1].valid_from if number + 1 < len(ordered) else end
        found.extend(due_between(schedule, start, min(end, until)))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What a machine or a person said about a dose.

    Attributes:
        taken: taken, by the user or with help of staff; otherwise missed.
        at, known_at: when it happened by the machine's clock, and when the platform heard of it.
        sequence: the dose's number, None where the machine tells none; then its time decides.
    """

    taken: bool
    at: datetime
    known_at: datetime
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose and what is known of it.

    Attributes:
        since: from when the outcome holds: the machine's word, or the deadline that silence passed.
        told: whether the machine said so; False for what silence says.
        late: it became known so long after it happened that it must not ring as new.
        settled: the user has left since, so that nobody is to be called about it any more.
    """

    sequence: int
    due_at: datetime
    outcome: Outcome
    since: datetime
    told: bool = False
    late: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What is known of the line to the machine.

    Attributes:
        last_seen: when the platform last heard from it; None: never.
        online_at: when it last said that it was connected; what it had stored up may still be on its way.
        known_until: up to when everything that arrived has been stored: the ingest watermark, or now where it is ahead.
            Our own lag is never taken for a machine's silence.
    """

    last_seen: datetime | None
    online_at: datetime | None
    known_until: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """A time the user is away; `ended_at` None while it lasts."""

    started_at: datetime
    ended_at: datetime | None = None


def standing(absences: Iterable[Absence], verified_at: datetime | None, now: datetime) -> tuple[Standing, datetime]:
    """Where the user stands and since when: after an absence the roll must be verified before doses are supervised.

    Args:
        absences: every absence known, in any order.
        verified_at: when somebody last said that the roll is the right one.
        now: the moment asked about.
    """
    began = [absence for absence in absences if absence.started_at <= aware(now)]
    away = [a.started_at for a in began if a.ended_at is None or a.ended_at > now]
    if away:
        return Standing.AWAY, min(away)
    ended = [a.ended_at for a in began if a.ended_at is not None]
    if ended and (verified_at is None or verified_at < max(ended)):
        return Standing.UNVERIFIED, max(ended)
    return Standing.PRESENT, verified_at or datetime.min.replace(tzinfo=UTC)


def paused_at(moment: datetime, absences: Iterable[Absence], verifications: Sequence[datetime]) -> bool:
    """Whether a dose due at a moment was not to be supervised: the user away, or the roll not yet verified after it."""
    for absence in absences:
        if absence.started_at > moment:
            continue
        after = [at for at in verifications if absence.ended_at is not None and at >= absence.ended_at]
        if not after or min(after) > moment:
            return True
    return False


def match(dues: Sequence[Due], told: Iterable[Told]) -> dict[int, Told]:
    """What was said of each dose, by sequence number or, without one, by the nearest due time whose window it is in.

    Taken beats missed, whichever was said first: a dose that was locked away and then given by staff is taken.
    """
    by_number = {due.sequence: due for due in dues}
    best: dict[int, Told] = {}
    for word in told:
        number = word.sequence if word.sequence in by_number else None
        if number is None and (word.sequence is None or word.sequence < _FIRST_SEQUENCE):
            near = [due for due in dues if due.at - _EARLIEST <= word.at <= due.unknown_at]
            number = min(near, key=lambda due: abs(due.at - word.at)).sequence if near else None
        if number is None:
            continue
        known = best.get(number)
        if known is None or (word.taken, known.at) > (known.taken, word.at):
            best[number] = word
    return best


def judge(
    due: Due, told: Told | None, before: Outcome | None, contact: Contact, *, paused: bool
) -> tuple[Dose, datetime | None]:
    """What is known of one dose, and when to look again where nothing new is heard; None: never.

    Args:
        due: the dose.
        told: what was said of it.
        before: what was concluded at the last look. What silence has said stays until somebody says otherwise.
        contact: the line to the machine.
        paused: whether the dose is not to be supervised.
    """
    if told is not None:
        outcome = Outcome.TAKEN if told.taken else Outcome.MISSED
        late = told.known_at - told.at > LATE or (before is Outcome.UNKNOWN)
        return Dose(sequence=due.sequence, due_at=due.at, outcome=outcome, since=told.at, told=True, late=late), None
    if paused:
        return _silent(due, Outcome.PAUSED, due.at), None
    if before in {Outcome.MISSED, Outcome.UNKNOWN}:
        return _silent(due, before, due.missed_at if before is Outcome.MISSED else due.unknown_at), None
    return _by_silence(due, contact)


def _by_silence(due: Due, contact: Contact) -> tuple[Dose, datetime | None]:
    known, heard = contact.known_until, contact.last_seen
    if known < due.missed_at:
        return _silent(due, Outcome.WAITING, due.at), due.missed_at
    if heard is not None and heard >= due.missed_at - CONTACT:
        emptied = due.missed_at if contact.online_at is None else contact.online_at + TELLING
        if known >= min(emptied, due.unknown_at) or emptied <= due.missed_at:
            return _silent(due, Outcome.MISSED, due.missed_at), None
        return _silent(due, Outcome.WAITING, due.at), min(emptied, due.unknown_at)
    if known < due.unknown_at:
        return _silent(due, Outcome.WAITING, due.at), due.unknown_at
    return _silent(due, Outcome.UNKNOWN, due.unknown_at), None


def _silent(due: Due, outcome: Outcome, since: datetime) -> Dose:
    return Dose(sequence=due.sequence, due_at=due.at, outcome=outcome, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """Everything known of one machine's doses.

    Attributes:
        schedules: those of the open loan, at least one.
        told: what was said in the period looked at.
        before: sequence number to what was concluded at the last look.
        verifications: when somebody said that the roll is the right one.
    """

    schedules: Sequence[Schedule]
    told: Sequence[Told]
    before: Mapping[int, Outcome]
    absences: Sequence[Absence]
    verifications: Sequence[datetime]
    contact: Contact


@dataclass(frozen=True, slots=True)
class Doses:
    """The doses looked at, oldest first; the next one due; when to look again."""

    doses: tuple[Dose, ...]
    next_due: datetime | None
    look_at: datetime | None


def supervise(supervision: Supervision, start: datetime, now: datetime) -> Doses:
    """Judges every dose due from `start` to now.

    Args:
        supervision: what is known.
        start: doses due before are settled and not looked at.
        now: the moment of judgement.
    """
    dues = expected(supervision.schedules, start, aware(now))
    said = match(dues, supervision.told)
    left = max((a.started_at for a in supervision.absences if a.started_at <= now), default=None)
    doses: list[Dose] = []
    looks: list[datetime] = []
    for due in dues:
        paused = paused_at(due.at, supervision.absences, supervision.verifications)
        dose, look = judge(
            due, said.get(due.sequence), supervision.before.get(due.sequence), supervision.contact, paused=paused
        )
        doses.append(replace(dose, settled=True) if left is not None and due.at < left else dose)
        looks.extend([] if look is None else [look])
    ahead = expected(supervision.schedules, now, now + timedelta(days=8))
    next_due = ahead[0].at if ahead else None
    if ahead:
        looks.append(ahead[0].missed_at)
    edges = [edge for absence in supervision.absences for edge in (absence.started_at, absence.ended_at)]
    looks.extend(edge for edge in edges if edge is not None and edge > now)
    return Doses(tuple(doses), next_due, min(looks) if looks else None)
