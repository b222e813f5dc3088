"""Work orders: every state and action, findings drawn together, outcomes that contradict themselves, measures."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.faults import Severity
from fleet.orders import (
    OPEN_STATES,
    TRANSITIONS,
    Action,
    Finding,
    FindingKind,
    OrderState,
    Outcome,
    OutcomeError,
    Solved,
    Tally,
    after,
    allowed,
    audience_of,
    drawn_together,
    fault_key,
    measures,
    more_urgent,
    priority_of,
)
from fleet.priority import PriorityClass
from fleet.signals import Audience
from fleet.text import Text

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
S, A = OrderState, Action
# Every allowed step, said once more by hand; all others must be refused.
STEPS = {
    (S.DRAFT, A.PLACE): S.PLACED,
    (S.PLACED, A.START): S.STARTED,
    (S.DRAFT, A.FINISH): S.DONE,
    (S.PLACED, A.FINISH): S.DONE,
    (S.STARTED, A.FINISH): S.DONE,
    (S.DRAFT, A.CANCEL): S.CANCELLED,
    (S.PLACED, A.CANCEL): S.CANCELLED,
    (S.STARTED, A.CANCEL): S.CANCELLED,
}


@pytest.mark.parametrize(("state", "action"), list(product(OrderState, Action)))
def test_every_cell_of_the_table(state: OrderState, action: Action) -> None:
    assert after(state, action) == STEPS.get((state, action))
    assert (action in allowed(state)) == ((state, action) in STEPS)


def test_what_is_over_stays_over_and_what_is_open_can_end() -> None:
    for state in OrderState:
        assert bool(allowed(state)) == (state in OPEN_STATES)
        assert (state not in OPEN_STATES) or A.CANCEL in allowed(state)
    assert set(TRANSITIONS) == set(STEPS)


def finding(key: str = "fault:WC-BAT-01", **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "kind": FindingKind.FAULT,
        "reference": "1",
        "title": Text("Fel", "Fault"),
        "priority": PriorityClass.ORDINARY,
        "audience": Audience.TECHNICAL,
        "happened_at": NOW,
        "known_at": NOW,
    }
    return Finding(key=key, **{**fields, **changes})


def test_a_fault_and_its_alarm_are_one_matter_and_the_more_urgent_stays() -> None:
    fault = finding()
    alarm = finding(
        kind=FindingKind.ALARM, reference="7", priority=PriorityClass.ACUTE, known_at=NOW + timedelta(hours=1)
    )
    other = finding("fault:WC-MOT-04", reference="2")
    assert drawn_together([other, fault, alarm]) == (alarm, other)


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["a", "b", "c"]),
        priority=st.sampled_from(PriorityClass),
        known_at=st.integers(0, 100).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    min_size=1,
    max_size=8,
)


@given(FINDINGS)
def test_drawing_together_loses_no_matter_and_no_urgency(found: list[Finding]) -> None:
    kept = drawn_together(found)
    assert {one.key for one in kept} == {one.key for one in found}
    assert len({one.key for one in kept}) == len(kept)
    assert kept[0].priority is min((one.priority for one in found), key=list(PriorityClass).index)
    assert drawn_together(kept) == kept


def test_the_order_is_for_the_fewest_eyes_that_any_finding_allows() -> None:
    assert audience_of([finding(), finding(audience=Audience.CARE)]) is Audience.CARE
    assert audience_of([finding(audience=Audience.CLINICAL), finding(audience=Audience.CARE)]) is Audience.CLINICAL
    assert audience_of([finding()]) is Audience.TECHNICAL


@pytest.mark.parametrize(
    ("severity", "safety", "priority"),
    [
        (Severity.CRITICAL, True, PriorityClass.ON_CALL),
        (Severity.CRITICAL, False, PriorityClass.ACUTE),
        (Severity.HIGH, True, PriorityClass.ACUTE),
        (Severity.HIGH, False, PriorityClass.ACUTE),
        (Severity.WARNING, True, PriorityClass.ORDINARY),
        (Severity.INFO, False, PriorityClass.ORDINARY),
    ],
)
def test_the_priority_where_the_dictionary_says_none(severity: Severity, safety: bool, priority: PriorityClass) -> None:
    assert priority_of(severity, safety=safety) is priority


def test_the_same_number_of_two_systems_is_not_the_same_matter() -> None:
    assert fault_key(None, "vr2", "2") != fault_key(None, "ics", "2")
    assert fault_key("WC-BAT-01", "vr2", "2") == fault_key("WC-BAT-01", "ics", "9")
    assert more_urgent(PriorityClass.ORDINARY, PriorityClass.ON_CALL) is PriorityClass.ON_CALL


@pytest.mark.parametrize(
    "said",
    [
        {"solved": Solved.REMOTELY, "visits": 1},
        {"solved": Solved.REMOTELY, "first_visit_fixed": True},
        {"solved": Solved.VISIT},
        {"solved": Solved.VISIT, "visits": 2, "first_visit_fixed": True},
        {"solved": Solved.EXCHANGED, "first_visit_fixed": False},
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(OutcomeError):
        Outcome(**said)


def test_outcomes_that_are_whole() -> None:
    whole = (
        Outcome(solved=Solved.REMOTELY, minutes_spent=20),
        Outcome(solved=Solved.VISIT, visits=1, first_visit_fixed=True),
        Outcome(solved=Solved.VISIT, visits=2, first_visit_fixed=False),
        Outcome(solved=Solved.EXCHANGED),
        Outcome(solved=Solved.NO_FAULT_FOUND, visits=1),
    )
    assert {outcome.solved for outcome in whole} == set(Solved)


def tally(**changes: int) -> Tally:
    zero = dict.fromkeys(Tally.__dataclass_fields__, 0)
    return Tally(**{**zero, **changes})


def test_measures_with_their_denominators() -> None:
    found = measures(
        tally(
            done=10, cancelled=1, remote=4, remote_timed=3, remote_minutes=60, visited=6, first_known=5, first_fixed=4
        ),
        visit_minutes=180,
    )
    assert (found.visits_avoided, found.hours_saved, found.timed) == (4, 8.0, 3)
    assert (found.first_visit_rate, found.first_known, found.visited) == (0.8, 5, 6)
    assert "4 av 10" in found.meaning.sv
    assert "180 minuter (antagande)" in found.meaning.sv
    assert "för 1 är det okänt" in found.meaning.sv


def test_nothing_known_is_no_figure() -> None:
    found = measures(tally(done=2, remote=1, visited=1), visit_minutes=180)
    assert found.hours_saved is None
    assert found.first_visit_rate is None
    assert "okänd" in found.meaning.sv


def test_a_chair_slower_than_the_road_saves_less_than_nothing() -> None:
    found = measures(tally(done=1, remote=1, remote_timed=1, remote_minutes=240), visit_minutes=180)
    assert found.hours_saved == -1.0
