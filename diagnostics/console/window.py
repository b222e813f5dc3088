"""The stretch of time that a chart shows, pure: chosen in the address, moved and magnified by links."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

CHOICES: Final = (6, 24, 24 * 7, 24 * 30, 24 * 90, 24 * 365)
"""Lengths that can be chosen, in hours."""
_SHORTEST, _LONGEST, _USUAL = 1, 24 * 366, 24 * 7
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """So many hours up to a moment.

    Attributes:
        follows: whether it ends now, so that the address names no end.
    """

    hours: int
    end: datetime
    follows: bool

    @property
    def start(self) -> datetime:
        """The first moment."""
        return self.end - timedelta(hours=self.hours)

    def links(self, now: datetime) -> dict[str, dict[str, str | None]]:
        """What the address becomes: earlier, later, nearer, wider, newest; none that leads nowhere."""
        half = timedelta(hours=self.hours) / 2
        found = {"earlier": self._at(self.hours, self.end - half, now)}
        if not self.follows:
            found |= {"later": self._at(self.hours, self.end + half, now), "newest": {"to": None}}
        if self.hours > _SHORTEST:
            found["nearer"] = self._at(max(_SHORTEST, self.hours // 2), self.end - half / 2, now)
        if self.hours < _LONGEST:
            wider = min(_LONGEST, self.hours * 2)
            found["wider"] = self._at(wider, self.end + half, now)
        return found

    def _at(self, hours: int, end: datetime, now: datetime) -> dict[str, str | None]:
        shown = None if end >= now else f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {"hours": str(hours), "to": shown}


def window(given: Mapping[str, str], now: datetime) -> Window:
    """The stretch that an address asks for; what makes no sense becomes the usual week up to now.

    Args:
        given: `hours`, and `to` in UTC.
        now: the moment of the request, aware.
    """
    asked = given.get("hours", "")
    hours = int(asked) if asked.isdecimal() and len(asked) <= len(str(_LONGEST)) else _USUAL
    hours = hours if _SHORTEST <= hours <= _LONGEST else _USUAL
    try:
        end = datetime.fromisoformat(given.get("to", ""))
    except ValueError:
        return Window(hours, now, follows=True)
    if end.tzinfo is None or not _EARLIEST < end < now:
        return Window(hours, now, follows=True)
    return Window(hours, end, follows=False)
