"""Evidence: everything known of one device when somebody asks what is wrong with it; what is not here is not known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from fleet.models import DeviceModel
from fleet.profile import DeviceProfile

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
GRADES: Final = ("pass", "warn", "fail", "not_tested")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFault:
    """One stay of a native code on a device.

    Attributes:
        code: our normalised code, or None for a native code that no profile knows.
        times: how often it was reported during the stay.
        frame: freeze-frame: metric key to value when it was raised; empty where the device sends none.
    """

    system: str
    native_code: str
    code: str | None
    raised_at: datetime
    cleared_at: datetime | None = None
    times: int = 1
    module: str = ""
    text: str = ""
    frame: Mapping[str, float] = field(default_factory=lambda: _NOTHING)

    @property
    def active(self) -> bool:
        """Whether it is still there, as far as is known."""
        return self.cleared_at is None


@dataclass(frozen=True, slots=True)
class DayValues:
    """What one metric was on one local day; a day without readings has no entry."""

    day: date
    low: float
    mean: float
    high: float
    latest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one device at `now`.

    Attributes:
        model: its description; None where the model is not known, which leaves every channel open.
        last_seen_at: server time of its latest message; None where it was never heard.
        heard_days: local days on which anything came from it.
        faults: active and historical faults, any order.
        readings: metric key to its days, oldest first, at most 30 back.
        events: event name to its moments, oldest first.
        events_hidden: names of events that the asker may not see: they are unknown, not absent.
        self_test: subsystem to grade, of the latest self-test.
        restarts: moments of new starts (a boot number not seen before).
        clock_doubted: share of recent messages whose device clock was not believed; None where nothing came.
        unused_days: full days since the last use that data prove; None where unknown.
        fleet: facts of the fleet, such as `silent_nearby` (share of devices of the same payer and class that fell
            silent within the same hours) or `mains_lost_nearby`.
    """

    now: datetime
    profile: DeviceProfile
    model: DeviceModel | None = None
    firmware: str = ""
    last_seen_at: datetime | None = None
    heard_days: frozenset[date] = frozenset()
    faults: tuple[SeenFault, ...] = ()
    readings: Mapping[str, tuple[DayValues, ...]] = field(default_factory=lambda: _NOTHING)
    events: Mapping[str, tuple[datetime, ...]] = field(default_factory=lambda: _NOTHING)
    events_hidden: frozenset[str] = frozenset()
    self_test: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    self_test_at: datetime | None = None
    restarts: tuple[datetime, ...] = ()
    clock_doubted: float | None = None
    unused_days: int | None = None
    fleet: Mapping[str, float] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            msg = "evidence needs a moment with a time zone"
            raise ValueError(msg)

    def active(self) -> tuple[SeenFault, ...]:
        """The faults that are there now."""
        return tuple(fault for fault in self.faults if fault.active)

    def recent(self, days: float) -> tuple[SeenFault, ...]:
        """The faults that are there now or were within so many days."""
        since = self.now - timedelta(days=days)
        return tuple(fault for fault in self.faults if fault.cleared_at is None or fault.cleared_at >= since)

    def can_say(self, code: str) -> bool:
        """Whether the model's fault systems have a word for this fault; only then is its absence a fact."""
        fault = self.profile.faults_by_code.get(code)
        if fault is None or fault.derived or self.model is None:
            return fault is not None
        return any(native.system in self.model.native_systems for native in fault.native)

    def days_heard(self, days: int) -> int:
        """On how many of the last so many days anything came."""
        return sum(day >= self.now.date() - timedelta(days=days) for day in self.heard_days)
