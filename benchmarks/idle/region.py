"""A region of devices day by day with its truth, seeded; knows nothing of the rules that judge it.

Made after published rates where there are any (domain.md 9): how regularly people use each class, hospital stays,
holidays, winter, late uploads, and on the platform's side gateways that die and a maker's feed that stops. Whether a
device is *truly* unused is drawn first; the data follows from it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Whole = NDArray[np.int32]

NO_DAY: Final = -1_000_000
UNUSED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Kind:
    """A class at a placement: its share of the region, and how it is used on a day in use.

    Attributes:
        use: a and b of the Beta distribution of the share of days used.
        winter: factor on it from November to March.
        cared_for: somebody sees to it every day (domain.md 9: 2.5 % of doses are missed), so that nobody uses it
            irregularly or less and less.
        told_after: a pause longer than this does not stay untold: those who come every day know of it. Assumed.
    """

    device_class: str
    policy: str
    share: float
    use: tuple[float, float]
    winter: float = 1.0
    told_after: int = 20
    cared_for: bool = False


KINDS: Final = (
    Kind("wheelchair", "indoor", 0.30, (9.0, 1.0), 0.97),
    Kind("wheelchair", "outdoor", 0.15, (4.0, 6.0), 0.25),
    Kind("wheelchair", "assist", 0.05, (5.0, 5.0), 0.8),
    Kind("apap", "default", 0.25, (7.0, 1.2)),
    Kind("dispenser", "default", 0.05, (40.0, 1.0), told_after=7, cared_for=True),
    Kind("scale", "default", 0.10, (5.0, 5.0)),
    Kind("mattress", "default", 0.10, (30.0, 1.0), told_after=10, cared_for=True),
)


@dataclass(slots=True, kw_only=True)
class Region:
    """Some devices over the days, and what is true of them.

    Attributes:
        kind: place in KINDS.
        heard, used: days x devices, as they happened.
        delay: days x devices: days until the platform knew of the day's use.
        stopped: the first day on which nobody used it any more; NO_DAY while it is used.
        never: it was never used at all.
        went_dark: some time after it was put aside it fell silent for good.
        loan: first day of the loan.
        absences: (device, from, until), as registered.
        gateway: the gateway a device reports through.
        replaced: (device, day) of registered replacements.
    """

    kind: Whole
    heard: Flags
    used: Flags
    delay: NDArray[np.int8]
    stopped: Whole
    never: Flags
    went_dark: Flags
    loan: Whole
    absences: list[tuple[int, int, int]]
    gateway: Whole
    replaced: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Outages:
    """Days on which gateways, numbered, let nothing through."""

    dead: Flags

    @classmethod
    def drawn(cls, chance: np.random.Generator, gateways: int, days: int) -> "Outages":
        """One gateway in ten dies for weeks, and everything of one maker, a twelfth of them, for twelve days."""
        dead = np.zeros((days, gateways), bool)
        for gateway in np.flatnonzero(chance.random(gateways) < 0.1):
            start = int(chance.integers(20, days))
            dead[start : start + int(chance.integers(20, 90)), gateway] = True
        start = int(chance.integers(60, max(61, days - 30)))
        dead[start : start + 12, : max(1, gateways // 12)] = True
        return cls(dead)


def make(chance: np.random.Generator, size: int, first: date, outages: Outages) -> Region:
    """Draws `size` devices.

    Args:
        chance: seeded by the caller.
        size: how many.
        first: the first day, for the seasons.
        outages: shared by the whole region; sets how many days there are.
    """
    days, gateways = outages.dead.shape
    kind = chance.choice(len(KINDS), size, p=[entry.share for entry in KINDS]).astype(np.int32)
    gateway = chance.integers(0, gateways, size).astype(np.int32)
    loan = np.where(chance.random(size) < 0.1, chance.integers(0, days, size), NO_DAY).astype(np.int32)
    stopped, never, went_dark = _truth(chance, size, days, loan)
    away, absences = _absences(chance, size, days, first)
    probability = _habit(chance, kind, days, first)
    used = chance.random((days, size)) < probability
    day = np.arange(days)[:, None]
    used &= ~away & (day >= loan) & ~((stopped != NO_DAY) & (day >= stopped)) & ~never
    used &= ~_pauses(chance, kind, days)
    heard = (chance.random((days, size)) < 0.97) | used
    dark_from = np.where(went_dark, np.maximum(stopped, 0) + chance.integers(3, 40, size), days)
    heard &= (day < dark_from) & ~outages.dead[:, gateway]
    used &= ~outages.dead[:, gateway]
    late = chance.random((days, size)) < 0.05
    delay = np.where(late, chance.integers(1, 11, (days, size)), 0).astype(np.int8)
    replaced = [
        (int(device), int(stopped[device]))
        for device in np.flatnonzero((stopped != NO_DAY) & ~never & (chance.random(size) < 0.1))
    ]
    return Region(
        kind=kind, heard=heard, used=used, delay=delay, stopped=stopped, never=never, went_dark=went_dark, loan=loan,
        absences=absences, gateway=gateway, replaced=replaced,
    )  # fmt: skip


def _truth(chance: np.random.Generator, size: int, days: int, loan: Whole) -> tuple[Whole, Flags, Flags]:
    """Who stops for good and when, who never began, and whose device falls silent after that."""
    unused = chance.random(size) < UNUSED
    stopped = np.where(unused, chance.integers(20, days, size), NO_DAY).astype(np.int32)
    never = unused & (chance.random(size) < 0.15)
    stopped = np.where(never, np.maximum(loan, 0), np.where(stopped < loan + 20, NO_DAY, stopped)).astype(np.int32)
    went_dark = (stopped != NO_DAY) & (chance.random(size) < 0.25)
    return stopped, never, went_dark


def _habit(chance: np.random.Generator, kind: Whole, days: int, first: date) -> NDArray[np.float32]:
    """Days x devices: the probability of use on a day in use; a tenth of all people use theirs less and less."""
    size = len(kind)
    alpha = np.array([entry.use[0] for entry in KINDS])[kind]
    beta = np.array([entry.use[1] for entry in KINDS])[kind]
    own = chance.beta(alpha, beta)
    free = ~np.array([entry.cared_for for entry in KINDS])[kind]
    irregular = free & (chance.random(size) < 0.2)
    own = np.where(irregular, own * chance.uniform(0.4, 0.9, size), own)
    calendar = [first + timedelta(days=number) for number in range(days)]
    winter = np.array([day.month in {11, 12, 1, 2, 3} for day in calendar])
    holiday = np.array([(day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2) for day in calendar])
    factor = np.where(winter[:, None], np.array([entry.winter for entry in KINDS])[kind], 1.0)
    factor = np.where(holiday[:, None], factor * 0.7, factor)
    fading = free & (chance.random(size) < 0.1)
    fade = np.where(fading, np.linspace(1, chance.uniform(0.2, 0.5, size), days), 1.0)
    return np.clip(own * factor * fade, 0.03, 1.0).astype(np.float32)


def _pauses(chance: np.random.Generator, kind: Whole, days: int) -> Flags:
    """Illness and visits that nobody registers: twice a year, days to weeks."""
    size, longest = len(kind), np.array([entry.told_after for entry in KINDS])[kind]
    away = np.zeros((days, size), bool)
    for _ in range(2):
        start = chance.integers(0, days, size)
        length = np.minimum(longest, chance.lognormal(np.log(4), 0.7, size)).astype(int)
        away |= _spans(start, start + length, days)
    return away


def _absences(
    chance: np.random.Generator, size: int, days: int, first: date
) -> tuple[Flags, list[tuple[int, int, int]]]:
    """Hospital stays of eight in a hundred, journeys of a fifth in summer; most of them registered."""
    away = np.zeros((days, size), bool)
    registered: list[tuple[int, int, int]] = []
    summer = max(0, (date(first.year + (first.month > 7), 6, 15) - first).days)
    for share, starts, median, longest, told in (
        (0.08, chance.integers(0, days, size), 9.0, 75, 0.95),
        (0.20, summer + chance.integers(0, 50, size), 12.0, 24, 0.5),
    ):
        gone = chance.random(size) < share
        length = np.minimum(longest, chance.lognormal(np.log(median), 0.6, size)).astype(int) + 1
        ends = np.where(gone, starts + length, starts)
        away |= _spans(starts, ends, days)
        # A long stay is known of: the ward or the family says so.
        said = gone & ((chance.random(size) < told) | (length > 20))
        registered += [(int(d), int(starts[d]), int(ends[d] - 1)) for d in np.flatnonzero(said)]
    return away, registered


def _spans(start: NDArray[np.int64], end: NDArray[np.int64], days: int) -> Flags:
    day = np.arange(days)[:, None]
    found: Flags = (day >= start) & (day < end)
    return found
