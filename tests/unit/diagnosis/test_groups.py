"""Rates with exact intervals, trends, and what is new since a firmware: told only where chance does not explain it."""

import pytest

from fleet.diagnosis.groups import Exposure, Occurrences, Trend, judge, rate, trend


@pytest.mark.parametrize(
    ("times", "low", "high"),
    [(0, 0.0, 3.688879), (1, 0.02531781, 5.571643), (5, 1.623486, 11.66833), (20, 12.21652, 30.88838)],
)
def test_intervals_are_those_of_garwoods_table(times: int, low: float, high: float) -> None:
    found = rate(times, 1000)
    assert found.value == times
    assert found.low == pytest.approx(low, rel=1e-5)
    assert found.high == pytest.approx(high, rel=1e-5)


def test_without_device_days_there_is_no_rate() -> None:
    assert rate(3, 0).value is None
    assert judge([Occurrences("1", 3, 2, 1)], {}).trend is Trend.UNKNOWN


def test_a_trend_is_only_told_where_chance_does_not_explain_it() -> None:
    even = Exposure(days=1000, late_days=500, devices=20)
    assert trend(30, 25, even) is Trend.RISING
    assert trend(30, 5, even) is Trend.FALLING
    assert trend(30, 17, even) is Trend.STEADY
    assert trend(2, 2, even) is Trend.STEADY
    grown = Exposure(days=1000, late_days=900, devices=20)
    assert trend(30, 27, grown) is Trend.STEADY, "more devices, not more faults"


def test_a_fault_that_came_with_a_firmware_is_marked_on_it_alone() -> None:
    exposures = {"2.9": Exposure(5000, 2500, 60), "2.10": Exposure(1000, 900, 30)}
    judged = judge([Occurrences("2.10", 12, 9, 12), Occurrences("2.9", 1, 1, 0)], exposures)
    assert [(part.occurrences.firmware, part.new) for part in judged.firmwares] == [("2.10", True), ("2.9", False)]


@pytest.mark.parametrize(
    ("occurrences", "exposures"),
    [
        ([Occurrences("2", 2, 2, 2)], {"1": Exposure(5000, 2500, 60), "2": Exposure(1000, 900, 30)}),
        ([Occurrences("2", 12, 9, 12)], {"2": Exposure(1000, 900, 30)}),
        (
            [Occurrences("2", 12, 9, 12), Occurrences("1", 55, 20, 9)],
            {"1": Exposure(5000, 9, 9), "2": Exposure(1000, 9, 9)},
        ),
        ([Occurrences("1", 12, 9, 12)], {"1": Exposure(1000, 900, 30), "2": Exposure(5000, 2500, 60)}),
    ],
    ids=["too few", "nothing to compare with", "as often before", "the older one"],
)
def test_nothing_is_called_new_without_grounds(occurrences: list[Occurrences], exposures: dict[str, Exposure]) -> None:
    assert not any(part.new for part in judge(occurrences, exposures).firmwares)
