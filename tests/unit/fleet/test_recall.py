"""The recall case as a table: no sequence leaves it, nothing is proposed without proof, figures have denominators."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.idle import PROVEN_UNUSED, Step, Verdict
from fleet.recall import (
    AT_THE_USER,
    FINAL,
    SAVING,
    STATE_WORDS,
    TRANSITIONS,
    Action,
    FalseRecalls,
    Ground,
    Move,
    Refusal,
    State,
    may_propose,
    mermaid,
    move,
    saved_sek,
    snooze_until,
)

TODAY = date(2026, 11, 28)
SOUND = Ground(
    verdict=Verdict.UNUSED,
    step=Step.PROPOSE,
    since=TODAY - timedelta(days=40),
    known_until=TODAY,
    judged_on=TODAY,
    loan_day=TODAY - timedelta(days=100),
    silent_after_days=3,
)


def ground(**overrides: Any) -> Ground:
    fields = {name: getattr(SOUND, name) for name in SOUND.__slots__}
    return Ground(**{**fields, **overrides})


@given(st.lists(st.sampled_from(Action), max_size=30))
def test_no_sequence_of_actions_leaves_the_table(actions: list[Action]) -> None:
    state = State.PROPOSED
    closed_before = False
    for action in actions:
        outcome = move(state, action)
        if isinstance(outcome, Refusal):
            assert (state, action) not in TRANSITIONS
            continue
        assert outcome == Move(state, action, TRANSITIONS[state, action])
        assert not closed_before or state is State.LOST, "only a lost device's case opens again"
        state = outcome.after
        closed_before = state in FINAL


def test_every_state_is_reached_and_every_open_one_is_left() -> None:
    reached = {State.PROPOSED, *TRANSITIONS.values()}
    assert reached == set(State)
    assert {before for before, _ in TRANSITIONS} == set(State) - FINAL | {State.LOST}
    assert set(STATE_WORDS) == set(State)
    assert not SAVING & (FINAL - {State.PARTS, State.SCRAPPED, State.IN_STOCK})
    for state in AT_THE_USER:
        assert TRANSITIONS[state, Action.WAKE_UP] is State.WOKEN_UP, "use stops a case wherever the device is in use"
    assert all(state in AT_THE_USER for state, action in TRANSITIONS if action is Action.WAKE_UP)


def test_nothing_is_ordered_that_nobody_has_confirmed() -> None:
    assert [before for before, action in TRANSITIONS if action is Action.ORDER] == [State.CONFIRMED_UNUSED]
    assert {before for (before, _), after in TRANSITIONS.items() if after is State.COLLECTED} == {
        State.PICK_UP_ORDERED,
        State.LOST,
    }


GROUNDS = st.builds(
    Ground,
    verdict=st.sampled_from([*Verdict, "absent", "source_lost", "replaced"]),
    step=st.sampled_from(Step),
    since=st.none() | st.integers(-200, 3).map(lambda days: TODAY + timedelta(days=days)),
    known_until=st.none() | st.integers(-30, 0).map(lambda days: TODAY + timedelta(days=days)),
    judged_on=st.integers(-10, 0).map(lambda days: TODAY + timedelta(days=days)),
    loan_day=st.none() | st.integers(-200, 0).map(lambda days: TODAY + timedelta(days=days)),
    silent_after_days=st.integers(1, 14),
    snoozed_until=st.none() | st.integers(-30, 30).map(lambda days: TODAY + timedelta(days=days)),
    absent=st.booleans(),
    open_case=st.booleans(),
    used_since=st.booleans(),
)


@given(GROUNDS)
def test_nothing_is_proposed_on_silence_absence_or_an_earlier_loan(case: Ground) -> None:
    if may_propose(case, TODAY) is not None:
        return
    assert case.verdict in PROVEN_UNUSED
    assert case.known_until is not None
    assert (TODAY - case.known_until).days <= case.silent_after_days
    assert not case.absent
    assert not case.used_since
    assert case.loan_day is not None
    assert case.since is not None
    assert case.since >= case.loan_day


def test_sound_ground_is_proposed() -> None:
    assert may_propose(SOUND, TODAY) is None


@pytest.mark.parametrize(
    "overrides",
    [
        {"verdict": "silent"},
        {"step": Step.CONTACT},
        {"loan_day": None},
        {"loan_day": TODAY},
        {"since": None},
        {"absent": True},
        {"open_case": True},
        {"used_since": True},
        {"judged_on": TODAY - timedelta(days=4)},
        {"known_until": TODAY - timedelta(days=4)},
        {"known_until": None},
        {"snoozed_until": TODAY},
    ],
    ids=str,
)
def test_each_missing_ground_alone_refuses(overrides: dict[str, Any]) -> None:
    refusal = may_propose(ground(**overrides), TODAY)
    assert refusal is not None
    assert refusal.reason.sv != refusal.reason.en


def test_an_answer_holds_until_the_day_named_or_ninety_days() -> None:
    assert snooze_until(None, TODAY) == TODAY + timedelta(days=90)
    assert snooze_until(TODAY, TODAY) == TODAY
    assert isinstance(snooze_until(TODAY - timedelta(days=1), TODAY), Refusal)
    assert isinstance(snooze_until(TODAY + timedelta(days=367), TODAY), Refusal)


def test_money_counts_from_the_day_the_rent_stopped_for_a_year_at_most() -> None:
    rent = Decimal(125)

    def saved(days: int, state: State = State.COLLECTED) -> Decimal:
        return saved_sek(state, rent, TODAY - timedelta(days=days), TODAY)

    assert saved(0) == 0
    assert saved(-3) == 0
    assert saved(30) == Decimal("123.20")
    assert saved(365) == saved(4000)
    assert saved(30, State.NEEDED) == 0, "an order that was taken back saves nothing"
    assert saved(30, State.LOST) == 0
    assert saved_sek(State.COLLECTED, None, TODAY - timedelta(days=9), TODAY) == 0
    assert saved_sek(State.COLLECTED, rent, None, TODAY) == 0


def test_the_false_recall_rate_is_of_answers_only() -> None:
    assert FalseRecalls(0, 0, 0, 9).rate is None
    figures = FalseRecalls(needed=2, woken_up=1, confirmed=9, waiting=50)
    assert figures.rate == 0.25
    assert "3 av 12" in figures.meaning.sv
    assert "50" in figures.meaning.en


def test_the_diagram_has_every_transition() -> None:
    assert mermaid().count("-->") == len(TRANSITIONS) + 1
    page = Path(__file__).parents[3] / "docs" / "recall.md"
    assert mermaid() in page.read_text(encoding="utf-8"), "docs/recall.md shows another table"
