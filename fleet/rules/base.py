"""What every rule kind has in common: the state it looks at, the finding it gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final, Self

from fleet.doses import Dose, Standing
from fleet.errors import ProfileError
from fleet.faults import Severity
from fleet.signals import NAME_PATTERN, Audience
from fleet.text import Text


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest known value of a metric and when it happened (device time)."""

    value: float | bool
    at: datetime


class Gathered(StrEnum):
    """What a whole area may lose at once; such alarms are told as one, through the area's own alarm."""

    CONTACT = "contact"
    POWER = "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The past a rule looks at, beyond a device's newest values; nothing of it is read for a rule that needs none.

    Attributes:
        readings: metric key to how many seconds back its single readings are looked at.
        days: metric key to how many local days back its daily means are looked at.
        events: event name to how many seconds back its occurrences are looked at.
    """

    readings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    days: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    events: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def __or__(self, other: "Needs") -> "Needs":
        """Both, the longer of each."""
        return Needs(
            readings=_longer(self.readings, other.readings),
            days=_longer(self.days, other.days),
            events=_longer(self.events, other.events),
        )

    def __bool__(self) -> bool:
        """Whether any past is needed."""
        return bool(self.readings or self.days or self.events)


NOTHING: Final = Needs()
"""Asked of every rule of every device that is judged: made once."""


def _longer(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in one.keys() | other.keys()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A device's state as a rule sees it.

    Attributes:
        values: metric key to newest sample.
        events: event name to the newest time it happened.
        active_faults: normalised code to the time it was raised.
        last_seen, first_seen: when the platform last heard from the device, and when for the first time (server time);
            None if never, or not known.
        watermark: up to when ingest has stored what arrived. Silence is judged against it, so that our own lag is never
            taken for a silent device (reliability.md D28).
        since: when the open loan began; nothing is expected of a device before. None: it is in store, or not known.
        readings, days, occurrences: the past that `Rule.needs` asked for, oldest first.
        doses: what is known of the latest doses; None where no schedule is known, so that nothing can be expected.
        standing: whether the user is there, and since when that is so.
        schedule: version of the schedule in force and when it was entered.
    """

    values: Mapping[str, Sample] = field(default_factory=lambda: MappingProxyType({}))
    events: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    active_faults: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    last_seen: datetime | None = None
    first_seen: datetime | None = None
    watermark: datetime
    since: datetime | None = None
    readings: Mapping[str, Sequence[Sample]] = field(default_factory=lambda: MappingProxyType({}))
    days: Mapping[str, Sequence[tuple[date, float]]] = field(default_factory=lambda: MappingProxyType({}))
    occurrences: Mapping[str, Sequence[datetime]] = field(default_factory=lambda: MappingProxyType({}))
    doses: Sequence[Dose] | None = None
    standing: tuple[Standing, datetime] | None = None
    schedule: tuple[int, datetime] | None = None


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
        inhibited_by: rules whose open alarm on the same device explains this one: it is opened but not told while one
            of them is open. Never for a safety rule.
        gathered: what an area may lose at once; while the area's own alarm is open this one is told through it.
        adjust: field to the lowest and highest value that one device's setting may give it. A setting for one device
            is a value too and is checked against these limits.
    """

    onset: ClassVar[bool] = True
    """Whether `Finding.since` tells one occurrence from the next; False where it moves with every reading."""

    name: str
    title: Text
    severity: Severity
    safety: bool = False
    audience: Audience = Audience.TECHNICAL
    hold_seconds: int = 0
    inhibited_by: tuple[str, ...] = ()
    gathered: Gathered | None = None
    adjust: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"rule {self.name!r}: use lower-case words joined by _")
        if self.hold_seconds < 0 or (self.safety and self.hold_seconds):
            raise ProfileError(f"rule {self.name}: hold must be 0 or more seconds, and 0 for a safety rule")
        if self.safety and self.inhibited_by:
            raise ProfileError(f"rule {self.name}: a safety alarm is never inhibited by another rule")
        for name, (low, high) in self.adjust.items():
            if not isinstance(getattr(self, name, None), int | float) or not low <= getattr(self, name) <= high:
                raise ProfileError(f"rule {self.name}: {name} must be a number within its own limits {low}..{high}")

    def adjusted(self, settings: Mapping[str, float]) -> Self:
        """The same rule with one device's settings.

        Raises:
            ProfileError: a setting is none of `adjust`, lies outside its limits, or contradicts the rest of the rule.
        """
        if not settings:
            return self
        for name, value in settings.items():
            if name not in self.adjust:
                known = ", ".join(sorted(self.adjust)) or "nothing"
                raise ProfileError(f"rule {self.name}: {name!r} cannot be set for one device; what can: {known}")
            low, high = self.adjust[name]
            if not low <= value <= high:
                raise ProfileError(f"rule {self.name}: {name} must be {low:g} to {high:g}")
        kept = {name: type(getattr(self, name))(value) for name, value in settings.items()}
        return replace(self, **kept)

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

    def needs(self) -> Needs:
        """The past it looks at; none for most rules."""
        return NOTHING

    @property
    def delay_seconds(self) -> int:
        """How long after `Finding.since` the rule fires at the earliest, by its own nature; more than that is late."""
        return self.hold_seconds

    def stale(self, snapshot: Snapshot, now: datetime) -> Finding | None:
        """What would have been an alarm, had it been known in time; it is kept for the record and never rings."""
        del snapshot, now
        return None

    def look_at(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """When time alone, without a word of the device, may make it true; None where only data or silence can.

        The worker looks at the device then: nothing marks it. Silence and doses have a look of their own.
        """
        del snapshot, now
        return None

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Whether these new values alone may raise it; ingest asks this to know whether the device is to be judged."""
        return not self.metrics().isdisjoint(values)
