"""Behaviour of any class from its profile alone: plausible values, and a used day that meets the definition."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from device_sim.behaviours.base import Behaviour, Day, in_order, within
from device_sim.emission import Emission
from fleet.signals import Kind, Metric
from fleet.usage import Gather, Measure

REPORTS_A_DAY = 6


class GenericBehaviour(Behaviour):
    """Walks the profile: no knowledge of the class beyond what its file declares."""

    def start(self, random: Random) -> dict[str, float]:
        """A usual value for every metric, in the middle of its range."""
        return {
            metric.key: metric.low + (metric.high - metric.low) * random.uniform(0.35, 0.65)
            for metric in self.profile.metrics
        }

    def day(self, day: Day) -> list[Emission]:
        """Some reports over the day; on a day of use, what the first usage clause asks for."""
        for metric in self.profile.metrics:
            if metric.rising:
                grown = day.memory[metric.key] + (metric.high - metric.low) * day.random.uniform(0, 1e-4)
                day.memory[metric.key] = min(metric.high, grown)
        emissions = [
            self.heartbeat(day.at(hour), day.random, day.memory)
            for hour in sorted(day.random.uniform(0, 24) for _ in range(REPORTS_A_DAY))
        ]
        if day.persona.uses(day.progress, day.random):
            emissions.extend(self._use(day))
        return in_order(emissions)

    def _use(self, day: Day) -> list[Emission]:
        """As many signs of use as the definition wants, in an afternoon, which lies inside any kind of day."""
        clause = self.profile.usage.used_when[0]
        measure = next(measure for measure in self.profile.usage.measures if measure.name == clause.measure)
        began = day.at(14 + day.random.uniform(0, 4))
        wanted = clause.amount * day.random.uniform(1.1, 3.0)
        return [
            self._sign(began + timedelta(minutes=5 * number), measure, value)
            for number, value in enumerate(self._values(measure, wanted))
        ]

    def _values(self, measure: Measure, wanted: float) -> list[float]:
        """The values whose sum, maximum or number reaches `wanted`, none above the metric's range."""
        if measure.metric is None:
            return [0.0] * max(1, round(wanted))
        metric = self.profile.metrics_by_key[measure.metric]
        if measure.gather is Gather.COUNT:
            return [(metric.low + metric.high) / 2] * max(1, round(wanted))
        if measure.gather is Gather.MAXIMUM:
            return [within(wanted, metric.low, metric.high)]
        parts = max(1, -int(-wanted // metric.high))
        return [within(wanted / parts, metric.low, metric.high)] * parts

    def _sign(self, at: datetime, measure: Measure, value: float) -> Emission:
        if measure.event is not None:
            return Emission(at, event=measure.event)
        metric = self.profile.metrics_by_key[str(measure.metric)]
        whole = -int(-value // 1)
        return Emission(at, values={metric.key: whole if metric.kind is Kind.COUNT else round(value, 3)})

    def heartbeat(self, now: datetime, random: Random, memory: Mapping[str, float]) -> Emission:
        """One value for every metric that does not decide usage."""
        gathered = {measure.metric for measure in self.profile.usage.measures}
        told = [m for m in self.profile.metrics if m.key not in gathered and m.cadence_seconds is not None]
        # A class that measures nothing but use still lives: it tells a value that proves no use.
        values = {metric.key: _value(metric, random, memory) for metric in told}
        return Emission(now, values=values or {metric.key: None for metric in self.profile.metrics[:1]})


def _value(metric: Metric, random: Random, memory: Mapping[str, float]) -> float | bool:
    usual = memory[metric.key]
    if metric.kind is Kind.FLAG:
        return usual < 0.5
    span = metric.high - metric.low
    value = usual if metric.rising else within(random.gauss(usual, span * 0.02), metric.low, metric.high)
    return int(value) if metric.kind is Kind.COUNT else round(value, 3)
