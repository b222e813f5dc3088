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

    Counted from the last one, or from the beginning of the loan where there never was one; a device in store owes
    nothing. Judged against the ingest watermark, like silence.

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

    def last(self, snapshot: Snapshot) -> datetime | None:
        """When it last came, or since when it is owed."""
        came = snapshot.events.get(self.event or "")
        sample = snapshot.values.get(self.metric or "")
        newest = came if sample is None else sample.at
        owed = [moment for moment in (newest, snapshot.since) if moment is not None]
        return max(owed) if owed else None

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the time since the last one."""
        del firing
        last = None if snapshot.since is None else self.last(snapshot)
        if last is None or min(now, snapshot.watermark) - last <= timedelta(seconds=self.within_seconds):
            return None
        what = self.event or self.metric
        days = (min(now, snapshot.watermark) - last) / timedelta(days=1)
        return Finding(
            last + timedelta(seconds=self.within_seconds),
            Text(f"{what} väntad, inget på {days:.1f} dygn", f"{what} expected, none for {days:.1f} days"),
        )
