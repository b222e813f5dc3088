"""A rule of silence is looked at as often as its own patience asks for, and never forgotten."""

import pytest

from diagnostics.alarms.silence_turns import LONGEST_SECONDS, SilenceTurns, SilentFor, between

DISPENSER = SilentFor("dispenser", "contact_lost", 120)
CHAIR = SilentFor("wheelchair", "silent", 2 * 86_400)


def test_a_new_process_looks_at_every_rule() -> None:
    assert SilenceTurns().due([DISPENSER, CHAIR], 0.0) == [DISPENSER, CHAIR]


def test_an_impatient_rule_is_looked_at_again_long_before_a_patient_one() -> None:
    turns = SilenceTurns()
    turns.looked([DISPENSER, CHAIR], 1000.0)
    assert turns.due([DISPENSER, CHAIR], 1000.0 + between(DISPENSER)) == [DISPENSER]
    turns.looked([DISPENSER], 1000.0 + between(DISPENSER))
    assert turns.due([DISPENSER, CHAIR], 1000.0 + between(CHAIR)) == [DISPENSER, CHAIR]


def test_a_rule_that_is_not_due_keeps_its_turn() -> None:
    turns = SilenceTurns()
    turns.looked([CHAIR], 0.0)
    for now in range(1, int(between(CHAIR))):
        assert turns.due([CHAIR], float(now)) == []
    assert turns.due([CHAIR], between(CHAIR)) == [CHAIR]


def test_a_look_that_failed_is_made_up_for_at_once() -> None:
    turns = SilenceTurns()
    assert turns.due([CHAIR], 0.0) == [CHAIR]
    assert turns.due([CHAIR], 0.1) == [CHAIR]


@pytest.mark.parametrize(("seconds", "expected"), [(120, 1.2), (3600, 36.0), (86_400 * 30, LONGEST_SECONDS)])
def test_an_alarm_is_late_by_a_hundredth_of_the_silence_or_ten_minutes(seconds: int, expected: float) -> None:
    assert between(SilentFor("scale", "silent", seconds)) == pytest.approx(expected)


def test_another_limit_is_another_rule() -> None:
    turns = SilenceTurns()
    turns.looked([CHAIR], 0.0)
    shorter = CHAIR._replace(seconds=3600)
    assert turns.due([shorter], 1.0) == [shorter]
