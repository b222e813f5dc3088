"""A person's own rhythm, pure: the gaps between used days, counted in days on which the device could have been used."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]

LONGEST: Final = 64
"""Gaps of this many days and more share the last place."""
_PARTS: Final = 50  # of a day, so that what a quiet day is worth can be counted in whole numbers
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
    device, day = np.nonzero(np.ascontiguousarray(used.T))
    own = told = device[1:] == device[:-1]
    if quiet is None or worth is None or not quiet.any():
        passed = np.cumsum(chance, axis=0, dtype=np.int16)[day, device]
        between = passed[1:] - passed[:-1]
    else:
        parts = np.where(quiet, np.round(_PARTS * worth).astype(np.int16), np.int16(_PARTS)) * chance
        passed = np.cumsum(parts, axis=0, dtype=np.int16)[day, device]
        between = (passed[1:] - passed[:-1]) // _PARTS
        met = np.cumsum(quiet, axis=0, dtype=np.int16)[day, device]
        own = told & (met[1:] == met[:-1]) & ~quiet[day[:-1], device[:-1]]
    gaps = np.minimum(between + 1, LONGEST - 1)
    every = _counted(device[1:], gaps, told, used.shape[1])
    return every, every if own is told else _counted(device[1:], gaps, own, used.shape[1])


def _counted(device: NDArray[np.int64], gaps: NDArray[np.int16], chosen: Flags, devices: int) -> NDArray[np.int32]:
    places = device[chosen] * LONGEST + gaps[chosen]
    counted: NDArray[np.int32] = np.bincount(places, minlength=devices * LONGEST).astype(np.int32)
    return counted.reshape(devices, LONGEST)


def _percentile(rising: NDArray[np.int32], total: NDArray[np.int32], share: float, few: Flags) -> NDArray[np.float64]:
    reached: NDArray[np.float64] = np.argmax(rising >= share * total[:, None], axis=1).astype(np.float64)
    reached[few] = np.nan
    return reached
