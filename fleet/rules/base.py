"""What every rule kind has in common: the state it looks at, the finding it gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from fleet.errors import ProfileError
from fleet.faults import Severity
from fleet.signals import NAME_PATTERN, Audience
from fleet.text import Text


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest known value of a metric and when it happened (device time)."""

    value: float | bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A device's state as a rule sees it.

    Attributes:
        values: metric key to newest sample.
        events: event name to the newest time it happened.
        active_faults: normalised code to the time it was raised.
        last_seen: when the platform last heard from the device (server time); None if never.
        watermark: up to when ingest has stored what arrived. Silence is judged against it, so that our own lag is never
            taken for a silent device (reliability.md D28).
    """

    values: Mapping[str, Sample] = field(default_factory=lambda: MappingProxyType({}))
    events: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    active_faults: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    last_seen: datetime | None = None
    watermark: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer: since when its condition holds (device time) and why, in both languages."""

    since: datetime
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One condition on one device that a person should hear of.

    Attributes:
        name: stable name within the class; device and name together identify an alarm.
        title: what the person reads first.
        safety: whether a person may be hurt; such an alarm is never silenced, inhibited or delayed.
        audience: the view in which the alarm is shown.
        hold_seconds: how long the condition must have held before the alarm is raised; 0 for safety rules.
    """

    name: str
    title: Text
    severity: Severity
    safety: bool = False
    audience: Audience = Audience.TECHNICAL
    hold_seconds: int = 0

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"rule {self.name!r}: use lower-case words joined by _")
        if self.hold_seconds < 0 or (self.safety and self.hold_seconds):
            raise ProfileError(f"rule {self.name}: hold must be 0 or more seconds, and 0 for a safety rule")

    @abstractmethod
    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """The finding if the condition holds, None if it does not or cannot be judged.

        Args:
            snapshot: the device's state.
            now: the moment of judgement, aware.
            firing: whether the alarm is open already, for hysteresis.
        """

    @abstractmethod
    def metrics(self) -> frozenset[str]:
        """Metric keys it looks at."""

    def event_names(self) -> frozenset[str]:
        """Event names it looks at."""
        return frozenset()

    def fault_codes(self) -> frozenset[str]:
        """Normalised fault codes it looks at."""
        return frozenset()

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Whether these new values alone may raise it; ingest asks this to know whether the device is to be judged."""
        return not self.metrics().isdisjoint(values)
