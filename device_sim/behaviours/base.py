"""The contract of a behaviour: pure, seeded, one Swedish local day at a time."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from device_sim.emission import Emission
from device_sim.persona import Persona
from fleet.clock import STOCKHOLM
from fleet.profile import DeviceProfile


@dataclass(slots=True)
class Day:
    """One local day of one device.

    Attributes:
        progress: how far through the simulated period the day lies, 0..1.
        random: seeded by device and date.
        memory: what outlives a day (odometer, battery, doses left); only `Behaviour.day` writes it.
    """

    date: date
    progress: float
    persona: Persona
    random: Random
    memory: dict[str, float] = field(default_factory=dict)

    def at(self, hour: float) -> datetime:
        """The instant at which the wall clock shows `hour` hours after local midnight; 24 and more is the next day.

        Where clocks jump ahead, an hour that does not exist is the same instant as the hour after it.
        """
        midnight = datetime(self.date.year, self.date.month, self.date.day, tzinfo=STOCKHOLM)
        return (midnight + timedelta(hours=hour)).astimezone(UTC)


class Behaviour(ABC):
    """What devices of one class do. Values are in the profile's units; the device turns them into its model's own.

    Everything follows from the arguments: a history is the same whatever else is asked of the device meanwhile.
    """

    def __init__(self, profile: DeviceProfile) -> None:
        self.profile = profile

    def start(self, random: Random) -> dict[str, float]:
        """What the device remembers before its first day: odometer, wear, its user's ways."""
        del random
        return {}

    @abstractmethod
    def day(self, day: Day) -> list[Emission]:
        """Everything the device measures and notices on a day, in order of time."""

    @abstractmethod
    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """What a resting device reports now and then, also in `read_live`; it changes nothing."""


def in_order(emissions: list[Emission]) -> list[Emission]:
    """The same in order of time; what happens at one moment stays in the order in which it was given."""
    return sorted(emissions, key=lambda emission: emission.at)


def within(value: float, low: float, high: float) -> float:
    """The value, or the nearest limit: a draw from a long tail must not become a reading no sensor can give."""
    return min(high, max(low, value))
