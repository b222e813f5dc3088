"""Ladders in virtual time over seeds: crashes, restarts, clock jumps, unreachable people; safety is never silent.

`FJARRKOLL_LADDER_SEEDS=5000` runs the release's number; a failure names its seed, and replays from it.
"""

import itertools
import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from fleet.ladder import (
    INSTALLATION,
    Cause,
    Duty,
    Ladder,
    Move,
    Person,
    Standing,
    Step,
    Why,
    Window,
    set_back,
    walk,
)
from fleet.ladder_document import SHIFTS

SEEDS = int(os.environ.get("FJARRKOLL_LADDER_SEEDS", "200"))
WEEK = timedelta(days=7)
LATEST = timedelta(seconds=5)
CODES = ("relative", "home-care", "night-patrol", "nurse", "alarm-centre")


@dataclass
class World:
    """One alarm's row in the database, and a worker that looks at it when it lives."""

    seed: int
    chance: random.Random = field(init=False)
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        # Weeks that hold both clock changes, Christmas, midsummer and a leap day are among them.
        start = self.chance.choice(
            [(2026, 10, 22), (2027, 3, 25), (2026, 12, 21), (2027, 6, 21), (2028, 2, 26), (2026, 11, 23)]
        )
        self.now = datetime(*start, tzinfo=UTC) + timedelta(seconds=self.chance.randrange(86_400))

    def ladder(self) -> Ladder:
        steps = tuple(
            Step(
                duties=tuple(
                    Duty(recipient=code, windows=self._windows())
                    for code in self.chance.sample(CODES[:4], self.chance.randint(1, 2))
                ),
                wait=timedelta(seconds=self.chance.choice([60, 180, 300, 900])),
                falls_through=True,
            )
            for _ in range(self.chance.randint(0, 4))
        )
        return Ladder(code="seeded", steps=steps, last_resort=("alarm-centre",))

    def _windows(self) -> tuple[Window, ...]:
        shift = self.chance.choice(["day", "evening", "night", "always"])
        begins, ends = SHIFTS[shift]
        return (Window(begins=begins, ends=ends),)

    def people(self) -> dict[str, Person]:
        night = (Window(begins=SHIFTS["night"][0], ends=SHIFTS["night"][1]),)
        found = {
            code: Person(reachable=self.chance.random() > 0.15, quiet=night if self.chance.random() < 0.3 else ())
            for code in CODES
        }
        return {**found, INSTALLATION: Person()}


def follow(world: World, ladder: Ladder, people: dict[str, Person], cause: Cause) -> list[tuple[datetime, Move]]:
    """Every call of one alarm that nobody takes, in four hours with crashes; the row alone survives one."""
    begun = world.now
    position, due, wait = 0, begun, timedelta(0)
    deaths = 0
    moves: list[tuple[datetime, Move]] = []
    while world.now - begun < timedelta(hours=4):
        if due > world.now + wait + timedelta(seconds=5):
            move = set_back(position, wait, world.now)
        elif due <= world.now:
            move = walk(ladder, Standing(position=position, due=due), cause, people, world.now)
        else:
            world.now = min(due, world.now + timedelta(seconds=world.chance.randint(1, 600)))
            continue
        if deaths < 2 and world.chance.random() < 0.1:  # it dies before it commits: nothing of the move is kept
            deaths += 1
            world.now += timedelta(seconds=world.chance.randint(1, 2))
            continue
        deaths = 0
        moves.append((world.now, move))
        position, due, wait = move.next_position, move.next_at, move.next_at - world.now
    return moves


@pytest.mark.parametrize("part", range(4))
def test_an_unanswered_safety_alarm_reaches_every_step_in_time_whatever_dies(part: int) -> None:
    calls = 0
    for seed in range(part, SEEDS, 4):
        for number in range(7):  # one alarm on each day of the week
            world = World(seed * 7 + number)
            world.now += timedelta(days=number)
            ladder, people = world.ladder(), world.people()
            begun, silenced = world.now, world.now + timedelta(days=2)
            moves = follow(world, ladder, people, Cause(safety=True, silenced_until=silenced))
            where = f"seed {world.seed}"
            assert all(move.calls for _, move in moves), where  # neither quiet hours nor silence held it
            assert moves[0][0] - begun <= LATEST, where
            for (_, move), (later, _) in itertools.pairwise(moves):
                assert move.next_at <= later <= move.next_at + LATEST, where  # neither early nor late
            last = [at for at, move in moves if move.why in {Why.LAST_RESORT, Why.NOBODY_REACHABLE}]
            assert last, where
            assert last[0] - begun <= sum((step.wait for step in ladder.steps), timedelta(0)) + LATEST, where
            calls += len(moves)
    assert calls > SEEDS / 4 * 7 * 40  # it did happen


def test_what_can_wait_is_held_by_night_and_by_a_silence_and_called_after() -> None:
    """The control of the one above: the same worlds do hold a calm cause."""
    held = 0
    for seed in range(50):
        world = World(seed)
        moves = follow(
            world, world.ladder(), world.people(), Cause(safety=False, silenced_until=world.now + timedelta(hours=1))
        )
        assert moves[0][1].why is Why.SILENCED
        held += len(moves) > 1 and moves[1][0] - moves[0][0] >= timedelta(hours=1)
    assert held > 40


def test_a_clock_that_jumps_skips_no_step_and_calls_none_early() -> None:
    for seed in range(SEEDS):
        world = World(seed)
        ladder, people, cause = world.ladder(), world.people(), Cause(safety=True)
        position, due, wait = 0, world.now, timedelta(0)
        positions: list[int] = []
        jumps = [timedelta(hours=world.chance.choice([-1, 1])) for _ in range(2)]
        for _ in range(40):
            if due <= world.now:
                move = walk(ladder, Standing(position=position, due=due), cause, people, world.now)
                positions.append(move.position)
                assert move.passed == tuple(range(position, move.position))
            elif due > world.now + wait + timedelta(seconds=5):
                move = set_back(position, wait, world.now)
                assert move.next_at - world.now == wait, f"seed {seed}"
            else:
                world.now = due
                continue
            position, due, wait = move.next_position, move.next_at, move.next_at - world.now
            if jumps and world.chance.random() < 0.3:
                world.now += jumps.pop()
        assert positions == sorted(positions), f"seed {seed}"
        assert positions[-1] == len(ladder.steps), f"seed {seed}"
