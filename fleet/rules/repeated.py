"""Repetition rule: an event has happened several times within a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Needs, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Rule):
    """Fires when `event` happened at least `times` times within `within_seconds` before now, by the device's clock."""

    event: str
    times: int
    within_seconds: int

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.times < 2 or self.within_seconds <= 0:
            raise ProfileError(f"rule {self.name}: a repetition is at least 2 times within positive seconds")

    def metrics(self) -> frozenset[str]:
        """None: it looks at events only."""
        return frozenset()

    def event_names(self) -> frozenset[str]:
        """The event."""
        return frozenset({self.event})

    def needs(self) -> Needs:
        """Its occurrences within the period."""
        return Needs(events={self.event: self.within_seconds})

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Counts what happened in the period that ends now."""
        del firing
        start = now - timedelta(seconds=self.within_seconds)
        happened = [at for at in snapshot.occurrences.get(self.event, ()) if start < at <= now]
        if len(happened) < self.times:
            return None
        days = self.within_seconds / 86_400
        return Finding(
            sorted(happened)[self.times - 1],
            Text(
                f"{self.event} {len(happened)} gånger på {days:g} dygn",
                f"{self.event} {len(happened)} times in {days:g} days",
            ),
        )
