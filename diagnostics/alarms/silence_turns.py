"""How often each rule of silence is looked at: the longer it allows a device to be quiet, the more seldom; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

SHARE: Final = 0.01
"""Of the time that a rule allows: by so much at most its alarm may be later than the moment at which it became true."""
LONGEST_SECONDS: Final = 600.0


class SilentFor(NamedTuple):
    """A rule of silence.

    Attributes:
        seconds: how long a device of the class may be quiet, at the shortest that may be set.
    """

    device_class: str
    rule: str
    seconds: int


@dataclass(slots=True)
class SilenceTurns:
    """Remembers when each rule was last looked at. A new process looks at all of them first."""

    _looked: dict[SilentFor, float] = field(default_factory=dict)

    def due(self, rules: Iterable[SilentFor], now: float) -> list[SilentFor]:
        """The rules whose turn it is, until they have been looked at.

        Args:
            rules: all there are.
            now: seconds of a clock that only goes forward.
        """
        return [rule for rule in rules if now - self._looked.get(rule, float("-inf")) >= between(rule)]

    def looked(self, rules: Iterable[SilentFor], now: float) -> None:
        """These were looked at, by what was known at that moment, and every device found was judged."""
        self._looked |= dict.fromkeys(rules, now)


def between(rule: SilentFor) -> float:
    """Seconds from one look at a rule to the next."""
    return min(LONGEST_SECONDS, rule.seconds * SHARE)
