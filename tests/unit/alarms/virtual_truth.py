"""What really happens in one dispenser's week, from a seed: doses, jams, absences, lost contact, crashes, clocks."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final

from fleet.doses import Absence, Due, Schedule, due_between

DAYS: Final = 7
# Weeks that hold both clock changes, a leap day, and midsummer.
BEGINS: Final = [
    datetime(2026, 10, 21, tzinfo=UTC),
    datetime(2027, 3, 24, tzinfo=UTC),
    datetime(2028, 2, 26, tzinfo=UTC),
    datetime(2027, 6, 20, tzinfo=UTC),
]
S: Final = timedelta(seconds=1)
SMALL_JUMPS: Final = (-120, -30, 45, 120)
LARGE_JUMPS: Final = (-7200, -3600, -900, 900, 3600, 7200)


@dataclass(frozen=True)
class Word:
    """One message: what it says, when it happened, when it arrives; `number` is its identity for ever."""

    number: int
    at: datetime
    arrives: datetime
    kind: str
    sequence: int = 0


@dataclass
class Truth:
    """What really happens in the week.

    Attributes:
        jumps: moments at which the server's clock is moved, and by how much; a large error is mended some hours later.
        absence, verified: the user is away, and when somebody says that the roll is the right one.
        patience: seconds until the one who is called takes an alarm, in the order of the alarms; None: nobody does.
    """

    schedule: Schedule
    dues: list[Due]
    offline: list[tuple[datetime, datetime]]
    words: list[Word]
    jams: list[tuple[Word, Word]]
    crashes: list[tuple[datetime, datetime]]
    jumps: list[tuple[datetime, timedelta]]
    start: datetime
    end: datetime
    absence: Absence | None = None
    verified: datetime | None = None
    patience: list[float | None] = field(default_factory=list)

    def online_at(self, moment: datetime) -> bool:
        return not any(a <= moment < b for a, b in self.offline)

    def clock(self, moment: datetime) -> datetime:
        """What the server's clock shows at a moment."""
        return moment + sum((jump for at, jump in self.jumps if at <= moment), timedelta())

    def moved(self, begin: datetime, end: datetime) -> timedelta:
        """By how much in all the clock was moved in a stretch of time."""
        return sum((abs(jump) for at, jump in self.jumps if begin <= at <= end), timedelta())

    def wrong(self, begin: datetime, end: datetime) -> bool:
        """Whether the clock was moved, or more than ten minutes wrong, at some time of a stretch."""
        edges = [begin, *(at for at, _ in self.jumps if begin <= at <= end)]
        return len(edges) > 1 or any(abs(self.clock(at) - at) > timedelta(minutes=10) for at in edges)

    def last_heartbeat(self, now: datetime) -> datetime:
        """One a minute while there is contact."""
        beat = now - (now - self.start) % timedelta(minutes=1)
        for begin, end in self.offline:
            if begin <= beat < end:
                return begin - (begin - self.start) % timedelta(minutes=1)
        return beat

    def came_back(self, now: datetime) -> datetime | None:
        return max((end for _, end in self.offline if end <= now), default=None)

    def paused(self, moment: datetime) -> bool:
        """Whether the user is away at a moment, or the roll not yet verified."""
        if self.absence is None or moment < self.absence.started_at:
            return False
        return self.verified is None or moment < self.verified


def make_truth(seed: int) -> Truth:
    lot = random.Random(seed)
    start = BEGINS[seed % len(BEGINS)]
    end = start + timedelta(days=DAYS)
    times = tuple(sorted({time(8), time(20), time(2, 30)} if seed % 3 == 0 else {time(8), time(20)}))
    schedule = Schedule(version=1, times=times, late_minutes=60, unknown_minutes=15, valid_from=start)
    offline = apart(lot, start, end, 3, (60, 4 * 3600))
    crashes = apart(lot, start, end, 6, (1, 45))
    truth = Truth(schedule, due_between(schedule, start, end), offline, [], [], crashes, [], start, end)
    truth.jumps = _jumps(lot, start, end)
    _leave(lot, truth)
    truth.patience = [lot.choice([None, lot.uniform(5, 1500)]) for _ in range(400)]
    _speak(lot, truth)
    return truth


def _jumps(lot: random.Random, start: datetime, end: datetime) -> list[tuple[datetime, timedelta]]:
    """Two small corrections; and, in half of the weeks, a clock that is minutes or hours wrong until it is mended."""
    jumps = [(start + S * lot.randrange(DAYS * 86_400), S * lot.choice(SMALL_JUMPS)) for _ in range(2)]
    if lot.random() < 0.5:
        error, at = S * lot.choice(LARGE_JUMPS), start + S * lot.randrange(86_400, 5 * 86_400)
        jumps += [(at, error), (min(end - S, at + S * lot.randrange(600, 6 * 3600)), -error)]
    return sorted(jumps)


def _leave(lot: random.Random, truth: Truth) -> None:
    """In a third of the weeks the user is away, and somebody looks at the roll afterwards, or nobody does."""
    if lot.random() < 0.33:
        begin = truth.start + S * lot.randrange(86_400, 4 * 86_400)
        ended = begin + S * lot.randrange(6 * 3600, 40 * 3600)
        truth.absence = Absence(begin, ended)
        truth.verified = None if lot.random() < 0.2 else ended + S * lot.randrange(60, 10 * 3600)


def _speak(lot: random.Random, truth: Truth) -> None:
    words: list[Word] = []

    def say(at: datetime, kind: str, sequence: int = 0) -> Word:
        back = next((b for a, b in truth.offline if a <= at < b), None)
        arrives = (at if back is None else back) + S * lot.uniform(0.1, 3.0 if back is None else 25.0)
        word = Word(len(words), at, arrives, kind, sequence)
        words.append(word)
        return word

    for due in truth.dues:
        roll = lot.random()
        if truth.paused(due.at):
            continue  # the machine gives nothing to somebody who is not there
        if roll < 0.85:
            say(due.at + S * lot.uniform(10, 3000), "dose_taken", due.sequence)
        elif roll < 0.95:
            say(due.at + timedelta(minutes=60), "dose_missed", due.sequence)
        # else: the report is lost in the machine for good; silence must say so
    for begin, finish in apart(lot, truth.start, truth.end, 3, (30, 9000)):
        truth.jams.append((say(begin, "jam"), say(finish, "jam_cleared")))
    again = [replace_arrival(lot, word) for word in words if lot.random() < 0.2]
    truth.words = sorted([*words, *again], key=lambda word: word.arrives)


def replace_arrival(lot: random.Random, word: Word) -> Word:
    """The same message once more, later."""
    return Word(word.number, word.at, word.arrives + S * lot.uniform(0, 7200), word.kind, word.sequence)


def apart(
    lot: random.Random, start: datetime, end: datetime, most: int, seconds: tuple[int, int]
) -> list[tuple[datetime, datetime]]:
    """Up to `most` stretches that do not touch."""
    found: list[tuple[datetime, datetime]] = []
    for _ in range(lot.randint(0, most)):
        begin = start + S * lot.randrange(3600, int((end - start).total_seconds()) - 20_000)
        finish = begin + S * lot.randint(*seconds)
        if all(finish + timedelta(minutes=10) < a or b + timedelta(minutes=10) < begin for a, b in found):
            found.append((begin, finish))
    return sorted(found)
