"""Behaviour of any class from its profile alone: plausible values at a steady pace, and a used day that meets the definition."""

from datetime import datetime
from random import Random

from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission
from fleet.signals import Kind, Metric
from fleet.usage import Measure

REPORTS_A_DAY = 6


class GenericBehaviour(Behaviour):
    """Walks the profile: no knowledge of the class beyond what its file declares."""

    def day(self, day: Day) -> list[Emission]:
        """Some reports over the day; on a day of use, what the first usage clause asks for."""
        emissions = [
            self.heartbeat(day.at(hour), day.random, day.memory)
            for hour in sorted(day.random.uniform(0, 24) for _ in range(REPORTS_A_DAY))
        ]
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._use(day))
        return sorted(emissions, key=lambda emission: emission.at)

    def _use(self, day: Day) -> list[Emission]:
        clause = self.profile.usage.used_when[0]
        measure = next(measure for measure in self.profile.usage.measures if measure.name == clause.measure)
        # Noon to noon days need their use after noon; 14 o'clock lies inside either kind of day.
        at = day.at(14 + day.random.uniform(0, 6))
        if measure.event is not None:
            return [Emission(at, event=measure.event)] * max(1, round(clause.amount))
        return [Emission(at, values={str(measure.metric): self._enough(measure, clause.amount, day.random)})]

    def _enough(self, measure: Measure, amount: float, random: Random) -> float:
        metric = self.profile.metrics_by_key[str(measure.metric)]
        return min(metric.high, max(metric.low, amount * random.uniform(1.1, 3.0)))

    def heartbeat(self, now: datetime, random: Random, memory: dict[str, float]) -> Emission:
        """One value for every metric that does not decide usage."""
        gathered = {measure.metric for measure in self.profile.usage.measures}
        values = {
            metric.key: self._value(metric, random, memory)
            for metric in self.profile.metrics
            if metric.key not in gathered and metric.cadence_seconds is not None
        }
        return Emission(now, values=values or {self.profile.metrics[0].key: self._value(self.profile.metrics[0], random, memory)})

    @staticmethod
    def _value(metric: Metric, random: Random, memory: dict[str, float]) -> float | bool:
        if metric.kind is Kind.FLAG:
            return random.random() < 0.5
        span = metric.high - metric.low
        usual = memory.setdefault(metric.key, metric.low + span * random.uniform(0.35, 0.65))
        if metric.rising:
            memory[metric.key] = min(metric.high, usual + span * random.uniform(0, 1e-5))
            return round(memory[metric.key]) if metric.kind is Kind.COUNT else memory[metric.key]
        value = min(metric.high, max(metric.low, random.gauss(usual, span * 0.02)))
        return round(value) if metric.kind is Kind.COUNT else round(value, 3)
