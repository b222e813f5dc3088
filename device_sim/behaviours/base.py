"""The contract of a behaviour: pure, seeded, one Swedish local day at a time."""

from abc import ABC, abstractmethod
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
        random: seeded by fleet, device and date, so a day is the same whatever was simulated before it.
        memory: what outlives a day (odometer, battery, doses left); the behaviour reads and writes it.
    """

    date: date
    progress: float
    persona: Persona
    random: Random
    memory: dict[str, float] = field(default_factory=dict)

    def at(self, hour: float) -> datetime:
        """The instant `hour` local hours after local midnight by the wall clock, in UTC; 24 and more is the next day."""
        midnight = datetime(self.date.year, self.date.month, self.date.day, tzinfo=STOCKHOLM)
        return (midnight + timedelta(hours=hour)).astimezone(UTC)


class Behaviour(ABC):
    """What devices of one class do. Values are in the profile's units; the device turns them into its model's own."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.profile = profile

    @abstractmethod
    def day(self, day: Day) -> list[Emission]:
        """Everything the device measures and notices on a day, in order of time."""

    @abstractmethod
    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """What a resting device reports now and then, also in `read_live`."""

    def operating_state(self, day: Day) -> str:
        """What the device is doing during the live part of a run; rest by default."""
        del day
        return self.profile.operating_states[0]
