"""200 weeks of a dispenser and its engine in virtual time: nothing missed, doubled, early, or rung as new too late."""

from datetime import timedelta

import pytest

from diagnostics.alarms.engine import RING_AGAIN
from fleet.clock import STOCKHOLM
from tests.unit.alarms.virtual_platform import Platform
from tests.unit.alarms.virtual_truth import Truth, make_truth
from tests.unit.alarms.virtual_verdict import problems
from tests.unit.alarms.virtual_week import live, run

SEEDS = 200
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_no_week_has_a_problem(part: int) -> None:
    """A failure names its seed: `python -m tests.unit.alarms.virtual_week --seed N` plays it again."""
    assert [problem for seed in range(part, SEEDS, PARTS) for problem in run(seed)] == []


def story(platform: Platform) -> list[tuple[str, str]]:
    """What rang, in order, by rule and by what it was about."""
    rings = sorted(platform.rings, key=lambda ring: (ring.happened, ring.rule))
    return [(ring.rule, f"{ring.happened:%d %H:%M}") for ring in rings if ring.rule.startswith(("dose", "jam"))]


def test_a_week_is_the_same_when_it_is_played_again() -> None:
    assert [story(live(seed)[1]) for seed in range(3)] == [story(live(seed)[1]) for seed in range(3)]


def test_crashes_add_no_alarm_and_the_weeks_do_have_alarms_and_crashes() -> None:
    crashed = 0
    for seed in range(20):
        truth, with_crashes = live(seed)
        _, without = live(seed, crashes=False)
        crashed += bool(truth.crashes)
        assert len(with_crashes.rings) <= len(without.rings) + len(truth.crashes)
        assert with_crashes.rings
    assert crashed >= 10


def test_an_engine_that_judges_edges_misses() -> None:
    """Negative control: it looks at each message that arrives while it is up, and at nothing else."""
    missed = 0
    for seed in range(20):
        truth, platform = live(seed, edges_only=True)
        missed += bool(problems(truth, platform))
    assert missed >= 10


def test_an_engine_that_never_raises_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the judging of weeks."""
    truth, platform = live(1)
    empty = Platform(truth)
    assert problems(truth, empty)
    platform.rings = [ring for ring in platform.rings if ring.rule != "dose_missed"]
    assert isinstance(truth, Truth)
    assert problems(truth, platform)
    assert timedelta(hours=1) < RING_AGAIN


def test_a_ladder_that_forgets_a_step_or_stands_still_is_found_out() -> None:
    """Negative control of the judging of ladders, on a week whose ladders are in order."""
    truth, platform = live(1)
    assert problems(truth, platform) == []
    climb = max((ring.climb for ring in platform.rings if ring.climb is not None), key=lambda climb: len(climb.calls))
    assert len(climb.calls) > 5
    second = climb.calls.pop(1)
    assert any("step 2 after step 0" in problem for problem in problems(truth, platform))
    climb.calls[1:1] = [(second[0] + timedelta(minutes=1), second[1] + timedelta(minutes=1), *second[2:])]
    assert any("came at" in problem for problem in problems(truth, platform))
    del climb.calls[5:]
    assert any("nobody was called for" in problem for problem in problems(truth, platform))


def test_the_weeks_hold_wrong_clocks_absences_and_both_changes_of_summer_time() -> None:
    weeks = [make_truth(seed) for seed in range(24)]
    assert sum(any(abs(jump) >= timedelta(hours=1) for _, jump in week.jumps) for week in weeks) > 2
    assert {jump > timedelta() for week in weeks for _, jump in week.jumps} == {True, False}
    assert sum(week.absence is not None for week in weeks) > 2
    offsets = {
        (week.start.astimezone(STOCKHOLM).utcoffset(), week.end.astimezone(STOCKHOLM).utcoffset()) for week in weeks
    }
    assert len([pair for pair in offsets if pair[0] != pair[1]]) == 2
