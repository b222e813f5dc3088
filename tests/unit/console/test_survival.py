"""The survival curve as a picture: steps that hold until the next age, a band where the interval is known."""

from typing import Any

from diagnostics.console.survival import HEIGHT, WIDTH, survival_curve, y
from diagnostics.wear.schemas import ModelCurve

MODEL: dict[str, Any] = ModelCurve.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index,assignment]
POINTS = [
    {"years": 2.0, "lasting": 0.9, "low": 0.8, "high": 0.95, "at_risk": 40, "ended": 4},
    {"years": 3.5, "lasting": 0.4, "low": None, "high": None, "at_risk": 20, "ended": 10},
]


def places(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(height)) for x, height in (point.split(",") for point in line.split())]


def made(**override: Any) -> ModelCurve:
    return ModelCurve(**{**MODEL, "begins_years": 1.0, "horizon_years": 5.0, "curve": POINTS, **override})


def test_each_share_holds_until_the_next_age() -> None:
    drawn = places(survival_curve(made()).line)
    heights = [height for _, height in drawn]
    assert heights == [y(1), y(1), y(0.9), y(0.9), y(0.4), y(0.4), y(0.4)]
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert drawn[0][0] == 48
    assert drawn[-1][0] == WIDTH - 8


def test_a_band_stands_only_where_the_interval_is_known() -> None:
    [band] = survival_curve(made()).bands
    assert {height for _, height in places(band)} == {y(0.8), y(0.95)}


def test_everything_lies_within_the_picture() -> None:
    drawn = survival_curve(made())
    assert all(0 <= x <= WIDTH and 0 <= height <= HEIGHT for x, height in places(drawn.line))
    assert [age for _, age in drawn.ages] == [1, 2, 3, 4, 5]


def test_a_model_of_which_none_ended_lasts_whole_and_one_that_nobody_dated_has_no_line() -> None:
    whole = places(survival_curve(made(curve=[])).line)
    assert {height for _, height in whole} == {y(1)}
    assert not survival_curve(made(curve=[], horizon_years=None, begins_years=None)).line
