"""A person's own rhythm, pure: the gaps between used days, counted in days on which the device could have been used."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]

LONGEST: Final = 64
"""Gaps of this many days and more share the last place."""
ENOUGH_GAPS: Final = 10
"""Fewer gaps than this are no rhythm (domain.md 2.6)."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Per device.

    Attributes:
        histogram: devices x LONGEST: how many gaps were 1, 2, ... days long (place = days; 1 is daily use).
        usual, longest: median and 95th percentile of the gaps in days; NaN with fewer than ENOUGH_GAPS.
    """

    histogram: NDArray[np.int32]
    usual: NDArray[np.float64]
    longest: NDArray[np.float64]


def rhythm(used: Flags, chance: Flags) -> Rhythm:
    """The rhythm of each device.

    Args:
        used: days x devices.
        chance: days x devices: days on which it was heard and not used and could have been; others stretch no gap.
    """
    histogram = gap_histogram(used, chance)
    total = histogram.sum(axis=1)
    rising = np.cumsum(histogram, axis=1)
    few = total < ENOUGH_GAPS
    return Rhythm(histogram, _percentile(rising, total, 0.5, few), _percentile(rising, total, 0.95, few))


def gap_histogram(used: Flags, chance: Flags) -> NDArray[np.int32]:
    """Devices x LONGEST: how many gaps of each length lie between the used days of a device."""
    devices = used.shape[1]
    device, day = np.nonzero(np.ascontiguousarray(used.T))
    passed = np.cumsum(chance, axis=0, dtype=np.int16)[day, device]
    same = device[1:] == device[:-1]
    gaps = np.minimum(passed[1:] - passed[:-1] + 1, LONGEST - 1)[same]
    places = device[1:][same] * LONGEST + gaps
    counted: NDArray[np.int32] = np.bincount(places, minlength=devices * LONGEST).astype(np.int32)
    return counted.reshape(devices, LONGEST)


def _percentile(rising: NDArray[np.int32], total: NDArray[np.int32], share: float, few: Flags) -> NDArray[np.float64]:
    reached: NDArray[np.float64] = np.argmax(rising >= share * total[:, None], axis=1).astype(np.float64)
    reached[few] = np.nan
    return reached
