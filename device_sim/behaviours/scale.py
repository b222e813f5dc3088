"""How a digital scale behaves: a morning weighing on some days, three repeats within a minute at times; figures from domain.md 5, 9."""

from datetime import datetime, timedelta
from random import Random

from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission

_REPEATED = 0.2


class Scale(Behaviour):
    """Weighs at about six in the morning; the value wanders by half a kilogram from day to day."""

    def day(self, day: Day) -> list[Emission]:
        """A weighing if the person stands on it, and the gateway's daily sign of life."""
        emissions = [self.heartbeat(day.at(12), day.random, day.memory)]
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._weighing(day))
        return sorted(emissions, key=lambda emission: emission.at)

    @staticmethod
    def _weighing(day: Day) -> list[Emission]:
        random = day.random
        usual = day.memory.setdefault("weight", random.gauss(78, 14))
        day.memory["weight"] = usual + random.gauss(0, 0.08)
        at = day.at(6 + random.uniform(0, 2))
        weight = max(30.0, random.gauss(usual, 0.4))
        times = 3 if random.random() < _REPEATED else 1
        return [
            Emission(at + timedelta(seconds=30 * number), values={"body.weight": round(weight + random.gauss(0, 0.1), 2)})
            for number in range(times)
        ]

    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """Battery and link of the scale's gateway."""
        memory["battery"] = max(5.0, memory.get("battery", random.uniform(60, 100)) - 0.05)
        return Emission(
            now, values={"battery.level": round(memory["battery"]), "gateway.rssi": round(random.gauss(-65, 8))}
        )


BEHAVIOUR = Scale
