"""How an APAP unit behaves: a night summary each morning; figures from domain.md 3.2 and 9."""

import math
from datetime import datetime
from random import Random

from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission

_MEDIAN_MINUTES = 332
_LATE_UPLOADS = 0.05


class Apap(Behaviour):
    """Sends the night that began this evening in the following morning; a night without use is sent too, as zero minutes."""

    def day(self, day: Day) -> list[Emission]:
        """Mask on in the evening, the summary at about seven."""
        random = day.random
        if not day.persona.uses(day.progress, random):
            return [Emission(day.at(31 + random.uniform(0, 1)), values={"therapy.usage": 0.0, "therapy.sessions": 0})]
        minutes = min(720.0, random.lognormvariate(math.log(_MEDIAN_MINUTES), 0.35) * day.persona.intensity**0.3)
        start = random.gauss(22.9, 0.6)
        woke = start + minutes / 60 + random.uniform(0.1, 0.6)
        summary = self._summary(random, minutes, day.memory)
        return [
            Emission(day.at(start), event="mask_on"),
            Emission(day.at(woke), event="mask_off"),
            Emission(day.at(max(woke, 30.5) + random.uniform(0.1, 1.0)), values=summary),
        ]

    @staticmethod
    def _summary(random: Random, minutes: float, memory: dict[str, float]) -> dict[str, float | bool | None]:
        usual_leak = memory.setdefault("leak", random.uniform(4, 14))
        usual_events = memory.setdefault("ahi", random.lognormvariate(math.log(2.0), 0.6))
        pressure = memory.setdefault("pressure", random.uniform(7, 12))
        hours = memory["hours"] = memory.get("hours", random.uniform(200, 6000)) + minutes / 60
        leak = max(0.0, random.gauss(usual_leak, 2.5))
        return {
            "therapy.usage": round(minutes, 1),
            "therapy.flowgen_time": round(minutes + random.uniform(0, 4), 1),
            "therapy.sessions": random.randint(1, 6),
            "therapy.ahi": round(max(0.0, random.gauss(usual_events, 0.8)), 1),
            "leak.p50": round(leak * 0.4, 1),
            "leak.p95": round(leak, 1),
            "pressure.p50": round(pressure, 1),
            "pressure.p95": round(min(20.0, pressure + random.uniform(0.8, 2.5)), 1),
            "device.lifetime_hours": round(hours, 1),
            # Only units with an oximeter measure this; the others say so in their own way.
            "spo2.p50": None,
        }

    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """A unit in standby knows its lifetime hours."""
        return Emission(now, values={"device.lifetime_hours": round(memory.setdefault("hours", random.uniform(200, 6000)), 1)})


BEHAVIOUR = Apap
