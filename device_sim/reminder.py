"""When a device asks again for what was not confirmed: soon at first, then ever more patiently."""

from dataclasses import dataclass
from typing import Final

RECEIPT_WITHIN_SECONDS: Final = 3.0
"""How long an asked-for receipt may take before the messages go again; doubled with every try."""
LONGEST_PATIENCE_SECONDS: Final = 60.0
SETTLE_AFTER_SECONDS: Final = 300.0
"""How long unconfirmed messages may rest without being asked about; the platform tells by itself every few minutes."""


@dataclass(slots=True)
class Reminder:
    """Decides whether messages have to go again. Pure: `now` is any steady clock, in seconds.

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
            self.answered()
            return False
        if self._waiting_since is None or asking != self._asking:
            self._waiting_since, self._asking = now, asking
        if now - self._waiting_since < self._patience():
            return False
        self._waiting_since = now
        self._tries += 1
        return True

    def answered(self) -> None:
        """A receipt came, or there is nothing to wait for."""
        self._tries = 0
        self._waiting_since = None

    def _patience(self) -> float:
        if not self._asking:
            return SETTLE_AFTER_SECONDS * self.jitter
        return min(LONGEST_PATIENCE_SECONDS, RECEIPT_WITHIN_SECONDS * 2.0 ** min(self._tries, 10)) * self.jitter
