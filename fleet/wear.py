"""How long devices last and how often they are repaired, pure: what is still in service is not taken for ended.

Survival by Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53, 1958, with delayed entry
(a device that was old when it came into the register says nothing about its first years; without this every device
that ended before the register began would be missing from the risk and the rest would look immortal). Errors by
Greenwood's formula, intervals by the log-log transform of it (Kalbfleisch and Prentice, 1980), which stay within 0 and
1. Repairs a year as a Poisson rate with Garwood's exact interval (Biometrika 28, 1936).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv  # type: ignore[import-untyped]

FEWEST_AT_RISK: Final = 10
"""Ages that fewer devices reached are not judged: the curve of a model begins and ends there."""
_Z: Final = 1.959963984540054  # 95 % of a normal distribution lie within
_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Life:
    """The time in service of one device, or of several that are alike.

    Attributes:
        years: from acquisition to its end, or until now.
        ended: scrapped or lost; False for a device still in service, of which only is known that it lasted so long.
        entered: its age when it came into the register; it counts from there on.
        devices: how many this stands for.
    """

    years: float
    ended: bool
    entered: float = 0.0
    devices: int = 1


@dataclass(frozen=True, slots=True)
class Point:
    """The curve just after one age.

    Attributes:
        lasting: share of devices expected to last longer than `years`.
        error: standard error of it (Greenwood).
        at_risk, ended: devices that reached the age, and of them ended at it.
        low, high: 95 % interval of `lasting`; None where nothing or everything ended, which has no interval.
    """

    years: float
    lasting: float
    error: float
    at_risk: int
    ended: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Events a year, of so many years, with the 95 % interval."""

    a_year: float
    low: float
    high: float


def survival(lives: Sequence[Life], fewest: int = 1) -> list[Point]:
    """The curve, a point per age at which a device ended; at equal age ends come before those who only got so far.

    Args:
        lives: in any order.
        fewest: the curve begins at the first age that so many devices were at risk of, and ends before the first
            later one that fewer were. What it says then holds for devices that have reached its beginning.

    Raises:
        ValueError: an age below zero, or one that ends before it begins.
    """
    if any(life.years < 0 or not 0 <= life.entered <= life.years for life in lives):
        raise ValueError("a device cannot have lasted less than nothing: check its dates")
    points: list[Point] = []
    lasting, summed = 1.0, 0.0
    for years, ended, at_risk in _ends(lives):
        if at_risk < fewest:
            if points:
                break
            continue
        lasting *= 1 - ended / at_risk
        summed += ended / (at_risk * (at_risk - ended)) if ended < at_risk else 0.0
        low, high = _interval(lasting, summed)
        points.append(Point(years, lasting, lasting * sqrt(summed), at_risk, ended, low, high))
    return points


def median_life(points: Sequence[Point]) -> float | None:
    """The age that half of the devices outlast; None while more than half of them still last."""
    return next((point.years for point in points if point.lasting <= 0.5), None)


def median_interval(points: Sequence[Point]) -> tuple[float | None, float | None]:
    """The 95 % interval of the median age: where the curve's bounds pass a half; None where one does not yet."""
    low = next((point.years for point in points if point.low is not None and point.low <= 0.5), None)
    high = next((point.years for point in points if point.high is not None and point.high <= 0.5), None)
    return low, high


def mean_life(points: Sequence[Point], until: float) -> float:
    """Mean years in service within the first `until` years: the area under the curve, which censoring does not shorten.

    Raises:
        ValueError: `until` is not above zero.
    """
    if until <= 0:
        raise ValueError("the span must be longer than nothing")
    total, begun, share = 0.0, 0.0, 1.0
    for point in points:
        if point.years >= until:
            break
        total += share * (point.years - begun)
        begun, share = point.years, point.lasting
    return total + share * (until - begun)


def rate(events: int, years: float) -> Rate | None:
    """Events a year; None where nothing was watched, which says nothing.

    Raises:
        ValueError: fewer events, or less time, than none.
    """
    if events < 0 or years < 0:
        raise ValueError("nothing happens less often than never, in less time than none")
    if years == 0:
        return None
    low = float(gammaincinv(events, 0.025)) if events else 0.0
    return Rate(events / years, low / years, float(gammaincinv(events + 1, 0.975)) / years)


def _ends(lives: Sequence[Life]) -> list[tuple[float, int, int]]:
    """Each age at which a device ended, how many did, and of how many that had entered and were still there."""
    kept = [life for life in lives if life.entered < life.years or life.entered == 0]
    years, devices = _column([life.years for life in kept]), _column([life.devices for life in kept])
    entered = _column([life.entered or -1.0 for life in kept])  # from the beginning: before any age
    ended = np.array([life.ended for life in kept], dtype=bool)
    ages = np.unique(years[ended])
    at_risk = _before(ages, entered, devices) - _before(ages, years, devices)
    here = _before(ages, years[ended], devices[ended], "right") - _before(ages, years[ended], devices[ended])
    return [(float(age), round(number), round(risk)) for age, number, risk in zip(ages, here, at_risk, strict=True)]


def _before(ages: _Numbers, of: _Numbers, devices: _Numbers, side: Literal["left", "right"] = "left") -> _Numbers:
    """How many devices have a number below each age; with "right", below it or at it."""
    order = np.argsort(of)
    counted = np.concatenate([[0.0], np.cumsum(devices[order])])
    found: _Numbers = counted[np.searchsorted(of[order], ages, side)]
    return found


def _column(values: Sequence[float]) -> _Numbers:
    return np.array(values, dtype=np.float64)


def _interval(lasting: float, summed: float) -> tuple[float | None, float | None]:
    if not 0 < lasting < 1:
        return None, None
    spread = exp(_Z * sqrt(summed) / abs(log(lasting)))
    return float(lasting**spread), float(lasting ** (1 / spread))
