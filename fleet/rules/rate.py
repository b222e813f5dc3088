"""Rate rule: a metric rises or falls faster than it should."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Needs, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Rule):
    """Fires when a metric changed by more than a limit between the newest reading and one within `over_seconds`.

    Attributes:
        rise, fall: how much, in the metric's unit, within `over_seconds`; exactly one of them, positive.
        rest_share: an open alarm rests when the change is below this share of the limit.
        fresh_seconds: a change that ended longer ago never rings as new.
    """

    onset: ClassVar[bool] = False

    metric: str
    over_seconds: int
    rise: float | None = None
    fall: float | None = None
    rest_share: float = 0.5
    fresh_seconds: int = 6 * 3600

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        limit = self.rise if self.rise is not None else self.fall
        if (self.rise is None) == (self.fall is None) or limit is None or limit <= 0 or self.over_seconds <= 0:
            raise ProfileError(f"rule {self.name}: give either rise or fall, positive, within positive over_seconds")
        if not 0 <= self.rest_share <= 1:
            raise ProfileError(f"rule {self.name}: rest_share is a share from 0 to 1")

    def metrics(self) -> frozenset[str]:
        """The one metric."""
        return frozenset({self.metric})

    def needs(self) -> Needs:
        """Its readings within `over_seconds`, and as long again for where the newest is not of now."""
        return Needs(readings={self.metric: self.over_seconds + self.fresh_seconds})

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the newest reading against the lowest (or highest) one before it within the time."""
        samples = snapshot.readings.get(self.metric, ())
        if len(samples) < 2:
            return None
        newest = samples[-1]
        if not firing and now - newest.at > timedelta(seconds=self.fresh_seconds):
            return None
        within = [s for s in samples[:-1] if newest.at - s.at <= timedelta(seconds=self.over_seconds)]
        if not within:
            return None
        sign = 1.0 if self.rise is not None else -1.0
        limit = (self.rise if self.rise is not None else self.fall) or 0.0
        start = min(within, key=lambda sample: (sign * float(sample.value), sample.at))
        change = sign * (float(newest.value) - float(start.value))
        if change <= (limit * self.rest_share if firing else limit):
            return None
        return Finding(newest.at, self._said(sign * change, newest.at - start.at))

    def _said(self, change: float, took: timedelta) -> Text:
        hours = took.total_seconds() / 3600
        return Text(
            f"{self.metric} ändrades med {change:+g} på {hours:.1f} timmar",
            f"{self.metric} changed by {change:+g} in {hours:.1f} hours",
        )
