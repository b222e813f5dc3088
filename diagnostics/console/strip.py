"""A year of use as a picture, pure: a square a day, shaped and worded so that unknown never looks like unused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from diagnostics.console.language import Words

WEEKS: Final = 53
_STEP: Final = 12


@dataclass(frozen=True, slots=True)
class Square:
    """One day: where it stands, how it is drawn (`used`, `measured`, `unknown`, `outside`), what it says."""

    x: int
    y: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The squares, oldest first, and the sentence that says what is to be seen."""

    squares: tuple[Square, ...]
    sentence: str
    width: int = WEEKS * _STEP
    height: int = 7 * _STEP


def strip(days: Mapping[date, bool], begins: date | None, today: date, words: Words) -> Strip:
    """The picture of the last 53 weeks.

    Args:
        days: local days of which anything was measured, and whether they count as used.
        begins: first day of the open loan; days before it are outside what may be shown.
        today: the Swedish day.
        words: the language.
    """
    first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    squares = tuple(
        _square(number, first + timedelta(days=number), days, begins, words)
        for number in range((today - first).days + 1)
    )
    counts = {kind: sum(square.kind == kind for square in squares) for kind in ("used", "measured", "unknown")}
    return Strip(squares, _sentence(counts, words))


def _sentence(counts: Mapping[str, int], words: Words) -> str:
    used = words.several(counts["used"], "{number} dag med användning", "{number} dagar med användning")
    measured = words.several(
        counts["measured"], "{number} dag med data utan användning", "{number} dagar med data utan användning"
    )
    unknown = words.several(counts["unknown"], "{number} dag utan data", "{number} dagar utan data")
    return words.say("{used}, {measured} och {unknown}.", used=used, measured=measured, unknown=unknown)


def _square(number: int, day: date, days: Mapping[date, bool], begins: date | None, words: Words) -> Square:
    if day in days:
        kind = "used" if days[day] else "measured"
    else:
        kind = "outside" if begins is not None and day < begins else "unknown"
    said = {
        "used": words.say("används"),
        "measured": words.say("data, men ingen användning"),
        "unknown": words.say("inga data – okänt"),
        "outside": words.say("före uthyrningen"),
    }[kind]
    return Square(number // 7 * _STEP, number % 7 * _STEP, kind, f"{day:%Y-%m-%d}: {said}")
