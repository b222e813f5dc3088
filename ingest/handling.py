"""What ingest does with the messages of one model, worked out once from its profile and kept for every message."""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from fleet.faults import Fault
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules.base import Rule
from fleet.signals import FAULT_CLEARED, FAULT_RAISED, Audience, Event
from fleet.usage import Gather
from ingest.days import LocalDays

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


class Handling:
    """One model of one class. Instances are shared by all devices of that model.

    Attributes:
        device_class, model_key: names, as in the database.
        normaliser: the border where the model's own units become the profile's.
        measured, counted: measures fed by metrics, and by events (by event name).
        events: declared events by name.
    """

    def __init__(self, profile: DeviceProfile, model_key: str, model: DeviceModel | None) -> None:
        self.profile = profile
        self.device_class = profile.name
        self.model_key = model_key
        self.normaliser = Normaliser(profile, model)
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
        self.events: Mapping[str, Event] = {event.name: event for event in profile.all_events}
        self._faults = {(native.system, native.code): fault for native, fault in profile.faults_by_native.items()}
        self._rules_by_metric = _rules_by_metric(profile.rules)
        self._watched = frozenset(self._rules_by_metric)

    def due(self, values: Mapping[str, float | bool]) -> bool:
        """Whether these new values may raise an alarm, so that the worker must judge the device."""
        if self._watched.isdisjoint(values):
            return False
        return any(
            rule.touched_by(values) for key in values if key in self._watched for rule in self._rules_by_metric[key]
        )

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


def _rules_by_metric(rules: tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
    metrics = {key for rule in rules for key in rule.metrics()}
    return {key: tuple(rule for rule in rules if key in rule.metrics()) for key in sorted(metrics)}
