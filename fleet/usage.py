"""What counts as *used* on a local day, declared as sums, maxima and counts that ingest keeps up to date."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fleet.errors import ProfileError
from fleet.text import Text


class Gather(StrEnum):
    """How a measure grows over a day. All three are exact when each reading is counted once, in any order."""

    SUM = "sum"
    MAXIMUM = "maximum"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure kept per device and local day.

    Attributes:
        name: short name, such as `drive_minutes`.
        gather: sum or maximum of a metric's values, or a count of readings or events.
        metric: the metric gathered; None when an event is.
        event: the event counted; None when a metric is gathered.
    """

    name: str
    title: Text
    unit: str
    gather: Gather
    metric: str | None = None
    event: str | None = None

    def __post_init__(self) -> None:
        if (self.metric is None) == (self.event is None):
            raise ProfileError(f"measure {self.name}: name either a metric or an event")
        if self.event is not None and self.gather is not Gather.COUNT:
            raise ProfileError(f"measure {self.name}: an event can only be counted")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A day is used when `measure` reached `amount` (in the measure's unit)."""

    measure: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDefinition:
    """The class's definition of a used day: any one of `used_when` suffices.

    Attributes:
        day_starts_at_hour: local hour at which the day begins; 12 for therapy nights.
        reason: why these limits, for the person who must trust the verdict.
    """

    measures: tuple[Measure, ...]
    used_when: tuple[AtLeast, ...]
    reason: Text
    day_starts_at_hour: int = 0

    def __post_init__(self) -> None:
        names = {measure.name for measure in self.measures}
        if not self.used_when or any(clause.measure not in names or clause.amount <= 0 for clause in self.used_when):
            raise ProfileError(
                "usage: every clause needs a declared measure and an amount above zero, and one clause at least"
            )

    def is_used(self, amounts: Mapping[str, float]) -> bool:
        """Whether a day with these amounts per measure counts as used; a measure not mentioned counts as zero."""
        return any(amounts.get(clause.measure, 0.0) >= clause.amount for clause in self.used_when)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePolicy:
    """After how many days without use a device is noted, its prescriber contacted, and a return proposed.

    Attributes:
        name: the placement it is for, such as `indoor` or `outdoor`; `default` where a class has one only.
        quiet_months: months (1-12) in which silence is normal; a return is proposed only after `quiet_propose_days`.
        silent_after_days: without any data for this long the device is *silent*, which is never *unused*.
        after_absence_days: days after a registered absence that do not count either: coming home takes time.
        source: section of domain.md.
    """

    name: str
    note_days: int
    contact_days: int
    propose_days: int
    quiet_months: frozenset[int] = frozenset()
    quiet_propose_days: int | None = None
    training_days: int = 30
    silent_after_days: int = 3
    after_absence_days: int = 7
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.note_days <= self.contact_days <= self.propose_days:
            raise ProfileError(f"idle policy {self.name}: note, contact and propose days must rise")
        if bool(self.quiet_months) != (self.quiet_propose_days is not None):
            raise ProfileError(f"idle policy {self.name}: quiet months and their threshold belong together")
