"""How long to wait before the next attempt to connect: pure, the random number is an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackOff:
    """Exponential, capped, and half of it drawn by lot, so that a thousand clients do not come back in step.

    Attributes:
        base_seconds: the bound of the first wait.
        cap_seconds: the bound no wait exceeds.
        steady_seconds: a connection that held this long counts as good: the next wait begins at the base again.
    """

    base_seconds: float = 0.2
    cap_seconds: float = 30.0
    steady_seconds: float = 10.0

    def bound(self, attempt: int) -> float:
        """The longest wait after `attempt` failures in a row (1 for the first)."""
        doublings = min(max(attempt, 1) - 1, 60)  # beyond that a float would overflow long after the cap is reached
        return min(self.cap_seconds, self.base_seconds * 2.0**doublings)

    def delay(self, attempt: int, lot: float) -> float:
        """Seconds to wait.

        Args:
            attempt: failures in a row, 1 for the first.
            lot: drawn evenly from 0 up to 1.
        """
        return self.bound(attempt) * (0.5 + 0.5 * lot)
