"""How a powered wheelchair behaves: bins of half an hour, charging at night, winter; figures: domain.md 2.3 and 9."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final

from device_sim.behaviours.base import Behaviour, Day, in_order, within
from device_sim.emission import Emission

# About 100 bouts of 7 m (median) a day make the 1.1-1.4 km of an indoor chair, in four to nine half hours.
_BOUTS_A_BIN: Final = 100 / 6.5
_HALF_HOURS: Final = tuple(8 + half / 2 for half in range(26))
# Bouts hardly vary over the year, distance falls in winter (domain.md 2.3; the size is an assumption there).
_WINTER_DISTANCE: Final = 0.6
_WINTER_MONTHS: Final = frozenset({11, 12, 1, 2, 3})
_SPEED_M_PER_S: Final = 0.7
_FARTHEST_IN_A_BIN_M: Final = 30 * 60 * _SPEED_M_PER_S
# 45 % of users do not charge regularly (domain.md 2.3, S25); how often those skip a night is assumed.
_SKIPPERS: Final = 0.45
_EMPTIEST: Final = 12.0


class Wheelchair(Behaviour):
    """Drives between 8 and 21, charges from the evening, reports bins when there was driving, and once a day anyway."""

    def start(self, random: Random) -> dict[str, float]:
        """Odometer, battery and its wear, and whether the user tends to forget to charge."""
        return {
            "odometer": random.uniform(50, 4000),
            "soc": random.uniform(75, 100),
            "soh": random.uniform(70, 100),
            "cycles": random.randint(20, 600),
            "skips": 0.3 if random.random() < _SKIPPERS else 0.03,
        }

    def day(self, day: Day) -> list[Emission]:
        """The day's drive bins, the evening's report, and the night's charge."""
        emissions: list[Emission] = []
        if day.persona.uses(day.progress, day.random):
            starts = sorted(day.random.sample(_HALF_HOURS, k=day.random.randint(4, 9)))
            emissions.extend(self._bin(day, start) for start in starts)
        emissions.append(self._evening(day))
        emissions.extend(self._night(day))
        return in_order(emissions)

    @staticmethod
    def _bin(day: Day, start: float) -> Emission:
        random, memory = day.random, day.memory
        bouts = round(within(random.gauss(_BOUTS_A_BIN * day.persona.intensity, 4), 3, 60))
        season = _WINTER_DISTANCE if day.date.month in _WINTER_MONTHS else 1.0
        lengths = [within(random.lognormvariate(math.log(7), 0.9), 5.0, 400.0) * season for _ in range(bouts)]
        distance = min(_FARTHEST_IN_A_BIN_M, sum(lengths))
        memory["odometer"] = min(59_000.0, memory["odometer"] + distance / 1000)
        memory["soc"] = max(_EMPTIEST, memory["soc"] - distance / 1000 * random.uniform(5, 9))
        return Emission(
            day.at(start + 0.5),
            values={
                "drive.time": round(distance / _SPEED_M_PER_S / 60, 2),
                "drive.bouts": bouts,
                "drive.bout_longest": round(min(distance, max(lengths)), 1),
                "drive.distance": round(distance, 1),
                "drive.speed_max": round(random.uniform(0.9, 2.2), 2),
                **_battery(random, memory),
            },
        )

    def _evening(self, day: Day) -> Emission:
        """The daily figures beside those of a resting chair."""
        random, memory = day.random, day.memory
        memory["soh"] = max(40.0, memory["soh"] - random.uniform(0, 0.04))
        resting = self.heartbeat(day.at(20 + random.uniform(0, 1.5)), random, memory)
        daily = {"battery.soh": round(memory["soh"], 1), "battery.charge_cycles": int(memory["cycles"])}
        return Emission(resting.at, values={**resting.values, **daily})

    @staticmethod
    def _night(day: Day) -> list[Emission]:
        """Eight to ten hours on the charger, which give about 80 % back (domain.md 2.3), unless it is forgotten."""
        random, memory = day.random, day.memory
        if random.random() < memory["skips"]:
            return []
        began = day.at(21.6 + random.uniform(0, 1.4))
        memory["soc"] = min(100.0, memory["soc"] + random.uniform(78, 90))
        memory["cycles"] = min(1500.0, memory["cycles"] + 1)
        ended = began + timedelta(hours=random.uniform(8, 10))
        finished = "charge_complete" if memory["soc"] >= 99.9 else "charge_ended"
        return [Emission(began, event="charge_started"), Emission(ended, event=finished)]

    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """Battery, odometer, room and link of a chair at rest."""
        return Emission(
            now,
            values={
                **_battery(random, memory),
                "battery.charging": False,
                "drive.odometer_total": round(memory["odometer"], 2),
                "environment.temp": round(within(random.gauss(20, 2), 8.0, 35.0), 1),
                "gateway.rssi": within(round(random.gauss(-78, 6)), -120, -40),
            },
        )


def _battery(random: Random, memory: Mapping[str, float]) -> dict[str, float]:
    """A 24 V pair at rest: about 23.2 V nearly empty, 25.6 V full (domain.md 2.3)."""
    charge = memory["soc"]
    voltage = 23.2 + 2.4 * charge / 100 + within(random.gauss(0, 0.05), -0.2, 0.2)
    return {"battery.soc": round(charge, 1), "battery.voltage": round(voltage, 2)}


BEHAVIOUR = Wheelchair
