"""Survival curves against results that were worked out by others."""

from typing import Final

import pytest

from fleet.wear import Life, mean_life, median_life, survival

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
