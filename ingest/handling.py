"""What ingest does with the messages of one model, worked out once from its profile and kept for every message."""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from fleet.faults import Fault
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules import Rule, Threshold
from fleet.signals import FAULT_CLEARED, FAULT_RAISED, Audience, Event
from fleet.usage import Gather
from ingest.days import LocalDays
from ingest.forms import Reader

FAULT_EVENTS: Final = frozenset({FAULT_RAISED.name, FAULT_CLEARED.name})


class Gathered(NamedTuple):
    """One measure of usage as ingest keeps it.

    Attributes:
        source: the metric key or event name that feeds it.
        measure: its name.
        gather: how it grows.
        days: the local days it is kept by.
    """

    source: str
    measure: str
    gather: Gather
    days: LocalDays


class Calm(NamedTuple):
    """The range in which no threshold rule is touched, both ends included."""

    below: float
    above: float


class Handling:
    """One model of one class. Instances are shared by all devices of that model.

    Attributes:
        device_class, model_key: names, as in the database.
        normaliser: the border where the model's own units become the profile's.
        measured, counted: measures fed by metrics, and by events (by event name).
        deciding: measures that decide whether a day counts as used.
        events: declared events by name.
        watched: metric key to the range in which no threshold rule is touched.
        other_rules: rules on metrics that are no thresholds.
        reader: of plain telemetry.
    """

    def __init__(self, profile: DeviceProfile, model_key: str, model: DeviceModel | None) -> None:
        self.profile = profile
        self.device_class = profile.name
        self.model_key = model_key
        self.normaliser = Normaliser(profile, model)
        self.reader = Reader(profile, self.normaliser)
        days = _days(profile.usage.day_starts_at_hour)
        gathered = [
            Gathered(measure.metric or measure.event or "", measure.name, measure.gather, days)
            for measure in profile.usage.measures
        ]
        by_event = {measure.name for measure in profile.usage.measures if measure.event is not None}
        self.measured = tuple(entry for entry in gathered if entry.measure not in by_event)
        self.counted = {
            event.name: tuple(entry for entry in gathered if entry.measure in by_event and entry.source == event.name)
            for event in profile.all_events
        }
        self.deciding = frozenset(clause.measure for clause in profile.usage.used_when)
        self.events: Mapping[str, Event] = {event.name: event for event in profile.all_events}
        self._faults = {(native.system, native.code): fault for native, fault in profile.faults_by_native.items()}
        self.watched = _calm_ranges(profile.rules)
        self.other_rules = tuple(rule for rule in profile.rules if rule.metrics() and not isinstance(rule, Threshold))

    def due(self, values: Mapping[str, float | bool]) -> bool:
        """Whether any rule is touched by these new values, so that the worker must judge the device."""
        for key, value in values.items():
            watched = self.watched.get(key)
            if watched is not None and not watched.below <= value <= watched.above:
                return True
        return bool(self.other_rules) and any(rule.touched_by(values) for rule in self.other_rules)

    def fault(self, system: str, code: str) -> Fault | None:
        """What a native code means, or None where no profile knows it."""
        return self._faults.get((system, code))

    def audience_of(self, event: Event, fault: Fault | None) -> Audience:
        """Who may see an event: a fault event is seen by those who may see the fault."""
        return event.audience if fault is None else fault.audience


class Handlings:
    """Makes each handling once.

    Args:
        registry: the device classes this release knows.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: dict[tuple[str, str, int], Handling] = {}

    def of(self, device_class: str, model_key: str, firmware: str) -> Handling | None:
        """The handling of a model at a firmware version, or None where this release does not know the class."""
        if device_class not in self._registry:
            return None
        profile = self._registry[device_class]
        model = profile.model(model_key, firmware)
        key = (device_class, model_key, id(model))
        if key not in self._made:
            self._made[key] = Handling(profile, model_key, model)
        return self._made[key]


@cache
def _days(starts_at_hour: int) -> LocalDays:
    return LocalDays(starts_at_hour)


def _calm_ranges(rules: Iterable[Rule]) -> dict[str, Calm]:
    """Threshold rules, folded into one range per metric: what `touched_by` says, at a tenth of the cost."""
    calm: dict[str, Calm] = {}
    for rule in rules:
        if isinstance(rule, Threshold):
            known = calm.get(rule.metric, Calm(-math.inf, math.inf))
            calm[rule.metric] = Calm(
                known.below if rule.below is None else max(known.below, rule.below),
                known.above if rule.above is None else min(known.above, rule.above),
            )
    return calm
