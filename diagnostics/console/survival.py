"""A survival curve as SVG, pure: steps from everyone to those who last, with the interval as a band."""

import itertools
from dataclasses import dataclass
from typing import Final

from diagnostics.wear.schemas import CurvePoint, ModelCurve

WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT: Final = 48
_BOTTOM: Final = 24
_TOP: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """What the template draws; x and y are in the picture's own units, WIDTH by HEIGHT.

    Attributes:
        line: the share that lasts, as steps; empty where no age is judged.
        bands: the 95 % interval, where it is known.
        levels: y and share in percent of the lines across.
        ages: x and age in years along the bottom.
    """

    line: str
    bands: tuple[str, ...]
    levels: tuple[tuple[float, int], ...]
    ages: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT


def survival_curve(model: ModelCurve) -> SurvivalCurve:
    """The picture of a model's curve, from the age at which it begins to the oldest that is judged."""
    begins, ends = model.begins_years or 0.0, _ends(model)

    def x(years: float) -> float:
        return round(_LEFT + (years - begins) / (ends - begins) * (WIDTH - _LEFT - 8), 1)

    points = [_whole(begins), *model.curve, *_last(model, ends)] if model.curve or model.horizon_years else []
    steps = [(x(point.years), point) for point in points]
    return SurvivalCurve(
        line=_steps([(place, y(point.lasting)) for place, point in steps]),
        bands=tuple(_bands(steps)),
        levels=tuple((y(share / 100), share) for share in (0, 25, 50, 75, 100)),
        ages=tuple((x(age), age) for age in range(int(begins) + (begins % 1 > 0), int(ends) + 1)),
    )


def y(share: float) -> float:
    """The height of a share that lasts."""
    return round(_TOP + (1 - share) * (HEIGHT - _BOTTOM - _TOP), 1)


def _ends(model: ModelCurve) -> float:
    oldest = max([model.horizon_years or 0.0, *(point.years for point in model.curve)])
    return max(oldest, (model.begins_years or 0.0) + 1)


def _whole(begins: float) -> CurvePoint:
    return CurvePoint(years=begins, lasting=1, low=1, high=1, at_risk=0, ended=0)


def _last(model: ModelCurve, ends: float) -> list[CurvePoint]:
    latest = model.curve[-1] if model.curve else _whole(model.begins_years or 0.0)
    return [latest.model_copy(update={"years": min(ends, model.horizon_years or ends)})]


def _steps(points: list[tuple[float, float]]) -> str:
    """A step function: each height holds until the next age."""
    told: list[str] = []
    for number, (place, height) in enumerate(points):
        if number:
            told.append(f"{place},{points[number - 1][1]}")
        told.append(f"{place},{height}")
    return " ".join(told)


def _bands(steps: list[tuple[float, CurvePoint]]) -> list[str]:
    """A box for every stretch between two ages whose interval is known."""
    boxes = []
    for (left, point), (right, _) in itertools.pairwise(steps):
        if point.low is not None and point.high is not None and right > left and point.low < point.high:
            low, high = y(point.low), y(point.high)
            boxes.append(f"{left},{high} {right},{high} {right},{low} {left},{low}")
    return boxes
