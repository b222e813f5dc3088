"""How a medication dispenser behaves: doses due, taken or missed, refills every fortnight; figures from domain.md 4.1 and 9."""

import math
from datetime import datetime
from random import Random

from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission

_SLOTS = (8.0, 20.0)  # 2.07 doses a day on average
_MISSED = 0.025
_DOSES_IN_A_ROLL = 28.0


class Dispenser(Behaviour):
    """Presents each dose at its slot; what is inside it is never known here."""

    def day(self, day: Day) -> list[Emission]:
        """The day's doses, and a refill when the magazine runs low."""
        emissions: list[Emission] = []
        if day.memory.get("doses", _DOSES_IN_A_ROLL) < len(_SLOTS) * 2:
            emissions.append(Emission(day.at(10), event="refill_completed"))
            day.memory["doses"] = _DOSES_IN_A_ROLL
        if day.persona.uses(day.progress, day.random):
            for slot in _SLOTS:
                emissions.extend(self._dose(day, slot))
        emissions.append(self.heartbeat(day.at(12), day.random, day.memory))
        return sorted(emissions, key=lambda emission: emission.at)

    @staticmethod
    def _dose(day: Day, slot: float) -> list[Emission]:
        random = day.random
        due = Emission(day.at(slot), event="dose_due", data={"sequence": (day.date.toordinal() * 2) + (slot > 12)})
        left = day.memory["doses"] = day.memory.get("doses", _DOSES_IN_A_ROLL) - 1
        if random.random() < _MISSED:
            return [due, Emission(day.at(slot + 1.25), event="dose_missed"), Emission(day.at(slot + 1.3), event="dose_locked_away")]
        delay = min(70.0, random.lognormvariate(math.log(6), 0.8))
        taken = day.at(slot + delay / 60)
        return [
            due,
            Emission(taken, event="dose_taken"),
            Emission(taken, values={"dose.delay": round(delay, 1), "magazine.doses_left": int(left)}),
        ]

    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """Power, battery, link and what is left in the magazine."""
        return Emission(
            now,
            values={
                "mains.present": True,
                "battery.level": round(min(100.0, random.gauss(97, 1.5)), 1),
                "network.rssi": round(random.gauss(-75, 6)),
                "magazine.doses_left": int(memory.setdefault("doses", _DOSES_IN_A_ROLL)),
            },
        )


BEHAVIOUR = Dispenser
