"""How long devices last, pure: survival curves that count devices still in service for what they are, not as ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np


@dataclass(frozen=True, slots=True)
class Life:
    """One device's time in service.

    Attributes:
        years: from purchase to its end, or until now.
        ended: scrapped or lost; False for a device still in service, of which only is known that it lasted so long.
    """

    years: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Point:
    """The curve just after one age.

    Attributes:
        lasting: share of devices expected to last longer than `years`.
        error: standard error of it (Greenwood).
        at_risk, ended: devices that reached the age, and of them ended at it.
    """

    years: float
    lasting: float
    error: float
    at_risk: int
    ended: int


def survival(lives: Sequence[Life]) -> list[Point]:
    """The Kaplan-Meier curve, a point per age at which a device ended.

    Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53, 1958; the error by Greenwood's
    formula. A device that is still in service counts up to its age and no further; at equal age ends come first.

    Raises:
        ValueError: an age below zero.
    """
    if any(life.years < 0 for life in lives):
        raise ValueError("a device cannot have lasted less than nothing: check its dates")
    points: list[Point] = []
    at_risk, lasting, summed = len(lives), 1.0, 0.0
    for years, group in groupby(sorted(lives, key=lambda life: life.years), key=lambda life: life.years):
        here = list(group)
        ended = sum(life.ended for life in here)
        if ended:
            lasting *= 1 - ended / at_risk
            summed += ended / (at_risk * (at_risk - ended)) if ended < at_risk else 0.0
            points.append(Point(years, lasting, lasting * float(np.sqrt(summed)), at_risk, ended))
        at_risk -= len(here)
    return points


def median_life(points: Sequence[Point]) -> float | None:
    """The age that half of the devices outlast; None while more than half of them still last."""
    return next((point.years for point in points if point.lasting <= 0.5), None)


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
