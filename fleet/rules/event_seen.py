"""Event rule: something happened lately and what would settle it has not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen(Rule):
    """Fires when `event` happened within `fresh_seconds` and none of `settled_by` has happened since.

    Attributes:
        fresh_seconds: an older event never rings as new, for instance when a device empties its memory after days
            offline. An alarm that is open already stays open until it is settled, however old it grows.
    """

    event: str
    settled_by: tuple[str, ...]
    fresh_seconds: int = 6 * 3600

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.fresh_seconds <= 0 or not self.settled_by:
            raise ProfileError(f"rule {self.name}: give positive fresh_seconds and at least one event that settles it")

    def metrics(self) -> frozenset[str]:
        """None: it looks at events only."""
        return frozenset()

    def event_names(self) -> frozenset[str]:
        """The event and those that settle it."""
        return frozenset({self.event, *self.settled_by})

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the newest time of the event against the newest time of what settles it."""
        happened = snapshot.events.get(self.event)
        if happened is None:
            return None
        settled = [moment for name in self.settled_by if (moment := snapshot.events.get(name)) is not None]
        if settled and max(settled) >= happened:
            return None
        if not firing and now - happened > timedelta(seconds=self.fresh_seconds):
            return None
        return Finding(happened, Text(f"händelse: {self.event}", f"event: {self.event}"))

    def stale(self, snapshot: Snapshot, now: datetime) -> Finding | None:
        """The event, unsettled, that became known too late to ring."""
        if self.evaluate(snapshot, now, firing=False) is not None:
            return None
        return self.evaluate(snapshot, now, firing=True)
