"""Used days: the clauses, and what a definition or an idle policy may not say."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ProfileError
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure
from tests.unit.fleet.sample import NAME, usage


@pytest.mark.parametrize(
    ("amounts", "used"),
    [
        ({}, False),
        ({"minutes": 9.99}, False),
        ({"minutes": 10.0}, True),
        ({"presses": 1.0}, False),
        ({"presses": 2.0}, True),
        ({"minutes": 9.0, "presses": 1.0}, False),
        ({"longest": 1_000.0}, False),
        ({"unheard_of": 1_000.0}, False),
    ],
)
def test_any_one_clause_makes_a_used_day(amounts: dict[str, float], *, used: bool) -> None:
    assert usage().is_used(amounts) is used


amounts_of_a_day = st.dictionaries(st.sampled_from(["minutes", "longest", "presses"]), st.floats(0, 100))


@given(amounts_of_a_day, amounts_of_a_day)
def test_more_use_never_makes_a_day_unused(first: dict[str, float], second: dict[str, float]) -> None:
    together = {name: first.get(name, 0.0) + second.get(name, 0.0) for name in {*first, *second}}
    assert usage().is_used(together) or not usage().is_used(first)


@pytest.mark.parametrize("clause", [AtLeast("unheard_of", 1), AtLeast("minutes", 0), AtLeast("minutes", -1)])
def test_a_clause_that_says_nothing_is_refused(clause: AtLeast) -> None:
    with pytest.raises(ProfileError, match="every clause"):
        usage(clause)


USE = Measure(name="m", title=NAME, unit="1", gather=Gather.SUM, metric="light.time")


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": None, "event": None},
        {"event": "pressed"},
        {"metric": None, "event": "pressed", "gather": Gather.SUM},
        {"metric": None, "event": "pressed", "gather": Gather.MAXIMUM},
    ],
)
def test_a_measure_gathers_one_thing_and_events_are_counted(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="measure"):
        replace(USE, **wrong)


def policy(**changes: Any) -> IdlePolicy:
    return replace(IdlePolicy(name="default", note_days=7, contact_days=14, propose_days=30), **changes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"note_days": 0},
        {"note_days": 15},
        {"contact_days": 31},
        {"quiet_months": frozenset({12})},
        {"quiet_propose_days": 120},
    ],
)
def test_an_idle_policy_rises_and_its_quiet_months_are_whole(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="idle policy"):
        policy(**wrong)


def test_equal_steps_are_allowed() -> None:
    assert policy(note_days=14).contact_days == 14
