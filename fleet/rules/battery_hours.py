"""Power rule: a machine runs on its battery and will stop within so many hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryHours(Rule):
    """Fires while mains is absent and the battery lasts less than `below_hours`, by level and full-charge hours.

    Attributes:
        level, mains: metric keys: the battery's level in %, and the flag that mains is there.
        full_hours: how long a full battery lasts (one model: 18 h, domain.md 4.2, S56).
    """

    level: str
    mains: str
    full_hours: float
    below_hours: float

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if not 0 < self.below_hours <= self.full_hours:
            raise ProfileError(f"rule {self.name}: below_hours is positive and at most full_hours")

    def metrics(self) -> frozenset[str]:
        """Level and mains."""
        return frozenset({self.level, self.mains})

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """A loss of mains, or a level low enough."""
        level = values.get(self.level)
        low = level is not None and float(level) / 100 * self.full_hours < self.below_hours
        return values.get(self.mains) is False or low

    def look_at(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """When the hours that are left have run down to the limit."""
        left = hours_left(snapshot, self, now)
        return None if left is None or left < self.below_hours else now + timedelta(hours=left - self.below_hours)

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges level and time since it was told; a machine that never told is not judged."""
        del firing
        mains, left = snapshot.values.get(self.mains), hours_left(snapshot, self, now)
        if mains is None or left is None or left >= self.below_hours:
            return None
        return Finding(
            mains.at, Text(f"batteriet räcker omkring {left:.1f} timmar", f"battery lasts about {left:.1f} hours")
        )


def hours_left(snapshot: Snapshot, rule: BatteryHours, now: datetime) -> float | None:
    """About how many hours a machine on battery still runs; None with mains, or where it never told."""
    level, mains = snapshot.values.get(rule.level), snapshot.values.get(rule.mains)
    if level is None or mains is None or bool(mains.value):
        return None
    elapsed = max(now - max(level.at, mains.at), timedelta()) / timedelta(hours=1)
    return max(0.0, float(level.value) / 100 * rule.full_hours - elapsed)
