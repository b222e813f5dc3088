"""How fast stored-up messages may follow live ones: more while receipts come soon, less when they are late. Pure.

The broker's queue is first in, first out, so what a returning device pours into it stands before everybody's live
messages. No device sees that queue, but its receipts come as late as the queue is long. The idea is that of delay-based
congestion control (RFC 6817): keep the delay that one causes near a target well below what others would notice.
"""

from dataclasses import dataclass
from typing import Final

TARGET_SECONDS: Final = 1.0
"""Delay of a receipt up to which more may be under way: a fifth of the five seconds that live messages may take."""
MOST_UNDER_WAY: Final = 256.0
_SMALLEST: Final = 1.0
_GAIN: Final = 1.0
_NEVER: Final = float("-inf")


@dataclass(slots=True)
class Pace:
    """Of one line.

    Attributes:
        allowed: stored-up messages that may be sent and not yet confirmed.
    """

    allowed: float = _SMALLEST
    _eased_at: float = _NEVER

    def answered(self, now: float, delay: float) -> None:
        """A receipt came so long after it was asked for; seconds of a steady clock."""
        if delay <= TARGET_SECONDS:
            self.allowed = min(MOST_UNDER_WAY, self.allowed + _GAIN)
        else:
            self._ease(now, delay, max(0.5, TARGET_SECONDS / delay))

    def overdue(self, now: float, waited: float) -> None:
        """No receipt came for so long."""
        self._ease(now, waited, 0.5)

    def _ease(self, now: float, delay: float, factor: float) -> None:
        # All that is under way tells of the same queue: one answer is enough until what was sent since is heard of.
        if now - self._eased_at >= delay:
            self.allowed = max(_SMALLEST, self.allowed * factor)
            self._eased_at = now
