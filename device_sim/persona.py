"""Who uses a simulated device and how: the mix of personas, drawn from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Final


class Habit(StrEnum):
    """How a person uses a device over months."""

    REGULAR = "regular"
    IRREGULAR = "irregular"
    FADING = "fading"
    NEVER_STARTED = "never_started"


# domain.md 9, a design proposal there: 65 / 20 / 10 / 5 per cent.
MIX: Final[Mapping[Habit, float]] = MappingProxyType(
    {Habit.REGULAR: 0.65, Habit.IRREGULAR: 0.20, Habit.FADING: 0.10, Habit.NEVER_STARTED: 0.05}
)
# Shape of the share of days with use (Beta distribution). Mixed as above, its quartiles are about 66, 93 and 98 per
# cent; 2.6 million APAP patients had 72, 93 and 99 (domain.md 3.2, S38).
_SHARE_OF_DAYS: Final[Mapping[Habit, tuple[float, float]]] = MappingProxyType(
    {Habit.REGULAR: (24.0, 1.2), Habit.IRREGULAR: (8.0, 4.0), Habit.FADING: (8.0, 2.0)}
)


@dataclass(frozen=True, slots=True)
class Persona:
    """One user's habit.

    Attributes:
        share_of_days: how likely the device is used on a day, 0..1, as long as the person uses it at all.
        intensity: 1.0 is the median person; scales distances and minutes.
        fades_after: share of the simulated period after which a fading user stops for good.
    """

    habit: Habit
    share_of_days: float
    intensity: float
    fades_after: float

    def uses(self, progress: float, random: Random) -> bool:
        """Whether the device is used on a day at `progress` (0..1) through the simulated period."""
        drawn = random.random()
        if self.habit is Habit.FADING and progress >= self.fades_after:
            return False
        return drawn < self.share_of_days


def draw_persona(random: Random, habit: Habit | None = None) -> Persona:
    """A persona from the mix, or of a given habit."""
    chosen = habit or random.choices(list(MIX), weights=list(MIX.values()))[0]
    shape = _SHARE_OF_DAYS.get(chosen)
    return Persona(
        chosen,
        share_of_days=random.betavariate(*shape) if shape else 0.0,
        intensity=random.lognormvariate(0.0, 0.35),
        fades_after=random.uniform(0.15, 0.45),
    )
