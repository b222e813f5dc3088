"""The Swedish work calendar, pure: which days are worked, and what so many working days or hours after a moment is.

Public holidays and the three eves on which Sweden does not work (midsommarafton, julafton, nyårsafton) are no working
days; the `holidays` package calls them public and de facto (ecosystem.md, fact 10). Half days ("från kl. 14.00") and
the days before a weekend that many take off (klämdagar) are known but worked: a promise made to a user does not wait
for them. All arithmetic is on instants, so that neither clock change lengthens or shortens a working hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

import holidays

from fleet.clock import STOCKHOLM, aware, local_day
from fleet.text import Text

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_FIRST_YEAR, _LAST_YEAR = 1953, 2100  # what the holidays package knows of Sweden
_HALF_DAY_MARK: Final = "kl. 14"
_SQUEEZE_DAY: Final = "Klämdag"


class DayKind(StrEnum):
    """What sort of day it is; only `weekend` and `holiday` are not worked. A holiday on a Saturday is a holiday."""

    WORKDAY = "workday"
    HALF_DAY = "half_day"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


WORKED: Final = frozenset({DayKind.WORKDAY, DayKind.HALF_DAY})


class PartOfDay(StrEnum):
    """Which shift a moment falls in, for on-call calendars."""

    DAY = "day"
    EVENING = "evening"
    NIGHT = "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a workshop works and when shifts begin, in Swedish local time. An assumption until an installation sets it.

    Attributes:
        opens, closes: the window in which working hours count.
        half_day_closes: where the window ends on a half day.
        evening_from, night_from: where the day shift ends and where the evening shift ends; the day begins at `opens`.

    Raises:
        ValueError: the times are not in order, or one of them has a time zone of its own.
    """

    opens: time = time(7)
    closes: time = time(16)
    half_day_closes: time = time(14)
    evening_from: time = time(16)
    night_from: time = time(22)

    def __post_init__(self) -> None:
        times = (self.opens, self.closes, self.half_day_closes, self.evening_from, self.night_from)
        if any(moment.tzinfo is not None for moment in times):
            raise ValueError("working hours are local times, without a zone of their own")
        if not self.opens < self.half_day_closes <= self.closes or not self.opens < self.evening_from < self.night_from:
            raise ValueError("working hours want opening before closing, and day before evening before night")


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Questions about working time. Days are Swedish local days; moments are aware and answers to them in UTC.

    Raises:
        ValueError: a naive moment, a negative amount, or a year outside 1953-2100, whose holidays are not known.
    """

    hours: Hours = field(default_factory=Hours)

    def kind(self, day: date) -> DayKind:
        """What sort of day this is."""
        return _kind(day)

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked, wholly or half."""
        return _kind(day) in WORKED

    def add_working_days(self, day: date, number: int) -> date:
        """The `number`-th working day after `day`, which itself is not counted; 0 is `day` or the next worked one."""
        if number < 0:
            raise ValueError(f"working days are added forwards, not {number}")
        reached = day if number else day - _ONE_DAY
        for _ in range(max(1, number)):
            reached = self._next_working_day(reached)
        return reached

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days lie later than `after`, up to and with `until`; negative when `until` comes first."""
        if until < after:
            return -self.working_days_between(until, after)
        return sum(self.is_working_day(after + timedelta(days=number)) for number in range(1, (until - after).days + 1))

    def closing(self, day: date) -> datetime:
        """The instant at which the working window of a worked day ends.

        Raises:
            ValueError: the day is not worked.
        """
        window = self._window(day)
        if window is None:
            raise ValueError(f"{day} is no working day ({_kind(day)})")
        return window[1]

    def end_of_working_day(self, moment: datetime, number: int) -> datetime:
        """When the `number`-th working day after the local day of `moment` closes: a promise made in working days."""
        return self.closing(self.add_working_days(local_day(moment), number))

    def add_working_hours(self, moment: datetime, amount: timedelta) -> datetime:
        """The instant at which `amount` of working time has passed since `moment`; outside the window none passes."""
        if amount < timedelta(0):
            raise ValueError(f"working hours are added forwards, not {amount}")
        left = amount
        for opens, closes in self._windows_from(moment):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("a calendar has no last day")  # pragma: no cover

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; negative when `end` comes first."""
        if aware(end) < aware(start):
            return -self.working_time_between(end, start)
        total = timedelta(0)
        for opens, closes in self._windows_from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def part_of_day(self, moment: datetime) -> PartOfDay:
        """Which shift a moment falls in, by the clock on the wall, on any kind of day."""
        local = aware(moment).astimezone(STOCKHOLM).time()
        if local < self.hours.opens or local >= self.hours.night_from:
            return PartOfDay.NIGHT
        return PartOfDay.DAY if local < self.hours.evening_from else PartOfDay.EVENING

    def _next_working_day(self, day: date) -> date:
        following = day + _ONE_DAY
        while not self.is_working_day(following):
            following += _ONE_DAY
        return following

    def _windows_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        start = aware(moment).astimezone(UTC)
        day = local_day(start)
        while True:
            window = self._window(day)
            if window is not None and window[1] > start:
                yield max(window[0], start), window[1]
            day += _ONE_DAY

    def _window(self, day: date) -> tuple[datetime, datetime] | None:
        kind = _kind(day)
        if kind not in WORKED:
            return None
        closes = self.hours.half_day_closes if kind is DayKind.HALF_DAY else self.hours.closes
        return _instant(day, self.hours.opens), _instant(day, closes)


def day_name(day: date) -> Text | None:
    """What a holiday, a half day or a klämdag is called; None for a day without a name of its own."""
    for names in (_free_days(day.year), _other_days(day.year)):
        if day in names:
            return names[day]
    return None


def is_squeeze_day(day: date) -> bool:
    """Whether the day is a klämdag: between a holiday and a weekend, worked, but by fewer people."""
    name = day_name(day)
    return name is not None and name.sv == _SQUEEZE_DAY


def _kind(day: date) -> DayKind:
    if day in _free_days(day.year):
        return DayKind.HOLIDAY
    if day.weekday() >= _SATURDAY:
        return DayKind.WEEKEND
    name = _other_days(day.year).get(day)
    return DayKind.HALF_DAY if name is not None and _HALF_DAY_MARK in name.sv else DayKind.WORKDAY


def _instant(day: date, local: time) -> datetime:
    return datetime.combine(day, local, STOCKHOLM).astimezone(UTC)


@lru_cache(maxsize=256)
def _free_days(year: int) -> dict[date, Text]:
    return _named(year, ("public", "de_facto"))


@lru_cache(maxsize=256)
def _other_days(year: int) -> dict[date, Text]:
    return _named(year, ("optional",))


def _named(year: int, categories: tuple[str, ...]) -> dict[date, Text]:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the holidays of {year} are not known, only those of {_FIRST_YEAR}-{_LAST_YEAR}")
    swedish, english = (
        holidays.country_holidays("SE", years=year, categories=categories, language=language, expand=False)
        for language in ("sv", "en_US")
    )
    return {day: Text(name, english[day]) for day, name in swedish.items()}
