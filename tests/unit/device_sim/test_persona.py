"""The mix of personas: shares as proposed, days of use as millions of patients had them, fading for good."""

from collections import Counter
from random import Random
from statistics import median, quantiles

import pytest

from device_sim.persona import MIX, Habit, Persona, draw_persona

MANY = [draw_persona(Random(f"persona/{number}")) for number in range(4000)]


def test_the_mix_is_the_proposed_one() -> None:
    found = Counter(persona.habit for persona in MANY)
    assert {habit: count / len(MANY) for habit, count in found.items()} == pytest.approx(dict(MIX), abs=0.02)


def test_the_share_of_days_with_use_has_the_quartiles_of_real_patients() -> None:
    shares = [p.share_of_days * (p.fades_after if p.habit is Habit.FADING else 1.0) for p in MANY]
    assert quantiles(shares, n=4) == pytest.approx([0.72, 0.93, 0.99], abs=0.07)
    assert median(persona.intensity for persona in MANY) == pytest.approx(1.0, abs=0.05)


def test_a_given_habit_is_kept_and_the_draw_is_the_seeds() -> None:
    assert draw_persona(Random("a"), Habit.FADING).habit is Habit.FADING
    assert draw_persona(Random("a")) == draw_persona(Random("a"))


@pytest.mark.parametrize(("progress", "used"), [(0.0, True), (0.29, True), (0.3, False), (1.0, False)])
def test_a_fading_user_stops_for_good(progress: float, used: bool) -> None:
    fading = Persona(Habit.FADING, share_of_days=1.0, intensity=1.0, fades_after=0.3)
    assert fading.uses(progress, Random(1)) is used


def test_who_never_started_never_uses_it() -> None:
    never = draw_persona(Random("a"), Habit.NEVER_STARTED)
    assert not any(never.uses(0.0, Random(number)) for number in range(200))
