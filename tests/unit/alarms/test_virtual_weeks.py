"""200 weeks of a dispenser and its engine in virtual time: nothing missed, doubled, early, or rung as new too late."""

from datetime import timedelta

import pytest

from diagnostics.alarms.engine import RING_AGAIN
from tests.unit.alarms.virtual_week import Platform, Truth, live, problems, run

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
