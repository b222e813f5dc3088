"""Every dose's deadline at due + grace, against an oracle that knows nothing of time zones but the clock on the wall.

`python -m tests.unit.alarms.test_dose_deadlines 100000` runs as many schedules as one likes; CI runs a thousand.
"""

import json
import random
import sys
import time as time_of_day
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import STOCKHOLM
from fleet.doses import (
    Absence,
    Contact,
    Due,
    Outcome,
    Schedule,
    ScheduleError,
    Standing,
    Supervision,
    Told,
    due_between,
    judge,
    match,
    standing,
    supervise,
)

SCHEDULES = 1000
TOLERANCE = timedelta(seconds=5)
# Both clock changes and the leap days, each with the day before and after; and ordinary days.
DAYS = [
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2027, 3, 28),
    date(2027, 10, 31),
    date(2028, 2, 29),
    date(2028, 3, 26),
    date(2028, 10, 29),
    date(2032, 2, 29),
    date(2026, 12, 31),
    date(2027, 6, 17),
]
MINUTE = timedelta(minutes=1)


def wall_of_day(day: date) -> dict[time, datetime]:
    """The first instant at which the wall shows each minute of a day, found by looking at the wall minute by minute."""
    seen: dict[time, datetime] = {}
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
    for _ in range(30 * 60):
        local = now.astimezone(STOCKHOLM)
        if local.date() == day:
            seen.setdefault(local.time(), now)
        now += MINUTE
    return seen


WALLS = {day: wall_of_day(day) for base in DAYS for day in (base - timedelta(1), base, base + timedelta(1))}


def by_the_wall(day: date, wall: time) -> datetime:
    """When the dose is due: when the wall first shows it; what is never shown is an hour later by the wall."""
    shown = WALLS[day].get(wall)
    return shown if shown is not None else WALLS[day][time(wall.hour + 1, wall.minute)]


def some_schedules(number: int, seed: int) -> Iterator[tuple[Schedule, date]]:
    lot = random.Random(seed)
    for _ in range(number):
        base = lot.choice(DAYS)
        night = [time(hour, minute) for hour in (1, 2, 3) for minute in (0, 15, 30, 45)]
        times = {lot.choice(night), *(time(lot.randrange(24), lot.randrange(60)) for _ in range(lot.randrange(6)))}
        yield (
            Schedule(
                version=1,
                times=tuple(sorted(times)),
                weekdays=frozenset(range(7)),
                late_minutes=lot.randint(5, 300),
                unknown_minutes=lot.randint(0, 240),
                valid_from=datetime(base.year, base.month, base.day, tzinfo=UTC) - timedelta(days=3),
            ),
            base,
        )


def first_alarm(schedule: Schedule, due: Due, *, in_contact: bool) -> datetime | None:
    """Steps the clock through the timers that supervision asks for, until the dose is judged; when that was."""
    now, before = due.at - MINUTE, None
    for _ in range(20):
        heard = now if in_contact else due.at - timedelta(hours=1)
        contact = Contact(last_seen=heard, online_at=None, known_until=now)
        dose, look = judge(due, None, before, contact, paused=False)
        if dose.outcome in {Outcome.MISSED, Outcome.UNKNOWN}:
            expected = Outcome.MISSED if in_contact else Outcome.UNKNOWN
            return now if dose.outcome is expected else None
        assert look is not None, "nobody would ever look again"
        now = max(look, now + timedelta(seconds=1))
    return None


def wrong_deadlines(schedules: Iterator[tuple[Schedule, date]]) -> list[str]:
    wrong: list[str] = []
    for schedule, base in schedules:
        for day in (base - timedelta(1), base, base + timedelta(1)):
            start = by_the_wall(day, time(0))
            dues = due_between(schedule, start, start + timedelta(hours=26))
            mine = {due.sequence: due for due in dues if due.sequence // 100 == int(f"{day:%Y%m%d}")}
            if len(mine) != len(schedule.times):
                wrong.append(f"{day}: {len(mine)} doses of {len(schedule.times)}")
                continue
            for (_, due), wall in zip(sorted(mine.items()), schedule.times, strict=True):
                at = by_the_wall(day, wall)
                grace = timedelta(minutes=schedule.late_minutes + 1)
                for in_contact, extra in ((True, timedelta()), (False, timedelta(minutes=schedule.unknown_minutes))):
                    rang = first_alarm(schedule, due, in_contact=in_contact)
                    if rang is None or abs(rang - (at + grace + extra)) > TOLERANCE:
                        wrong.append(f"{day} {wall} contact={in_contact}: {rang} instead of {at + grace + extra}")
    return wrong


@pytest.mark.parametrize("part", range(4))
def test_every_alarm_comes_at_due_plus_grace(part: int) -> None:
    assert wrong_deadlines(some_schedules(SCHEDULES // 4, part)) == []


def test_a_schedule_kept_in_utc_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the same check of a schedule that is not kept by the wall clock."""
    monkeypatch.setattr("fleet.doses.due_at", lambda day, wall: datetime.combine(day, wall, UTC) - timedelta(hours=1))
    assert wrong_deadlines(some_schedules(20, 0)) != []


# --- what became of a dose ---

DUE = Due(2026112801, datetime(2026, 11, 28, 7, tzinfo=UTC), datetime(2026, 11, 28, 8, 1, tzinfo=UTC),
          datetime(2026, 11, 28, 8, 16, tzinfo=UTC))  # fmt: skip


def at(minutes: float) -> datetime:
    return DUE.at + timedelta(minutes=minutes)


def outcome(
    now: float, *, heard: float, online: float | None = None, told: Told | None = None, before: Outcome | None = None
) -> Outcome:
    contact = Contact(last_seen=at(heard), online_at=None if online is None else at(online), known_until=at(now))
    return judge(DUE, told, before, contact, paused=False)[0].outcome


@pytest.mark.parametrize(
    ("now", "heard", "online", "expected"),
    [
        (60.9, 60.9, None, Outcome.WAITING),
        (61, 60, None, Outcome.MISSED),
        (61, 58, None, Outcome.MISSED),  # three heartbeats are contact
        (61, 57.9, None, Outcome.WAITING),  # out of reach: its own, later clock
        (75.9, 20, None, Outcome.WAITING),
        (76, 20, None, Outcome.UNKNOWN),
        (65, 65, 64.5, Outcome.WAITING),  # just back: what it has stored up is on its way
        (65.5, 65.5, 64.5, Outcome.MISSED),  # a minute later it has told nothing
        (65, 65, -500, Outcome.MISSED),
    ],
)
def test_silence_is_judged_by_contact(now: float, heard: float, online: float | None, expected: Outcome) -> None:
    assert outcome(now, heard=heard, online=online) is expected


def test_what_silence_said_stays_until_somebody_says_otherwise() -> None:
    assert outcome(500, heard=499, before=Outcome.UNKNOWN) is Outcome.UNKNOWN
    taken = Told(taken=True, at=at(3), known_at=at(500))
    assert outcome(500, heard=499, before=Outcome.UNKNOWN, told=taken) is Outcome.TAKEN
    assert judge(DUE, taken, None, Contact(last_seen=None, online_at=None, known_until=at(500)), paused=False)[0].late


def test_taken_beats_missed_and_numbers_beat_times() -> None:
    other = Due(2026112802, at(600), at(661), at(676))
    words = [
        Told(taken=False, at=at(60), known_at=at(60), sequence=DUE.sequence),
        Told(taken=True, at=at(70), known_at=at(70), sequence=DUE.sequence),
        Told(taken=True, at=at(5), known_at=at(5), sequence=other.sequence),  # tonight's dose, handed out early
    ]
    said = match([DUE, other], words)
    assert (said[DUE.sequence].taken, said[other.sequence].at) == (True, at(5))
    by_time = match([DUE, other], [Told(taken=True, at=at(2), known_at=at(2), sequence=7)])
    assert list(by_time) == [DUE.sequence]  # a machine's own counting says nothing; its time does
    tomorrow = match([DUE, other], [Told(taken=True, at=at(2), known_at=at(2), sequence=2026112901)])
    assert tomorrow == {}  # never taken for today's


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)), max_size=4),
    st.lists(st.integers(0, 900), max_size=4),
    st.integers(0, 900),
)
def test_after_an_absence_nobody_is_present_before_the_roll_is_verified(
    periods: list[tuple[int, int]], checks: list[int], now: int
) -> None:
    absences = [Absence(at(start), at(start + length)) for start, length in periods]
    verified = [at(check) for check in checks if check <= now]
    where, _ = standing(absences, max(verified, default=None), at(now))
    ended = [a.ended_at for a in absences if a.ended_at is not None and a.started_at <= at(now)]
    if where is Standing.PRESENT and ended:
        assert max(ended) <= max(verified)
    if any(a.started_at <= at(now) < (a.ended_at or at(now)) for a in absences):
        assert where is Standing.AWAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": ()},
        {"times": (time(9), time(8))},
        {"times": (time(8), time(8))},
        {"times": (time(8, 0, 30),)},
        {"late_minutes": 4},
        {"late_minutes": 301},
        {"weekdays": frozenset({7})},
        {"weekdays": frozenset[int]()},
        {"version": 0},
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"version": 1, "times": (time(8),), "valid_from": at(0)}
    with pytest.raises(ScheduleError):
        Schedule(**{**right, **wrong})  # type: ignore[arg-type]  # one of them is wrong on purpose


def test_the_next_look_is_never_later_than_the_next_deadline() -> None:
    for schedule, base in some_schedules(100, 9):
        now = datetime(base.year, base.month, base.day, 1, tzinfo=UTC)
        known = Supervision(
            schedules=[schedule], told=[], before={}, absences=[], verifications=[],
            contact=Contact(last_seen=now, online_at=None, known_until=now),
        )  # fmt: skip
        found = supervise(known, now - timedelta(hours=12), now)
        deadlines = [due.missed_at for due in due_between(schedule, now - timedelta(hours=12), now + timedelta(days=2))]
        ahead = [deadline for deadline in deadlines if deadline > now]
        assert found.look_at is not None
        assert found.look_at <= min(ahead)


def main(number: int) -> None:
    """A line every five thousand schedules, and one JSON object at the end."""
    began, wrong = time_of_day.monotonic(), list[str]()
    for first in range(0, number, 5000):
        wrong += wrong_deadlines(some_schedules(min(5000, number - first), first))
        done = min(number, first + 5000)
        took = time_of_day.monotonic() - began
        sys.stdout.write(f"{done} of {number} schedules, {len(wrong)} wrong, {took:.0f} s\n")
        sys.stdout.flush()
    sys.stdout.write("".join(f"{line}\n" for line in wrong[:20]))
    result = {"run": "dose_deadlines", "schedules": number, "wrong": len(wrong), "tolerance_seconds": 5}
    result["seconds"] = round(time_of_day.monotonic() - began)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(int(sys.argv[1]))
