"""The stretch of time that a chart shows, pure: chosen in the address, moved and magnified by links or by dragging."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

CHOICES: Final = (6, 24, 24 * 7, 24 * 30, 24 * 90, 24 * 365)
"""Lengths that can be chosen, in hours."""
NEAREST: Final = timedelta(minutes=1)
"""The shortest stretch that can be shown."""
_HOUR: Final = timedelta(hours=1)
_LONGEST, _USUAL = 24 * 366, 24 * 7
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

Change = dict[str, str | None]
"""What an address becomes: parameters to set, or to leave out where None."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time: so many whole hours up to a moment, or from one moment to another.

    Attributes:
        hours: its length where the address gives it in hours; None: a stretch that somebody marked in the chart.
        follows: whether it ends now, so that the address names no end.
    """

    start: datetime
    end: datetime
    hours: int | None
    follows: bool

    def links(self, now: datetime) -> dict[str, Change]:
        """What the address becomes: earlier, later, nearer, wider, newest; none that leads nowhere."""
        span = self.end - self.start
        middle = self.start + span / 2
        found: dict[str, Change] = {"earlier": self._around(middle - span / 2, span, now)}
        if not self.follows:
            found["later"] = self._around(middle + span / 2, span, now)
            newest: Change = {"from": None, "to": None}
            found["newest"] = newest | ({"hours": None} if self.hours is None else {})
        if span / 2 >= NEAREST:
            found["nearer"] = self._around(middle, span / 2, now)
        if span < timedelta(hours=_LONGEST):
            found["wider"] = self._around(middle, min(span * 2, timedelta(hours=_LONGEST)), now)
        return found

    def _around(self, middle: datetime, span: timedelta, now: datetime) -> Change:
        """A stretch around a moment, never beyond now, told in hours where this one is and it can be."""
        end = min(middle + span / 2, now)
        if self.hours is not None and span >= _HOUR:
            hours = span // _HOUR
            return {"hours": str(hours), "from": None, "to": None if end == now else _spelled(end)}
        return {"hours": None, "from": _spelled(end - span), "to": _spelled(end)}


def window(given: Mapping[str, str], now: datetime) -> Window:
    """The stretch that an address asks for; what makes no sense becomes the usual week up to now.

    Args:
        given: `hours` with or without `to`, or `from` and `to`; moments with their offset.
        now: the moment of the request, aware.
    """
    asked = given.get("hours", "")
    hours = int(asked) if asked.isdecimal() and len(asked) <= len(str(_LONGEST)) else 0
    start, end = (_moment(given.get(name, "")) for name in ("from", "to"))
    if not asked and start is not None and end is not None:
        if start > _EARLIEST and end <= now and NEAREST <= end - start <= timedelta(hours=_LONGEST):
            return Window(start, end, None, follows=False)
        end = None
    length = timedelta(hours=hours if 1 <= hours <= _LONGEST else _USUAL)
    if end is None or not _EARLIEST < end < now:
        return Window(now - length, now, length // _HOUR, follows=True)
    return Window(end - length, end, length // _HOUR, follows=False)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found


def _spelled(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
