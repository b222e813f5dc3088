"""How an APAP unit behaves: a night summary each morning; figures from domain.md 3.2 and 9."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final

from device_sim.behaviours.base import Behaviour, Day, in_order, within
from device_sim.emission import Emission

_MEDIAN_MINUTES: Final = 332
_LONGEST_MINUTES: Final = 560
_ATTEMPTS: Final = 0.03
"""Nights with the mask on for under half an hour, as of 2, 13 and 25 minutes on a real card."""
_FRIDAY_OR_SATURDAY_LATER: Final = 0.75
_WEEKEND: Final = frozenset({4, 5})


class Apap(Behaviour):
    """Sends the night that began this evening in the following morning; an unused one is sent too, as zero minutes."""

    def start(self, random: Random) -> dict[str, float]:
        """How the person sleeps and breathes, and the hours on the machine."""
        return {
            "bedtime": within(random.gauss(22.92, 1.0), 20.5, 25.0),
            "leak": random.uniform(4, 14),
            "ahi": random.lognormvariate(math.log(2.0), 0.6),
            "pressure": random.uniform(7, 12),
            "hours": random.uniform(200, 6000),
        }

    def day(self, day: Day) -> list[Emission]:
        """Mask on in the evening, mask off and the summary in the morning, before the noon that ends the night."""
        random = day.random
        morning = day.at(31 + random.uniform(0, 1))
        if not day.persona.uses(day.progress, random):
            return [Emission(morning, values=_unused(day.memory))]
        minutes = self._minutes(day)
        later = _FRIDAY_OR_SATURDAY_LATER if day.date.weekday() in _WEEKEND else 0.0
        went_to_bed = day.at(within(random.gauss(day.memory["bedtime"], 0.4) + later, 19.0, 25.0))
        # By the clock that does not jump: an hour of therapy is an hour also in the night when clocks change.
        woke = went_to_bed + timedelta(minutes=minutes + random.uniform(0, 20))
        return in_order(
            [
                Emission(went_to_bed, event="mask_on"),
                Emission(woke, event="mask_off"),
                Emission(max(woke, morning) + timedelta(minutes=1), values=self._summary(day, minutes)),
            ]
        )

    @staticmethod
    def _minutes(day: Day) -> float:
        random = day.random
        if random.random() < _ATTEMPTS:
            return round(random.uniform(2, 29))
        drawn = random.lognormvariate(math.log(_MEDIAN_MINUTES), 0.35) * day.persona.intensity**0.3
        return round(within(drawn, 60, _LONGEST_MINUTES))

    @staticmethod
    def _summary(day: Day, minutes: float) -> dict[str, float | bool | None]:
        random, memory = day.random, day.memory
        memory["hours"] = min(39_000.0, memory["hours"] + minutes / 60)
        leak = within(random.gauss(memory["leak"], 2.5), 0.0, 60.0)
        pressure = memory["pressure"]
        return {
            "therapy.usage": minutes,
            "therapy.flowgen_time": round(minutes + random.uniform(0, 4)),
            "therapy.sessions": random.randint(1, 7),
            "therapy.ahi": round(within(random.gauss(memory["ahi"], 0.8), 0.0, 60.0), 1),
            "leak.p50": round(leak * 0.4, 1),
            "leak.p95": round(leak, 1),
            "pressure.p50": round(pressure, 1),
            "pressure.p95": round(min(20.0, pressure + random.uniform(0.8, 2.5)), 1),
            "device.lifetime_hours": round(memory["hours"]),
            # Only units with an oximeter measure this; the others say so in their own way.
            "spo2.p50": None,
        }

    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """A unit in standby knows its lifetime hours and the air of the room; not every model tells both."""
        humidity = within(random.gauss(9.0, 1.0), 4.5, 19.5)
        return Emission(
            now, values={"device.lifetime_hours": round(memory["hours"]), "ambient.humidity_abs": round(humidity)}
        )


def _unused(memory: Mapping[str, float]) -> dict[str, float | bool | None]:
    """A night without therapy: zero minutes, and "not measured" for what needs somebody to breathe."""
    return {
        "therapy.usage": 0,
        "therapy.sessions": 0,
        "therapy.ahi": None,
        "leak.p50": None,
        "leak.p95": None,
        "pressure.p50": None,
        "pressure.p95": None,
        "device.lifetime_hours": round(memory["hours"]),
    }


BEHAVIOUR = Apap
