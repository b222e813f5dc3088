"""Outcomes correct rates slowly; what the dictionary misses is seen."""

import pytest

from fleet.diagnosis.learning import CauseCount, learned, unexplained_share
from fleet.errors import ProfileError
from tests.unit.diagnosis.samples import KNOWLEDGE


def order(*counts: CauseCount) -> list[str]:
    return [cause.key for cause, _ in learned(KNOWLEDGE, counts).entry("WC-MOT-01").causes]


def test_without_outcomes_nothing_changes() -> None:
    assert learned(KNOWLEDGE, ()) is KNOWLEDGE


def test_a_few_outcomes_move_little_and_many_turn_the_order() -> None:
    assert order() == ["motor_brushes", "motor_plug"] == order(CauseCount("motor_brushes", 3))
    assert order(CauseCount("motor_plug", 60)) == ["motor_plug", "motor_brushes"]


def test_the_sum_of_the_rates_stays() -> None:
    before = sum(cause.rate for cause in KNOWLEDGE.causes)
    after = sum(cause.rate for cause in learned(KNOWLEDGE, [CauseCount("overload", 500)]).causes)
    assert after == pytest.approx(before)


def test_causes_the_dictionary_misses_are_counted_and_change_no_order() -> None:
    counts = (CauseCount("motor_plug", 3), CauseCount("", 1))
    assert unexplained_share(counts) == 0.25
    assert unexplained_share(()) is None
    assert order(CauseCount("", 50)) == order()


@pytest.mark.parametrize("wrong", [CauseCount("nonsense", 1), CauseCount("overload", -1)])
def test_outcomes_that_cannot_be_are_refused(wrong: CauseCount) -> None:
    with pytest.raises(ProfileError):
        learned(KNOWLEDGE, [wrong])
