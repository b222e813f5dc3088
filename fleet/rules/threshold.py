"""Threshold rule: a metric above or below a limit, with hysteresis on the way back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Rule):
    """Fires when the newest value is beyond the limit and clears when it is back past `clear_at`.

    Attributes:
        above, below: exactly one of them, in the metric's unit.
        clear_at: where an open alarm closes; the limit itself where not given.
    """

    onset: ClassVar[bool] = False

    metric: str
    above: float | None = None
    below: float | None = None
    clear_at: float | None = None

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if (self.above is None) == (self.below is None):
            raise ProfileError(f"rule {self.name}: give either above or below")
        if self.clear_at is not None and not (
            self.clear_at <= self.above if self.above is not None else self.clear_at >= (self.below or 0.0)
        ):
            raise ProfileError(f"rule {self.name}: clear_at lies beyond the limit, the alarm could never rest")

    def metrics(self) -> frozenset[str]:
        """The one metric."""
        return frozenset({self.metric})

    def _beyond(self, value: float, *, firing: bool) -> bool:
        limit = self.clear_at if firing and self.clear_at is not None else None
        if self.above is not None:
            return value > (self.above if limit is None else limit)
        return value < ((self.below or 0.0) if limit is None else limit)

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Only a value beyond the limit can raise it."""
        value = values.get(self.metric)
        return value is not None and self._beyond(float(value), firing=False)

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the newest value; a metric never seen cannot be judged, which is not the same as well."""
        del now
        sample = snapshot.values.get(self.metric)
        if sample is None or not self._beyond(float(sample.value), firing=firing):
            return None
        side_sv, side_en = ("över", "above") if self.above is not None else ("under", "below")
        limit = self.above if self.above is not None else self.below
        value = f"{float(sample.value):g}"
        return Finding(
            sample.at,
            Text(
                f"{self.metric} är {value}, {side_sv} gränsen {limit:g}",
                f"{self.metric} is {value}, {side_en} the limit {limit:g}",
            ),
        )
