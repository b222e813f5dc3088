"""Silence rule: nothing heard from the device for longer than it may be quiet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Rule):
    """Fires when the device has been silent for `after_seconds` by the ingest watermark, not by the wall clock.

    A device that has never been heard is not silent but *never connected*, which the idle list and the register show.
    """

    after_seconds: int

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.after_seconds <= 0:
            raise ProfileError(f"rule {self.name}: after_seconds must be positive")

    @property
    def delay_seconds(self) -> int:
        """The silence itself."""
        return self.after_seconds + self.hold_seconds

    def metrics(self) -> frozenset[str]:
        """None: it looks at when the device was last heard."""
        return frozenset()

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the time between the last sign of life and the watermark (or now, where the watermark runs ahead)."""
        del firing
        if snapshot.last_seen is None:
            return None
        quiet = min(now, snapshot.watermark) - snapshot.last_seen
        if quiet <= timedelta(seconds=self.after_seconds):
            return None
        minutes = int(quiet.total_seconds() // 60)
        return Finding(
            snapshot.last_seen,
            Text(f"inget hört på {minutes} minuter", f"nothing heard for {minutes} minutes"),
        )
