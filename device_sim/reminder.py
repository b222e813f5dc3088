"""When a device asks again for what was not confirmed: soon at first, then ever more patiently."""

from dataclasses import dataclass
from typing import Final

RECEIPT_WITHIN_SECONDS: Final = 3.0
"""How long an asked-for receipt may take before the oldest message goes again; doubled with every try."""
LONGEST_PATIENCE_SECONDS: Final = 60.0
SETTLE_AFTER_SECONDS: Final = 300.0
"""How long unconfirmed messages may rest without being asked about; the platform tells by itself every few minutes."""
_MOST_DOUBLINGS: Final = 10


@dataclass(slots=True)
class Reminder:
    """Decides whether messages have to go again. Pure: `now` is any steady clock, in seconds.

    Patience grows with every try in vain and shrinks by one step with an answer, as slowly as it grew: a receipt that
    came when the device had asked again already says that the platform is slow, not that it is quick again. A device
    that took it for the latter would send anew for as long as there is a backlog, and so keep it there.

    Attributes:
        jitter: factor around 1 of this device's patience, so that a fleet does not ask in step.
    """

    jitter: float = 1.0
    _tries: int = 0
    _waiting_since: float | None = None
    _asking: bool = False

    def due(self, now: float, *, kept: int, asking: bool) -> bool:
        """Whether the time is up; then the next wait begins, twice as long.

        Args:
            now: steady time in seconds.
            kept: unconfirmed messages.
            asking: a receipt was asked for and has not come.
        """
        if not kept:
            self._tries, self._waiting_since = 0, None
            return False
        if self._waiting_since is None or asking != self._asking:
            self._waiting_since, self._asking = now, asking
        if now - self._waiting_since < self._patience():
            return False
        self._waiting_since = now
        self._tries = min(_MOST_DOUBLINGS, self._tries + asking)
        return True

    def answered(self) -> None:
        """A receipt came."""
        self._tries = max(0, self._tries - 1)
        self._waiting_since = None

    def _patience(self) -> float:
        if not self._asking:
            return SETTLE_AFTER_SECONDS * self.jitter
        return min(LONGEST_PATIENCE_SECONDS, RECEIPT_WITHIN_SECONDS * 2.0**self._tries) * self.jitter
