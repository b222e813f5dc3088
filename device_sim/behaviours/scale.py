"""How a digital scale behaves: weighs on some mornings, at times twice or thrice; figures from domain.md 5 and 9."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final

from device_sim.behaviours.base import Behaviour, Day, in_order, within
from device_sim.emission import Emission

_FIRST_HOUR: Final = 6.0
_DAY_TO_DAY_KG: Final = 0.5
_REPEAT_KG: Final = 0.15
_REPEATED: Final = 0.2
_FAILED: Final = 0.01
_FOREIGN_USER: Final = 0.03
_BATTERY_A_DAY: Final = 0.05


class Scale(Behaviour):
    """Weighs at about six in the morning; the value wanders by half a kilogram from day to day."""

    def start(self, random: Random) -> dict[str, float]:
        """The person's weight and height, and how full the batteries are."""
        return {
            "weight": within(random.gauss(78, 14), 45, 160),
            "height": within(random.gauss(1.70, 0.09), 1.50, 1.95),
            "impedance": within(random.gauss(500, 60), 300, 800),
            "battery": random.uniform(60, 100),
        }

    def day(self, day: Day) -> list[Emission]:
        """A weighing if the person stands on the scale, and the hub's daily sign of life."""
        memory = day.memory
        memory["battery"] = max(5.0, memory["battery"] - _BATTERY_A_DAY)
        memory["weight"] = within(memory["weight"] + day.random.gauss(0, 0.08), 45, 160)
        emissions = [self.heartbeat(day.at(12), day.random, memory)]
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._weighing(day))
        return in_order(emissions)

    @staticmethod
    def _weighing(day: Day) -> list[Emission]:
        random = day.random
        at = day.at(_FIRST_HOUR + random.uniform(0, 2))
        weight = random.gauss(day.memory["weight"], _DAY_TO_DAY_KG / 2)
        emissions: list[Emission] = []
        if random.random() < _FAILED:
            failed = at - timedelta(seconds=30)
            # The measurement that did not succeed comes as the model's own sentinel.
            emissions += [Emission(failed, event="measurement_failed"), Emission(failed, values={"body.weight": None})]
        if random.random() < _FOREIGN_USER:
            emissions.append(Emission(at + timedelta(minutes=3), event="user_ambiguous"))
        times = 3 if random.random() < _REPEATED else 1
        for number in range(times):
            values = _person(round(weight + random.gauss(0, _REPEAT_KG), 2), day.memory)
            emissions.append(Emission(at + timedelta(seconds=30 * number), values=values))
        return emissions

    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """Battery and link of the scale's hub."""
        rssi = within(round(random.gauss(-65, 8)), -105, -25)
        return Emission(
            now, values={"battery.level": round(memory["battery"]), "gateway.rssi": rssi, "memory.stored": 0}
        )


def _person(weight: float, memory: Mapping[str, float]) -> dict[str, float]:
    """What the scale tells of the person; models without body composition leave all but the weight out."""
    bmi = within(weight / memory["height"] ** 2, 12, 70)
    return {
        "body.weight": weight,
        "body.bmi": round(bmi, 1),
        "body.fat": round(within(bmi * 1.1, 5, 55), 1),
        "body.impedance": round(memory["impedance"]),
    }


BEHAVIOUR = Scale
