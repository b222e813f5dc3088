"""Planted causes: what a cause does to a body, and what the device's control system then says, in its own codes.

The words here are the generator's own. A plant says what happens ("comes and goes", "the left current rises by 12 A"),
never how likely the rules hold it to be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from benchmarks.diagnosis.bodies import Body

Effect = Callable[[Body, Random], None]

STAYS: Final = 0.08
RARELY: Final = 0.18
MIXED: Final = 0.5
COMES_AND_GOES: Final = 0.92


@dataclass(frozen=True, slots=True)
class Plant:
    """One cause as the generator knows it.

    Attributes:
        key: the cause's name, by which the judge compares.
        says: conditions the control system reports, each `A/B/C`: the first catalogue code the model has a word for;
            `A|B` is one of the two by lot. A leading `?` makes it not sure to be said.
        pattern: chance that the fault comes and goes rather than staying.
        fails: subsystem of the self-test that sees it, with its chance; empty where a self-test sees nothing.
        frame: freeze-frame values when it is raised, as ranges.
    """

    key: str
    says: str
    effects: tuple[Effect, ...] = ()
    pattern: float = STAYS
    fails: tuple[str, float] = ("", 0.0)
    frame: tuple[tuple[str, float, float], ...] = ()


def shift(metric: str, low: float, high: float, chance: float = 0.92) -> Effect:
    """The metric is that much off, all along."""
    return _with(chance, lambda body, random: body.shifts.update({metric: random.uniform(low, high)}))


def ramp(metric: str, low: float, high: float, chance: float = 0.92) -> Effect:
    """The metric drifts to that much off over the month."""
    return _with(chance, lambda body, random: body.ramps.update({metric: random.uniform(low, high)}))


def step(metric: str, low: float, high: float, chance: float = 0.92) -> Effect:
    """The metric jumps by that much on one day of the middle of the month."""
    return _with(
        chance, lambda body, random: body.steps.update({metric: (random.randint(12, 23), random.uniform(low, high))})
    )


def now(metric: str, low: float, high: float, chance: float = 0.92) -> Effect:
    """The metric has this value right now."""
    return _with(chance, lambda body, random: body.last.update({metric: random.uniform(low, high)}))


def peaks(metric: str, low: float, high: float, chance: float = 0.92) -> Effect:
    """The metric's daily peaks are that much higher."""
    return _with(chance, lambda body, random: body.highs.update({metric: random.uniform(low, high)}))


def habit(name: str, low: float, high: float, chance: float = 1.0) -> Effect:
    """A number of the body's habits."""
    return _with(chance, lambda body, random: body.habits.update({name: random.uniform(low, high)}))


def event(name: str, times: int = 1, within: float = 3.0, chance: float = 0.88) -> Effect:
    """An event, so many times within some days."""

    def act(body: Body, random: Random) -> None:
        for _ in range(times):
            body.happen(name, random.uniform(0.1, within))

    return _with(chance, act)


def silent(low: float, high: float) -> Effect:
    """Nothing has been heard for so many hours."""
    return lambda body, random: setattr(body, "silent_hours", random.uniform(low, high))


def restarts(times: int, within_hours: float = 20, chance: float = 0.9, days_ago: float = 1.0) -> Effect:
    """It started anew so many times."""

    def act(body: Body, random: Random) -> None:
        for _ in range(times):
            hours = days_ago * 24 + random.uniform(0, within_hours)
            body.restarts.append(body.now - timedelta(hours=hours))

    return _with(chance, act)


def clock_wrong(chance: float = 0.92) -> Effect:
    """Its clock is wrong in most of what it sends."""
    return _with(chance, lambda body, random: setattr(body, "clock_doubted", random.uniform(0.3, 1.0)))


def unused(low: int, high: int, chance: float = 0.95) -> Effect:
    """Nobody has used it for so many days."""
    return _with(chance, lambda body, random: setattr(body, "unused_days", random.randint(low, high)))


def nearby(fact: str, low: float, high: float, chance: float = 0.97) -> Effect:
    """A fact of the neighbourhood."""
    return _with(chance, lambda body, random: body.fleet.update({fact: random.uniform(low, high)}))


def either(*effects: Effect) -> Effect:
    """One of several, by lot."""
    return lambda body, random: random.choice(effects)(body, random)


def _with(chance: float, act: Callable[[Body, Random], object]) -> Effect:
    def effect(body: Body, random: Random) -> None:
        if random.random() < chance:
            act(body, random)

    return effect
