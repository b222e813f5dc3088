"""The Swedish local day of an instant, looked up by the hour so that it costs one dictionary access per reading."""

from datetime import date
from typing import Final

from fleet.clock import from_milliseconds, local_day

HOUR_MILLISECONDS: Final = 3_600_000
_EPOCH: Final = date(2000, 1, 1).toordinal()


class LocalDays(dict[int, int]):
    """Hours since 1970 (UTC) to local days since 2000-01-01, which is how PostgreSQL counts dates.

    Swedish offsets from UTC are whole hours and days begin on the hour, so all instants of a UTC hour share a local
    day, also in the hours in which the clock changes. Filled as hours are met: a year is 8,766 entries.

    Args:
        starts_at_hour: local hour at which the day begins, as in `fleet.clock.local_day`.
    """

    def __init__(self, starts_at_hour: int) -> None:
        super().__init__()
        self._starts_at_hour = starts_at_hour

    def __missing__(self, hour: int) -> int:
        """Works an hour out and keeps it."""
        day = local_day(from_milliseconds(hour * HOUR_MILLISECONDS), self._starts_at_hour).toordinal() - _EPOCH
        self[hour] = day
        return day


def to_date(day: int) -> date:
    """The calendar date of a day counted from 2000-01-01."""
    return date.fromordinal(day + _EPOCH)
