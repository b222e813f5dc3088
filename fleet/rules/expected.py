"""Expected-event rule: something that should have happened by now has not; the absence itself is the signal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(Rule):
    """Fires when neither `event` nor a reading of `metric` has come for `within_seconds`.

    Counted from the last one, or, where there never was one, from the beginning of the loan and not before the platform
    first heard the device; a device in store owes nothing. Counted up to the device's last sign of life and the ingest
    watermark: what a silent device, or our own lag, keeps from us may have happened. A device that tells what it has
    stored up is behind for a while; `hold_seconds` lets it finish.

    Attributes:
        event, metric: what is expected; exactly one of them.
    """

    within_seconds: int
    event: str | None = None
    metric: str | None = None

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if (self.event is None) == (self.metric is None) or self.within_seconds <= 0:
            raise ProfileError(f"rule {self.name}: expect either an event or a metric, within positive seconds")

    def metrics(self) -> frozenset[str]:
        """The metric, if it is one that is expected."""
        return frozenset() if self.metric is None else frozenset({self.metric})

    def event_names(self) -> frozenset[str]:
        """The event, if it is one that is expected."""
        return frozenset() if self.event is None else frozenset({self.event})

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Never: what comes can only end it, and time alone can raise it."""
        del values
        return False

    def look_at(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """When it is owed; while it is and the device has not been heard since, every hundredth of what is allowed."""
        last = self.last(snapshot)
        if last is None or self.evaluate(snapshot, now, firing=False) is not None:
            return None
        within = timedelta(seconds=self.within_seconds)
        return last + within if last + within > now else now + within / 100

    def last(self, snapshot: Snapshot) -> datetime | None:
        """When it last came, or since when it is owed; None where nothing is."""
        if snapshot.since is None:
            return None
        came = snapshot.events.get(self.event or "")
        sample = snapshot.values.get(self.metric or "")
        newest = came if sample is None else sample.at
        return max(snapshot.since, newest or snapshot.first_seen or snapshot.since)

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the time since the last one."""
        del firing
        last = self.last(snapshot)
        if last is None or snapshot.last_seen is None:
            return None
        none_for = min(now, snapshot.watermark, snapshot.last_seen) - last
        if none_for <= timedelta(seconds=self.within_seconds):
            return None
        what, days = self.event or self.metric, none_for / timedelta(days=1)
        return Finding(
            last + timedelta(seconds=self.within_seconds),
            Text(f"{what} väntad, inget på {days:.1f} dygn", f"{what} expected, none for {days:.1f} days"),
        )
