"""Who uses a simulated device and how: the mix of personas, drawn from a seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Habit(StrEnum):
    """How a person uses a device over months."""

    REGULAR = "regular"
    IRREGULAR = "irregular"
    FADING = "fading"
    NEVER_STARTED = "never_started"


# domain.md 9, a design proposal there: 65 / 20 / 10 / 5 per cent.
MIX = {Habit.REGULAR: 0.65, Habit.IRREGULAR: 0.20, Habit.FADING: 0.10, Habit.NEVER_STARTED: 0.05}

_DAILY_CHANCE = {Habit.REGULAR: 0.95, Habit.IRREGULAR: 0.55, Habit.FADING: 0.85, Habit.NEVER_STARTED: 0.0}


@dataclass(frozen=True, slots=True)
class Persona:
    """One user's habit.

    Attributes:
        intensity: 1.0 is the median person; scales distances and minutes.
        fades_after: share of the simulated period after which a fading user stops for good.
    """

    habit: Habit
    intensity: float
    fades_after: float

    def uses(self, progress: float, random: Random) -> bool:
        """Whether the device is used on a day at `progress` (0..1) through the simulated period."""
        if self.habit is Habit.FADING and progress >= self.fades_after:
            return False
        return random.random() < _DAILY_CHANCE[self.habit]


def draw_persona(random: Random, habit: Habit | None = None) -> Persona:
    """A persona from the mix, or of a given habit."""
    chosen = habit or random.choices(list(MIX), weights=list(MIX.values()))[0]
    return Persona(chosen, intensity=random.lognormvariate(0.0, 0.35), fades_after=random.uniform(0.15, 0.45))
