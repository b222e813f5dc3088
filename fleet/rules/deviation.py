"""Baseline rule: a device's latest day differs from what is usual for itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import ClassVar

from fleet.clock import STOCKHOLM
from fleet.errors import ProfileError
from fleet.rules.base import Finding, Needs, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Rule):
    """Fires when the daily mean of a metric differs from the device's own median by more than it usually does.

    The measure is the median of absolute differences from the median, which a few odd days do not move. An APAP cloud
    warns on deviation from the patient's own 90-day median (anchors.md 1.6).

    Attributes:
        baseline_days: how many local days before the latest make up what is usual.
        at_least_days: fewer known days than this say nothing about what is usual.
        spreads: how many times the usual difference the latest day must differ by.
        at_least: and by no less than this, in the metric's unit, so that a very steady device does not ring for
            nothing.
        fresh_days: an older latest day never rings as new.
    """

    onset: ClassVar[bool] = False

    metric: str
    spreads: float
    at_least: float
    baseline_days: int = 90
    at_least_days: int = 14
    fresh_days: int = 2

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.spreads <= 0 or self.at_least <= 0 or not 3 <= self.at_least_days <= self.baseline_days:
            raise ProfileError(f"rule {self.name}: spreads and at_least are positive, at_least_days 3 to baseline_days")

    @property
    def delay_seconds(self) -> int:
        """A day is known when it is over."""
        return self.fresh_days * 86_400 + self.hold_seconds

    def metrics(self) -> frozenset[str]:
        """The one metric."""
        return frozenset({self.metric})

    def needs(self) -> Needs:
        """Daily means of the baseline and the latest day."""
        return Needs(days={self.metric: self.baseline_days + self.fresh_days})

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the latest day against those before it."""
        known = snapshot.days.get(self.metric, ())
        if len(known) <= self.at_least_days:
            return None
        (day, value), usual = known[-1], [amount for _, amount in known[:-1]][-self.baseline_days :]
        at = datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)
        if not firing and now - at > timedelta(days=self.fresh_days):
            return None
        centre = median(usual)
        spread = median(abs(amount - centre) for amount in usual)
        limit = max(self.spreads * spread, self.at_least)
        if abs(value - centre) <= (limit / 2 if firing else limit):
            return None
        return Finding(
            at,
            Text(
                f"{self.metric} är {value:.3g}, annars {centre:.3g} för detta hjälpmedel",
                f"{self.metric} is {value:.3g}, usually {centre:.3g} for this device",
            ),
        )
