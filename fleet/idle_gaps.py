"""A person's own rhythm, pure: the gaps between used days, counted in days on which the device could have been used."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]

LONGEST: Final = 64
"""Gaps of this many days and more share the last place."""
_PARTS: Final = 50  # of a day, so that what a quiet day is worth can be counted in whole numbers
_NO_USE_YET: Final = -32_000
"""Parts that no window of up to 640 days makes up for."""
ENOUGH_GAPS: Final = 10
"""Fewer gaps than this are no rhythm (domain.md 2.6)."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Per device.

    Attributes:
        histogram: devices x LONGEST: how many gaps were 1, 2, ... days long (place = days; 1 is daily use).
        usual, longest: median and 95th percentile of the gaps in days, of those that meet no quiet season; NaN with
            fewer than ENOUGH_GAPS.
    """

    histogram: NDArray[np.int32]
    usual: NDArray[np.float64]
    longest: NDArray[np.float64]


def rhythm(used: Flags, chance: Flags, quiet: Flags | None = None, worth: NDArray[np.float64] | None = None) -> Rhythm:
    """The rhythm of each device.

    A quiet day stretches a gap by what it is worth in ordinary days, so that winter says what to expect in summer.

    Args:
        used: days x devices.
        chance: days x devices: days on which it was heard and not used and could have been; others stretch no gap.
        quiet: days x devices: days of a quiet season.
        worth: per device, what a quiet day is worth in ordinary days, from 0 to 1.
    """
    histogram, own = gap_histogram(used, chance, quiet, worth)
    total = own.sum(axis=1)
    rising = np.cumsum(own, axis=1)
    few = total < ENOUGH_GAPS
    return Rhythm(histogram, _percentile(rising, total, 0.5, few), _percentile(rising, total, 0.95, few))


def gap_histogram(
    used: Flags, chance: Flags, quiet: Flags | None = None, worth: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Devices x LONGEST: how many gaps of each length lie between the used days of a device; and without quiet ones."""
    every = _counted(used, _stretches(used, chance.view(np.int8)), 1)
    if quiet is None or worth is None or not (seasonal := quiet.any(axis=0)).any():
        return every, every
    # By compress: a mask as an index would leave the devices' days side by side, and every step along the days slow.
    met, still, chances = (flags.compress(seasonal, axis=1) for flags in (used, quiet, chance))
    parts = np.where(still, np.round(_PARTS * worth[seasonal]).astype(np.int8), np.int8(_PARTS)) * chances
    stretches, own = _stretches(met, parts), every.copy()
    every[seasonal] = _counted(met, stretches, _PARTS)
    own[seasonal] = _counted(met & ~_quiet_met(met, still), stretches, _PARTS)
    return every, own


def _stretches(used: Flags, parts: NDArray[np.int8]) -> NDArray[np.int16]:
    """Days x devices: the parts since the last used day before, negative until there was one.

    A day at a time, as that is how devices lie side by side.
    """
    stretches = np.empty(used.shape, np.int16)
    passed = np.full(used.shape[1], _NO_USE_YET, np.int16)
    for day, stretch in enumerate(stretches):
        np.add(passed, parts[day], out=stretch)
        np.multiply(stretch, ~used[day], out=passed)
    return stretches


def _quiet_met(used: Flags, quiet: Flags) -> Flags:
    """Days x devices: whether a quiet day lies in the gap that would end there, its two used days among them."""
    met = np.empty(used.shape, bool)
    before = np.zeros(used.shape[1], bool)
    for day, now in enumerate(met):
        np.logical_or(before, quiet[day], out=now)
        before = np.where(used[day], quiet[day], now)
    return met


def _counted(ends: Flags, stretches: NDArray[np.int16], parts: int) -> NDArray[np.int32]:
    """How many gaps of each length end on some days; most are of one day, and are had by counting all."""
    devices = ends.shape[1]
    longer = np.flatnonzero(ends & (stretches >= parts))
    gaps = np.minimum(stretches.ravel()[longer] // np.int16(parts) + 1, LONGEST - 1)
    places = longer % devices * LONGEST + gaps
    counted = np.bincount(places, minlength=devices * LONGEST).astype(np.int32).reshape(devices, LONGEST)
    ended = (ends & (stretches >= 0)).sum(axis=0, dtype=np.int32)
    counted[:, 1] = ended - counted.sum(axis=1, dtype=np.int32)
    return counted


def _percentile(rising: NDArray[np.int32], total: NDArray[np.int32], share: float, few: Flags) -> NDArray[np.float64]:
    reached: NDArray[np.float64] = np.argmax(rising >= share * total[:, None], axis=1).astype(np.float64)
    reached[few] = np.nan
    return reached
