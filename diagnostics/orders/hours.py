"""The workshop's numbers as the calendar and the checks want them."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, Final

from fleet.calendar import Hours, WorkCalendar
from fleet.readiness import Limits

_MINUTES_A_DAY: Final = 24 * 60
# Name -> least and greatest value that makes sense.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "visit_minutes": (1, 1440),
    "opens_minute": (0, 1439),
    "closes_minute": (1, 1319),
    "half_day_closes_minute": (1, 1439),
    "contact_hours": (1, 8760),
    "clock_seconds": (1, 86_400),
    "battery_health_percent": (1, 100),
    "battery_charge_percent": (1, 100),
    "recurs_days": (1, 366),
}

Settings = Mapping[str, Mapping[str, Any]]


def calendar_of(settings: Settings) -> WorkCalendar:
    """The work calendar with the workshop's window.

    Raises:
        ValueError: the window is empty.
    """
    opens, closes, half = (
        _time(settings[name]["value"]) for name in ("opens_minute", "closes_minute", "half_day_closes_minute")
    )
    evening = max(time(16), closes)
    return WorkCalendar(Hours(opens=opens, closes=closes, half_day_closes=min(half, closes), evening_from=evening))


def limits_of(settings: Settings) -> Limits:
    """What the workshop asks of a device before it is handed out."""
    return Limits(
        contact=timedelta(hours=settings["contact_hours"]["value"]),
        clock=timedelta(seconds=settings["clock_seconds"]["value"]),
        health=float(settings["battery_health_percent"]["value"]),
        charge=float(settings["battery_charge_percent"]["value"]),
    )


def _time(minute: int) -> time:
    return time(*divmod(minute % _MINUTES_A_DAY, 60))
