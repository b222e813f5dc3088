"""The alarm engine: a table of single judgements, and traces in virtual time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.alarms.engine import Action, Case, Decision, Why, decide
from fleet.faults import Severity
from fleet.rules import EventSeen, FaultActive, Rule, Sample, Silence, Snapshot, Threshold
from fleet.text import Text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TITLE = Text("Titel", "Title")
JAM = FaultActive(name="jam", title=TITLE, severity=Severity.CRITICAL, safety=True, faults=("MED-MEC-01",))
LOW = Threshold(
    name="low", title=TITLE, severity=Severity.WARNING, hold_seconds=900, metric="battery.soc", below=20, clear_at=40
)
MISSED = EventSeen(name="missed", title=TITLE, severity=Severity.HIGH, event="dose_missed", settled_by=("dose_taken",))
QUIET = Silence(name="quiet", title=TITLE, severity=Severity.HIGH, after_seconds=600)


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def case(
    *,
    soc: float | None = None,
    events: Mapping[str, datetime] | None = None,
    faults: Mapping[str, datetime] | None = None,
    last_seen: datetime | None = NOW,
    watermark: datetime = NOW,
    open_rules: frozenset[str] = frozenset(),
    holds: Mapping[str, datetime] | None = None,
    on_loan: bool = True,
) -> Case:
    snapshot = Snapshot(
        values={} if soc is None else {"battery.soc": Sample(soc, ago(minutes=1))},
        events=events or {},
        active_faults=faults or {},
        last_seen=last_seen,
        watermark=watermark,
    )
    return Case(snapshot=snapshot, open_rules=open_rules, holds=holds or {}, on_loan=on_loan)


def only(rule: Rule, what: Case, now: datetime = NOW) -> Decision | None:
    decisions = decide([rule], what, now)
    assert len(decisions) <= 1
    return decisions[0] if decisions else None


OPEN = {name: frozenset({name}) for name in ("jam", "low", "missed", "quiet")}
CASES = [
    # nothing known: nothing decided
    (JAM, case(), None, None),
    (LOW, case(), None, None),
    (MISSED, case(), None, None),
    (QUIET, case(last_seen=None), None, None),
    # already true when the engine first looks
    (JAM, case(faults={"MED-MEC-01": ago(days=2)}), Action.RAISE, Why.HOLDS),
    (JAM, case(faults={"MED-MEC-01": ago(days=2)}, open_rules=OPEN["jam"]), Action.KEEP, Why.HOLDS),
    (JAM, case(open_rules=OPEN["jam"]), Action.CLEAR, Why.CONDITION_ENDED),
    # another fault is another matter
    (JAM, case(faults={"MED-INV-01": ago(days=2)}), None, None),
    # hold time
    (LOW, case(soc=15), Action.HOLD, Why.HOLDING),
    (LOW, case(soc=15, holds={"low": ago(seconds=899)}), Action.HOLD, Why.HOLDING),
    (LOW, case(soc=15, holds={"low": ago(seconds=900)}), Action.RAISE, Why.HELD_LONG_ENOUGH),
    (LOW, case(soc=25, holds={"low": ago(seconds=899)}), Action.RELEASE, Why.CONDITION_ENDED),
    # hysteresis: 25 % neither raises nor clears
    (LOW, case(soc=25), None, None),
    (LOW, case(soc=25, open_rules=OPEN["low"]), Action.KEEP, Why.HOLDS),
    (LOW, case(soc=40, open_rules=OPEN["low"]), Action.CLEAR, Why.CONDITION_ENDED),
    # events: fresh rings, old does not, settled is over, open stays however old
    (MISSED, case(events={"dose_missed": ago(hours=1)}), Action.RAISE, Why.HOLDS),
    (MISSED, case(events={"dose_missed": ago(hours=7)}), Action.NOTE, Why.KNOWN_TOO_LATE),
    (MISSED, case(events={"dose_missed": ago(hours=7)}, open_rules=OPEN["missed"]), Action.KEEP, Why.HOLDS),
    (MISSED, case(events={"dose_missed": ago(hours=2), "dose_taken": ago(hours=1)}), None, None),
    (MISSED, case(events={"dose_missed": ago(hours=1), "dose_taken": ago(hours=2)}), Action.RAISE, Why.HOLDS),
    (
        MISSED,
        case(events={"dose_missed": ago(hours=2), "dose_taken": ago(hours=1)}, open_rules=OPEN["missed"]),
        Action.CLEAR,
        Why.CONDITION_ENDED,
    ),
    # silence: against the watermark, not the wall clock; not in a store
    (QUIET, case(last_seen=ago(seconds=601)), Action.RAISE, Why.HOLDS),
    (QUIET, case(last_seen=ago(seconds=600)), None, None),
    (QUIET, case(last_seen=ago(hours=9), watermark=ago(hours=9) + timedelta(seconds=5)), None, None),
    (QUIET, case(last_seen=ago(seconds=601), on_loan=False), None, None),
    (QUIET, case(last_seen=ago(seconds=601), on_loan=False, open_rules=OPEN["quiet"]), Action.CLEAR, Why.NOT_ON_LOAN),
    (QUIET, case(open_rules=OPEN["quiet"]), Action.CLEAR, Why.CONDITION_ENDED),
    # our own lag neither raises nor clears
    (
        QUIET,
        case(last_seen=ago(hours=2), watermark=ago(hours=1), open_rules=OPEN["quiet"]),
        Action.KEEP,
        Why.HOLDS,
    ),
]


@pytest.mark.parametrize(("rule", "what", "action", "why"), CASES)
def test_one_rule(rule: Rule, what: Case, action: Action | None, why: Why | None) -> None:
    decision = only(rule, what)
    assert (decision and decision.action, decision and decision.why) == (action, why)
    if action in {Action.RAISE, Action.KEEP, Action.HOLD}:
        assert decision is not None
        assert decision.finding is not None


def test_an_alarm_or_hold_whose_rule_is_gone_is_settled_with_that_reason() -> None:
    decisions = decide([JAM], case(open_rules=frozenset({"old"}), holds={"older": ago(hours=1)}), NOW)
    assert decisions == [
        Decision(Action.CLEAR, "old", Why.RULE_REMOVED),
        Decision(Action.RELEASE, "older", Why.RULE_REMOVED),
    ]


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        decide([JAM], case(), datetime(2026, 11, 21))  # noqa: DTZ001 - that is the point


@given(st.lists(st.tuples(st.integers(0, 600), st.booleans()), max_size=60))
def test_in_any_trace_a_safety_alarm_rings_at_the_first_look_and_alternates(trace: list[tuple[int, bool]]) -> None:
    """Flapping never delays the first alarm; raised and cleared always take turns."""
    now, is_open = NOW, False
    for seconds, jammed in trace:
        now += timedelta(seconds=seconds)
        faults = {"MED-MEC-01": now} if jammed else {}
        decision = only(JAM, case(faults=faults, open_rules=OPEN["jam"] if is_open else frozenset()), now)
        action = decision.action if decision else None
        expected = {
            (True, False): Action.RAISE,
            (True, True): Action.KEEP,
            (False, True): Action.CLEAR,
            (False, False): None,
        }
        assert action == expected[jammed, is_open]
        is_open = jammed


@given(st.lists(st.tuples(st.integers(1, 600), st.floats(0, 100)), max_size=60))
def test_in_any_trace_a_held_alarm_needs_the_whole_hold_time(trace: list[tuple[int, float]]) -> None:
    now, is_open, holds = NOW, False, dict[str, datetime]()
    low_since: datetime | None = None
    for seconds, soc in trace:
        now += timedelta(seconds=seconds)
        decision = only(LOW, case(soc=soc, open_rules=OPEN["low"] if is_open else frozenset(), holds=holds), now)
        low_since = (low_since or now) if soc < 20 else None
        match decision.action if decision else None:
            case Action.RAISE:
                assert low_since is not None
                assert now - low_since >= timedelta(seconds=900)
                is_open, holds = True, {}
            case Action.HOLD:
                assert decision is not None
                assert decision.held_since == low_since
                holds = {"low": decision.held_since or now}
            case Action.RELEASE:
                holds = {}
            case Action.CLEAR:
                assert soc >= 40
                is_open = False
            case _:
                pass
