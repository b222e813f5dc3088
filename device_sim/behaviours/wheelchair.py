"""How a powered wheelchair behaves: drive bouts in 30-minute bins, charging at night, winter; figures from domain.md 2.3 and 9."""

import math
from datetime import datetime
from random import Random

from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission

# Bouts a day are about 90-100 whatever the season, while distance falls in winter (domain.md 2.3; the size is an assumption there).
_MEAN_BOUTS = 100
_WINTER_DISTANCE = 0.6
_WINTER_MONTHS = frozenset({11, 12, 1, 2, 3})
_NIGHTS_NOT_CHARGED = 0.15
_DRIVING_SPEED_M_PER_S = 0.7


class Wheelchair(Behaviour):
    """Drives between 8 and 21, charges from the evening, reports battery hourly and drive bins when there was driving."""

    def day(self, day: Day) -> list[Emission]:
        """The day's drive bins and battery reports, and the night's charge."""
        emissions: list[Emission] = []
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._bin(day, start) for start in self._bin_starts(day.random))
        emissions.extend(self._evening(day))
        return sorted(emissions, key=lambda emission: emission.at)

    @staticmethod
    def _bin_starts(random: Random) -> list[float]:
        return sorted(random.sample([8 + half / 2 for half in range(26)], k=random.randint(4, 9)))

    def _bin(self, day: Day, start: float) -> Emission:
        random = day.random
        bouts = max(1, round(random.gauss(_MEAN_BOUTS / 7, 4) * min(2.0, day.persona.intensity)))
        lengths = [min(400.0, random.lognormvariate(math.log(7), 0.9)) for _ in range(bouts)]
        season = _WINTER_DISTANCE if day.date.month in _WINTER_MONTHS else 1.0
        distance = sum(lengths) * season
        memory = day.memory
        memory["odometer"] = memory.get("odometer", random.uniform(50, 4000)) + distance / 1000
        memory["soc"] = max(12.0, memory.get("soc", 95.0) - distance / 1000 * random.uniform(5, 9))
        return Emission(
            day.at(start + 0.5),
            values={
                "drive.time": round(distance / _DRIVING_SPEED_M_PER_S / 60, 2),
                "drive.bouts": bouts,
                "drive.bout_longest": round(max(lengths) * season, 1),
                "drive.distance": round(distance, 1),
                **self._battery(memory, random),
            },
        )

    def _evening(self, day: Day) -> list[Emission]:
        random, memory = day.random, day.memory
        before = self.heartbeat(day.at(20 + random.uniform(0, 2)), random, memory)
        if random.random() < _NIGHTS_NOT_CHARGED:
            return [before]
        started = day.at(22 + random.uniform(0, 1))
        memory["soc"] = min(100.0, memory.get("soc", 95.0) + 80.0)
        return [before, Emission(started, event="charge_started"), Emission(day.at(23.9), event="charge_complete")]

    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """Battery and odometer of a chair at rest."""
        return Emission(
            now,
            values={
                **self._battery(memory, random),
                "battery.charging": False,
                "drive.odometer_total": round(memory.setdefault("odometer", random.uniform(50, 4000)), 2),
                "gateway.rssi": round(random.gauss(-78, 6)),
            },
        )

    @staticmethod
    def _battery(memory: dict[str, float], random: Random) -> dict[str, float]:
        charge = memory.setdefault("soc", random.uniform(70, 100))
        # 24 V gel pair: about 23.2 V nearly empty, 25.6 V full at rest (domain.md 2.3).
        return {"battery.soc": round(charge, 1), "battery.voltage": round(23.2 + 2.4 * charge / 100 + random.gauss(0, 0.05), 2)}


BEHAVIOUR = Wheelchair
