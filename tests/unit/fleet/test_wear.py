"""Survival curves against results that were worked out by others."""

import math
import warnings
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from fleet.wear import Life, mean_life, median_interval, median_life, rate, survival

# Freireich et al. 1963, remission in weeks under treatment: the textbook example of the method; True is an end.
ENDED: Final = (6, 6, 6, 7, 10, 13, 16, 22, 23)
LASTING: Final = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
# Age, still lasting, standard error, as printed in the textbooks.
PUBLISHED: Final = (
    (6, 0.857, 0.0764),
    (7, 0.807, 0.0869),
    (10, 0.753, 0.0963),
    (13, 0.690, 0.1068),
    (16, 0.627, 0.1141),
    (22, 0.538, 0.1282),
    (23, 0.448, 0.1346),
)


def textbook() -> list[Life]:
    return [Life(age, ended=True) for age in ENDED] + [Life(age, ended=False) for age in LASTING]


def test_the_textbook_s_curve_and_its_errors() -> None:
    points = survival(textbook())
    assert [(point.years, round(point.lasting, 3), round(point.error, 4)) for point in points] == list(PUBLISHED)
    assert median_life(points) == 23


def test_devices_still_in_service_are_not_taken_for_ended() -> None:
    censored, naive = survival(textbook()), survival([Life(life.years, ended=True) for life in textbook()])
    assert mean_life(censored, 35) > mean_life(naive, 35)
    assert median_life(survival([Life(1, ended=False), Life(2, ended=False)])) is None


def test_without_censoring_the_mean_is_the_plain_mean() -> None:
    lives = [Life(years, ended=True) for years in (1.0, 2.0, 4.0, 5.0)]
    assert mean_life(survival(lives), 5) == pytest.approx(3.0)
    assert survival(lives)[-1].lasting == 0


@pytest.mark.parametrize("years", [-1.0, -0.001])
def test_dates_that_cannot_be_are_refused(years: float) -> None:
    with pytest.raises(ValueError, match="dates"):
        survival([Life(years, ended=True)])


def test_a_span_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        mean_life([], 0)


_AGES = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60)


@settings(max_examples=50)
@given(_AGES)
def test_the_curve_and_its_interval_are_those_of_scipy(ages: list[tuple[int, bool]]) -> None:
    points = survival([Life(age, ended=ended) for age, ended in ages])
    told = stats.CensoredData(
        uncensored=[age for age, ended in ages if ended], right=[age for age, ended in ages if not ended]
    )
    curve = stats.ecdf(told).sf
    assert [point.lasting for point in points] == pytest.approx([float(curve.evaluate(p.years)) for p in points])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # where a bound does not exist
        bounds = curve.confidence_interval(0.95, method="log-log")
    for point in points:
        if point.low is None or point.high is None:
            assert point.lasting in {0, 1}
            continue
        assert point.low == pytest.approx(float(bounds.low.evaluate(point.years)), abs=1e-9)
        assert point.high == pytest.approx(float(bounds.high.evaluate(point.years)), abs=1e-9)
        assert 0 <= point.low <= point.lasting <= point.high <= 1


@given(_AGES)
def test_many_alike_are_one_life_that_stands_for_them(ages: list[tuple[int, bool]]) -> None:
    alone = survival([Life(age, ended=ended) for age, ended in ages])
    counted = {entry: ages.count(entry) for entry in ages}
    together = survival([Life(age, ended=ended, devices=count) for (age, ended), count in counted.items()])
    assert alone == together


def test_a_device_that_was_old_when_registered_says_nothing_about_its_first_years() -> None:
    """Worked out by hand: at 2 years only the first two are at risk, at 5 the third has entered."""
    lives = [Life(2, ended=True), Life(6, ended=False), Life(5, ended=True, entered=4)]
    points = survival(lives)
    assert [(p.years, p.at_risk, p.ended) for p in points] == [(2, 2, 1), (5, 2, 1)]
    assert [p.lasting for p in points] == [0.5, 0.25]
    blind = survival([Life(life.years, ended=life.ended) for life in lives])
    assert blind[0].lasting == pytest.approx(2 / 3), "control: as if it had been watched from the beginning"


def test_ages_that_too_few_have_reached_are_not_judged() -> None:
    lives = [Life(1, ended=True), *[Life(10, ended=False, entered=2)] * 20, Life(4, ended=True, entered=2)]
    assert [p.years for p in survival(lives, fewest=10)] == [4]
    assert [p.years for p in survival(lives)] == [1, 4]
    assert survival([Life(3, ended=True), *[Life(1, ended=False)] * 30], fewest=10) == []


def test_the_median_has_the_interval_in_which_the_bounds_pass_a_half() -> None:
    points = survival(textbook())
    assert median_interval(points) == (13, None), "as printed beside the textbook's curve"
    assert median_interval([]) == (None, None)


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (50, 37.11, 65.92)]
)
def test_the_interval_of_a_rate_is_the_printed_table_s(events: int, low: float, high: float) -> None:
    """Exact Poisson limits, as in the tables of Pearson and Hartley."""
    found = rate(events, 1.0)
    assert found is not None
    assert found.low == pytest.approx(low, rel=1e-3)
    assert found.high == pytest.approx(high, rel=1e-3)
    twice = rate(events, 2.0)
    assert twice is not None
    assert math.isclose(twice.high, found.high / 2)


def test_what_nobody_watched_has_no_rate() -> None:
    assert rate(0, 0.0) is None
    for events, years in ((-1, 1.0), (1, -1.0)):
        with pytest.raises(ValueError, match="never"):
            rate(events, years)
