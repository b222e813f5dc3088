"""One stored value of a card, and how the machine says that there is none."""

from typing import Final, NamedTuple

# domain.md 3.1: "missing" is raw -1 in every channel; scaled, -0.02, -0.1, -0.125, -0.2 or -1 by channel and model.
MISSING: Final = -1


class Sample(NamedTuple):
    """One value as stored and as the file's header scales it, sentinel included.

    Attributes:
        raw: the 16-bit integer in the file.
        scaled: the same in the channel's native unit.
        missing: raw is the sentinel and lies outside the range that the header declares. A channel whose range
            includes -1 (flow and blower pressure of AirSense 11) cannot say "missing" so; none of those is a metric.
    """

    raw: int
    scaled: float
    missing: bool

    @property
    def value(self) -> float | None:
        """The scaled value, or None where the machine stored none."""
        return None if self.missing else self.scaled
