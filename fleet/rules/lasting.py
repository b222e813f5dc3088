"""Duration rule: a metric has been beyond a limit, reading after reading, for a length of the device's own time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Needs, Rule, Snapshot
from fleet.rules.limit import Limit, unbroken
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Rule):
    """Fires when every reading of the last `lasting_seconds` was beyond the limit and they span that time.

    Unlike `hold_seconds`, which counts from when the platform first looked, this counts when it happened; readings
    stored up through a silence count like any other.
    """

    metric: str
    lasting_seconds: int
    above: float | None = None
    below: float | None = None
    clear_at: float | None = None

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.lasting_seconds <= 0:
            raise ProfileError(f"rule {self.name}: lasting_seconds must be positive")
        _ = self._limit()

    def _limit(self) -> Limit:
        return Limit(self.above, self.below, self.clear_at)

    @property
    def delay_seconds(self) -> int:
        """The time it must last."""
        return self.lasting_seconds + self.hold_seconds

    def metrics(self) -> frozenset[str]:
        """The one metric."""
        return frozenset({self.metric})

    def needs(self) -> Needs:
        """Twice the time, so that the reading before its beginning is in it."""
        return Needs(readings={self.metric: 2 * self.lasting_seconds})

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Only a value beyond the limit can raise it."""
        value = values.get(self.metric)
        return value is not None and self._limit().beyond(float(value), firing=False)

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the run of readings beyond the limit that reaches to the newest."""
        del now
        run = unbroken(snapshot.readings.get(self.metric, ()), self._limit(), firing=firing)
        if not run or (not firing and run[-1].at - run[0].at < timedelta(seconds=self.lasting_seconds)):
            return None
        side, minutes = self._limit().said(), int((run[-1].at - run[0].at).total_seconds() // 60)
        return Finding(
            run[0].at,
            Text(f"{self.metric} {side.sv} i {minutes} minuter", f"{self.metric} {side.en} for {minutes} minutes"),
        )
