"""How a medication dispenser behaves: doses due, taken or missed, a refill each fortnight; figures: domain.md 4, 9."""

import math
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from device_sim.behaviours.base import Behaviour, Day, in_order, within
from device_sim.emission import Emission
from fleet.doses import Schedule, due_at, sequence_of

# Hours of the doses of a day, by how many there are; how common each is gives 2.07 doses a day (domain.md 4.1).
_SLOTS: Final = {1: (8.0,), 2: (8.0, 20.0), 3: (8.0, 14.0, 20.0), 4: (8.0, 12.0, 17.0, 21.0)}
_HOW_COMMON: Final = {1: 0.25, 2: 0.50, 3: 0.18, 4: 0.07}
_MISS_SHAPE: Final = (0.4, 15.6)
"""Beta distribution of a person's share of missed doses: mean 2.5 %, one in twenty above 10 %."""
_WINDOW: Final = timedelta(minutes=75)
_DAYS_IN_A_ROLL: Final = 14
_VERSION: Final = 1
"""The schedule a simulated machine follows is its first; it tells the number."""


def schedule_of(memory: Mapping[str, float], valid_from: datetime) -> Schedule:
    """The schedule that a simulated machine follows, as care would enter it on the platform."""
    times = tuple(time(int(slot)) for slot in _SLOTS[int(memory["slots"])])
    late = int(_WINDOW.total_seconds() // 60)
    return Schedule(version=_VERSION, times=times, late_minutes=late, valid_from=valid_from)


class Dispenser(Behaviour):
    """Presents each dose at its slot; what is inside it is never known here."""

    def start(self, random: Random) -> dict[str, float]:
        """How many doses a day, how often one is missed, and a roll somewhere between full and due."""
        doses = random.choices(list(_HOW_COMMON), weights=list(_HOW_COMMON.values()))[0]
        return {
            "slots": doses,
            "miss": random.betavariate(*_MISS_SHAPE),
            "left": doses * random.randint(2, _DAYS_IN_A_ROLL),
        }

    def day(self, day: Day) -> list[Emission]:
        """The day's doses and their count, a refill before the roll ends; a day away has none of it."""
        emissions = [self.heartbeat(day.at(6), day.random, day.memory)]
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._doses(day))
        emissions.append(self.heartbeat(day.at(23.5), day.random, day.memory))
        return in_order(emissions)

    def _doses(self, day: Day) -> list[Emission]:
        memory = day.memory
        emissions: list[Emission] = []
        slots = _SLOTS[int(memory["slots"])]
        if memory["left"] < 2 * len(slots):
            emissions.append(Emission(day.at(7), event="refill_completed"))
            memory["left"] = len(slots) * _DAYS_IN_A_ROLL
        missed = 0
        for number, slot in enumerate(slots):
            if day.random.random() < memory["miss"]:
                missed += 1
                emissions.extend(self._missed(day, number, slot))
            else:
                emissions.extend(self._taken(day, number, slot))
        count = {"doses.scheduled": len(slots), "doses.taken": len(slots) - missed, "doses.missed": missed}
        return [*emissions, Emission(day.at(23.75), values=count)]

    def _taken(self, day: Day, number: int, slot: float) -> list[Emission]:
        due = self._due(day, number, slot)
        delay = within(day.random.lognormvariate(math.log(6), 0.8), 0.1, _WINDOW.total_seconds() / 60 - 5)
        taken = due.at + timedelta(minutes=delay)
        told = {"dose.delay": round(delay, 1), "magazine.doses_left": int(day.memory["left"])}
        return [due, Emission(taken, event="dose_taken", data=due.data), Emission(taken, values=told)]

    def _missed(self, day: Day, number: int, slot: float) -> list[Emission]:
        due = self._due(day, number, slot)
        ended = due.at + _WINDOW
        return [
            due,
            Emission(ended, event="dose_missed", data=due.data),
            Emission(ended + timedelta(minutes=1), event="dose_locked_away", data=due.data),
        ]

    @staticmethod
    def _due(day: Day, number: int, slot: float) -> Emission:
        """The dose's place in the schedule is its only name; machine and platform work it out alike."""
        day.memory["left"] -= 1
        data = {"sequence": sequence_of(day.date, number + 1), "schedule": _VERSION}
        return Emission(due_at(day.date, time(int(slot))), event="dose_due", data=data)

    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """Power, battery, link and what is left in the magazine."""
        return Emission(
            now,
            values={
                "mains.present": True,
                "battery.level": round(within(random.gauss(97, 1.5), 90.0, 100.0), 1),
                "network.rssi": within(round(random.gauss(-75, 6)), -120, -30),
                "magazine.doses_left": int(memory["left"]),
                "schedule.version": _VERSION,
            },
        )


BEHAVIOUR = Dispenser
