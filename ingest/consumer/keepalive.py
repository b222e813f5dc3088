"""When to ask the broker for a sign of life, and when to give the line up: pure, every time is an argument."""

from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    """What to do at this moment."""

    WAIT = "wait"
    PING = "ping"
    DEAD = "dead"


@dataclass(slots=True)
class KeepAlive:
    """The watch over one line. Judged every eighth of the interval, it finds a half-open line within 1.25 intervals.

    Attributes:
        interval: the keep-alive in force, seconds.
        received_at, sent_at: last sign in each direction; the owner writes them (seconds of any steady clock).
    """

    interval: float
    received_at: float
    sent_at: float
    _asked_at: float | None = None
    _judged_at: float = field(init=False)

    def __post_init__(self) -> None:
        """The watch begins when the line is made."""
        self._judged_at = self.received_at

    @property
    def period(self) -> float:
        """Seconds between two judgements."""
        return self.interval / 8

    def judge(self, now: float, *, reading: bool) -> Verdict:
        """Decide.

        Silence counts against the line only while somebody listens: neither while reading is paused (the answer would
        wait unread), nor when this process itself was stopped for a while.
        """
        own_absence = now - self._judged_at > self.interval / 2
        self._judged_at = now
        if own_absence or not reading:
            self.received_at, self._asked_at = now, None
        if self._asked_at is not None and self.received_at > self._asked_at:
            self._asked_at = None
        if self._asked_at is not None:
            return Verdict.DEAD if now - self._asked_at >= self.interval / 2 else Verdict.WAIT
        if now - min(self.received_at, self.sent_at) < self.interval / 2:
            return Verdict.WAIT
        self._asked_at = now if reading else None
        self.sent_at = now
        return Verdict.PING
