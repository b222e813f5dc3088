"""The gaps of random devices are those that a slow walk along their days finds, quiet seasons and all."""

from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from fleet.idle_fleet import NO_DAY, last_day
from fleet.idle_gaps import LONGEST, gap_histogram

Flags = NDArray[np.bool_]
Counts = NDArray[np.int32]
DAYS: Final = 430
DEVICES: Final = 60
PARTS: Final = 50


def fleet(seed: int) -> tuple[Flags, Flags, Flags, NDArray[np.float64]]:
    """Used days, days without use that count, quiet days of some devices, and what such a day is worth."""
    chance = np.random.default_rng(seed)
    used = chance.random((DAYS, DEVICES)) < chance.choice([0.0, 0.002, 0.02, 0.3, 0.9, 1.0], DEVICES)
    counts = ~used & (chance.random((DAYS, DEVICES)) < chance.choice([0.0, 0.5, 1.0], DEVICES))
    season = np.isin(np.arange(DAYS) // 30 % 12, [0, 1, 2])
    quiet = season[:, None] & (chance.random(DEVICES) < 0.5)
    return used, counts, quiet, chance.choice([0.0, 0.35, 1.0], DEVICES)


def walked(used: Flags, counts: Flags, quiet: Flags, worth: NDArray[np.float64]) -> tuple[Counts, Counts]:
    """The same by walking from one used day of a device to its next."""
    every, own = (np.zeros((DEVICES, LONGEST), np.int32) for _ in range(2))
    for device in range(DEVICES):
        for start, end in pairwise(np.flatnonzero(used[:, device]).tolist()):
            between = [day for day in range(start + 1, end + 1) if counts[day, device]]
            parts = sum(round(PARTS * worth[device]) if quiet[day, device] else PARTS for day in between)
            gap = min(parts // PARTS + 1, LONGEST - 1)
            every[device, gap] += 1
            own[device, gap] += not quiet[start : end + 1, device].any()
    return every, own


@pytest.mark.parametrize("seed", range(5))
def test_gaps_are_those_that_a_walk_finds(seed: int) -> None:
    used, counts, quiet, worth = fleet(seed)
    for found, expected in zip(
        gap_histogram(used, counts, quiet, worth), walked(used, counts, quiet, worth), strict=True
    ):
        assert np.array_equal(found, expected)
    nothing = np.zeros_like(quiet)
    plain, _ = walked(used, counts, nothing, worth)
    assert np.array_equal(gap_histogram(used, counts)[0], plain)
    assert plain[:, 1].any(), "daily use"
    assert plain[:, 2:].any(), "and longer gaps"


@pytest.mark.parametrize("days", [0, 1, DAYS])
def test_the_last_day_is_the_last_with_a_flag(days: int) -> None:
    flags = fleet(9)[0][:days]
    assert last_day(flags).tolist() == [
        max(np.flatnonzero(flags[:, device]).tolist(), default=NO_DAY) for device in range(DEVICES)
    ]
