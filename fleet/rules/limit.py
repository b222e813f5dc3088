"""What rules on a limit have in common: which side of it a value is, with hysteresis, and how that is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleet.errors import ProfileError
from fleet.rules.base import Sample
from fleet.text import Text


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit, `above` or `below`, and where an open alarm rests again.

    Raises:
        ProfileError: neither or both sides are given, or the alarm could never rest.
    """

    above: float | None
    below: float | None
    clear_at: float | None = None

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ProfileError("give either above or below")
        low, high = (self.clear_at, self.above) if self.above is not None else (self.below, self.clear_at)
        if low is not None and high is not None and low > high:
            raise ProfileError("clear_at lies beyond the limit, the alarm could never rest")

    def beyond(self, value: float, *, firing: bool) -> bool:
        """Whether a value is beyond the limit; beyond `clear_at` is enough while the alarm is open."""
        limit = self.clear_at if firing and self.clear_at is not None else None
        if self.above is not None:
            return value > (self.above if limit is None else limit)
        return value < ((self.below or 0.0) if limit is None else limit)

    def said(self) -> Text:
        """The limit in words."""
        if self.above is not None:
            return Text(f"över {self.above:g}", f"above {self.above:g}")
        return Text(f"under {self.below or 0.0:g}", f"below {self.below or 0.0:g}")


def unbroken(samples: Iterable[Sample], limit: Limit, *, firing: bool) -> Sequence[Sample]:
    """The run of readings beyond a limit that reaches to the newest one; empty where the newest is not beyond it."""
    run: list[Sample] = []
    for sample in samples:
        if limit.beyond(float(sample.value), firing=firing):
            run.append(sample)
        else:
            run.clear()
    return run
