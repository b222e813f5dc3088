"""The escalation ladder, pure: who is called about an alarm, in which order and when, until a named human takes it.

A ladder's steps are walked in order, each with its own time-out and rota; then its last resort is called again and
again. What keeps it from ever going quiet stands here in one place: a step that nobody serves right now is passed at
once, the last resort is never empty, quiet hours and silences never hold a safety cause, and both always end.
(domain.md 4.5; reliability.md A9-A12.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from fleet.calendar import DayKind, WorkCalendar
from fleet.clock import STOCKHOLM, aware
from fleet.errors import FjarrkollError

INSTALLATION: Final = "installation"
"""The recipient that every installation has: its own channels, which need no address, such as the webhook."""
SHORTEST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=24)
_CALENDAR: Final = WorkCalendar()
_ONE_DAY: Final = timedelta(days=1)


class LadderError(FjarrkollError):
    """A ladder that could leave an alarm with nobody; the message says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of certain kinds of day, by the clock on the wall in Sweden.

    Attributes:
        days: kinds of day on which it begins.
        begins, ends: local times; an end at or before the beginning lies on the next day, whatever kind that is.
    """

    days: frozenset[DayKind] = frozenset(DayKind)
    begins: time = time(0)
    ends: time = time(0)

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        local = aware(moment).astimezone(STOCKHOLM)
        clock, day = local.time(), local.date()
        today = _CALENDAR.kind(day) in self.days
        if self.begins < self.ends:
            return today and self.begins <= clock < self.ends
        yesterday = _CALENDAR.kind(day - _ONE_DAY) in self.days
        return (today and clock >= self.begins) or (yesterday and clock < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A recipient's turns within a step.

    Attributes:
        recipient: its code, or INSTALLATION.
        windows: when it serves; none given is always.
        first_day, last_day: Swedish local days of a rota that has been laid so far; None is without end.
    """

    recipient: str
    windows: tuple[Window, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    def serves(self, moment: datetime) -> bool:
        """Whether it is this recipient's turn."""
        day = aware(moment).astimezone(STOCKHOLM).date()
        if (self.first_day or day) > day or (self.last_day or day) < day:
            return False
        return not self.windows or any(window.holds(moment) for window in self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Those who are called together, and how long they have to take the alarm.

    Attributes:
        falls_through: this step may be empty at times, and is then passed at once; otherwise a gap is refused.
    """

    duties: tuple[Duty, ...]
    wait: timedelta
    falls_through: bool = False

    def __post_init__(self) -> None:
        if not self.duties:
            raise LadderError("a step calls nobody: name a recipient, or leave the step out")
        if not SHORTEST_WAIT <= self.wait <= LONGEST_WAIT:
            raise LadderError(f"a step waits from {SHORTEST_WAIT} to {LONGEST_WAIT}, not {self.wait}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A whole ladder.

    Attributes:
        last_resort: recipients that serve always; called after the last step, and again until somebody takes it.
        repeat: how often the last resort is called about a safety cause.
        calm_repeat: the same for every other cause.

    Raises:
        LadderError: its last resort is empty, or a wait is out of bounds.
    """

    code: str
    last_resort: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    repeat: timedelta = timedelta(minutes=5)
    calm_repeat: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if not self.last_resort:
            raise LadderError(f"ladder {self.code} has no last resort: name who is called when nobody else answers")
        if not SHORTEST_WAIT <= self.repeat <= LONGEST_WAIT or not SHORTEST_WAIT <= self.calm_repeat <= LONGEST_WAIT:
            raise LadderError(f"ladder {self.code}: repeats lie between {SHORTEST_WAIT} and {LONGEST_WAIT}")

    def recipients(self) -> set[str]:
        """Everyone it may call."""
        return {duty.recipient for step in self.steps for duty in step.duties} | set(self.last_resort)

    def wait_after(self, position: int, *, safety: bool) -> timedelta:
        """How long after the step at `position` the next one is due."""
        if position < len(self.steps):
            return self.steps[position].wait
        return self.repeat if safety else self.calm_repeat


DEFAULT: Final = Ladder(code="default", last_resort=(INSTALLATION,))
"""Where no ladder is set: the installation's channels at once, and again until somebody takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A recipient as the ladder sees it.

    Attributes:
        reachable: active, with an address of a channel that is set up.
        quiet: when it is not called, but for a safety cause.
    """

    reachable: bool = True
    quiet: tuple[Window, ...] = ()


_AWAKE: Final = Person()


class Why(StrEnum):
    """Why a move is what it is; stable words, kept with every call."""

    STEP = "step"
    LAST_RESORT = "last_resort"
    NOBODY_REACHABLE = "nobody_reachable"
    QUIET_HOURS = "quiet_hours"
    SILENCED = "silenced"
    CLOCK_WENT_BACK = "clock_went_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What the ladder must know of an alarm.

    Attributes:
        silenced_until: the end of the longest silence that fits it; asked only where no safety is at stake.
    """

    safety: bool
    silenced_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is to be done now, and when to look again.

    Attributes:
        position: the step that was reached; steps passed because nobody served them are counted in.
        calls: recipients to call; empty where the alarm is held for a while.
        next_position, next_at: the step that comes next, and when it is due.
        passed: positions of steps that nobody served.
    """

    position: int
    calls: tuple[str, ...]
    next_position: int
    next_at: datetime
    why: Why
    passed: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an alarm stands on its ladder.

    Attributes:
        position: the step that is due; from the number of steps on, the last resort.
        due: when it was due, which may be a while ago.
    """

    position: int
    due: datetime


def walk(ladder: Ladder, standing: Standing, cause: Cause, people: Mapping[str, Person], now: datetime) -> Move:
    """The move that is due.

    Times are kept absolute, so that delays do not add up: a safety cause that fell behind because we stood still
    catches up at once, step by step, and nobody on the ladder is left out; a repeat that was missed is not made up for.

    Args:
        ladder: its steps.
        standing: where the alarm stands.
        cause: what the alarm is about.
        people: what is known of every recipient of the ladder; one that is missing is not reachable.
        now: the moment, by the database's clock, at or after `standing.due`.
    """
    aware(now)
    if not cause.safety and cause.silenced_until is not None and cause.silenced_until > now:
        return _held(standing.position, cause.silenced_until, Why.SILENCED)
    position, serving = _first_served(ladder, standing.position, people, now)
    awake = [code for code in serving if cause.safety or not is_quiet(people.get(code, _AWAKE), now)]
    if serving and not awake:
        return _held(position, min(quiet_ends(people[code], now) for code in serving), Why.QUIET_HOURS)
    at_last = position >= len(ladder.steps)
    return Move(
        position=position,
        calls=tuple(awake) or (INSTALLATION,),
        next_position=min(position + 1, len(ladder.steps)),
        next_at=_next_at(ladder, position, standing.due, cause, now),
        why=Why.STEP if not at_last else Why.LAST_RESORT if awake else Why.NOBODY_REACHABLE,
        passed=tuple(range(standing.position, position)),
    )


def set_back(position: int, wait: timedelta, now: datetime) -> Move:
    """Where a clock went back, a step that lies further ahead than its whole time-out waits that time from now on."""
    return _held(position, aware(now) + wait, Why.CLOCK_WENT_BACK)


def _first_served(ladder: Ladder, position: int, people: Mapping[str, Person], now: datetime) -> tuple[int, list[str]]:
    """The first step from `position` on that somebody serves and can be reached by, and who; else the last resort."""
    for number in range(position, len(ladder.steps)):
        duties = ladder.steps[number].duties
        if serving := _reachable([duty.recipient for duty in duties if duty.serves(now)], people):
            return number, serving
    return max(position, len(ladder.steps)), _reachable(ladder.last_resort, people)


def _reachable(recipients: Sequence[str], people: Mapping[str, Person]) -> list[str]:
    return [code for code in dict.fromkeys(recipients) if code in people and people[code].reachable]


def _next_at(ladder: Ladder, position: int, due: datetime, cause: Cause, now: datetime) -> datetime:
    wait = ladder.wait_after(position, safety=cause.safety)
    behind = due + wait <= now
    return now + wait if behind and (position >= len(ladder.steps) or not cause.safety) else due + wait


def _held(position: int, until: datetime, why: Why) -> Move:
    return Move(position=position, calls=(), next_position=position, next_at=until, why=why)


def is_quiet(person: Person, now: datetime) -> bool:
    """Whether a recipient is in its quiet hours."""
    return any(window.holds(now) for window in person.quiet)


def quiet_ends(person: Person, now: datetime) -> datetime:
    """When a recipient's quiet hours end, to the minute; after a day at the latest, for quiet without end is none."""
    moment = now.replace(second=0, microsecond=0)
    for minutes in range(1, 24 * 60 + 1):
        later = moment + timedelta(minutes=minutes)
        if not is_quiet(person, later):
            return later
    return now + _ONE_DAY
