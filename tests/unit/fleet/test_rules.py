"""Alarm rules: edges of limits, hysteresis, freshness, and that what cannot be judged does not fire."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ProfileError
from fleet.faults import Severity
from fleet.rules import EventSeen, FaultActive, Rule, Sample, Silence, Snapshot, Threshold
from tests.unit.fleet.sample import NAME, NOON


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def snapshot(**state: Any) -> Snapshot:
    return replace(Snapshot(watermark=NOON), **state)


def measured(value: float | bool, at: datetime = NOON) -> Snapshot:
    return snapshot(values={"battery.soc": Sample(value, at)})


def threshold(**changes: Any) -> Threshold:
    return Threshold(name="rule", title=NAME, severity=Severity.WARNING, metric="battery.soc", **changes)


def fires(rule: Rule, state: Snapshot, now: datetime = NOON, *, firing: bool = False) -> bool:
    return rule.evaluate(state, now, firing=firing) is not None


LOW = threshold(below=20, clear_at=30)
HIGH = threshold(above=80, clear_at=70)


@pytest.mark.parametrize(
    ("rule", "value", "when_quiet", "when_firing"),
    [
        (LOW, 19.9, True, True),
        (LOW, 20.0, False, True),
        (LOW, 29.9, False, True),
        (LOW, 30.0, False, False),
        (HIGH, 80.1, True, True),
        (HIGH, 80.0, False, True),
        (HIGH, 70.1, False, True),
        (HIGH, 70.0, False, False),
        (threshold(below=20), 20.0, False, False),
        (threshold(below=0), -0.1, True, True),
        (threshold(above=0), 0.0, False, False),
        (threshold(above=0.5), True, True, True),
        (threshold(above=0.5), False, False, False),
        (threshold(below=0.5), False, True, True),
    ],
)
def test_a_threshold_fires_beyond_its_limit_and_rests_past_its_other(
    rule: Threshold,
    value: float | bool,
    *,
    when_quiet: bool,
    when_firing: bool,
) -> None:
    assert fires(rule, measured(value)) is when_quiet
    assert fires(rule, measured(value), firing=True) is when_firing


@given(st.lists(st.floats(20, 29.99), min_size=1, max_size=30))
def test_a_value_that_flutters_between_the_limits_changes_nothing(values: list[float]) -> None:
    assert not any(fires(LOW, measured(value)) for value in values)
    assert all(fires(LOW, measured(value), firing=True) for value in values)


@given(st.floats(0, 100))
def test_ingest_is_told_of_every_value_that_can_raise_the_alarm(value: float) -> None:
    for rule in (LOW, HIGH):
        assert rule.touched_by({"battery.soc": value}) == fires(rule, measured(value))


def test_a_threshold_is_not_touched_by_other_metrics() -> None:
    assert not LOW.touched_by({"light.time": 1.0})


def test_a_metric_never_seen_cannot_be_judged() -> None:
    assert not fires(LOW, snapshot())
    assert not fires(LOW, snapshot(), firing=True)


def test_a_threshold_says_since_when_and_why() -> None:
    finding = LOW.evaluate(measured(12.5, NOON - seconds(90)), NOON, firing=False)
    assert finding is not None
    assert finding.since == NOON - seconds(90)
    assert ("12.5" in finding.reason.sv, "under" in finding.reason.sv) == (True, True)
    assert ("12.5" in finding.reason.en, "below" in finding.reason.en) == (True, True)


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"above": 1, "below": 2},
        {"above": 80, "clear_at": 81},
        {"below": 20, "clear_at": 19},
        {"below": 0, "clear_at": -1},
    ],
)
def test_a_threshold_that_contradicts_itself_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ProfileError):
        threshold(**limits)


JAM = EventSeen(
    name="jam", title=NAME, severity=Severity.HIGH, event="jammed", settled_by=("freed", "emptied"), fresh_seconds=3600
)


@pytest.mark.parametrize(
    ("events", "when_quiet", "when_firing"),
    [
        ({}, False, False),
        ({"freed": NOON}, False, False),
        ({"jammed": NOON - seconds(10)}, True, True),
        ({"jammed": NOON - seconds(3600)}, True, True),
        ({"jammed": NOON - seconds(3601)}, False, True),
        ({"jammed": NOON - seconds(10), "freed": NOON - seconds(11)}, True, True),
        ({"jammed": NOON - seconds(10), "freed": NOON - seconds(10)}, False, False),
        ({"jammed": NOON - seconds(10), "freed": NOON - seconds(20), "emptied": NOON - seconds(5)}, False, False),
        ({"jammed": NOON + seconds(300)}, True, True),
    ],
)
def test_an_event_rings_while_fresh_and_until_settled(
    events: dict[str, datetime], *, when_quiet: bool, when_firing: bool
) -> None:
    state = snapshot(events=events)
    assert fires(JAM, state) is when_quiet
    assert fires(JAM, state, firing=True) is when_firing


@pytest.mark.parametrize("wrong", [{"fresh_seconds": 0}, {"settled_by": ()}])
def test_an_event_rule_that_could_never_rest_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="fresh_seconds"):
        replace(JAM, **wrong)


BROKEN = FaultActive(name="broken", title=NAME, severity=Severity.CRITICAL, safety=True, faults=("A", "B"))


def test_a_fault_fires_since_the_oldest_and_names_all() -> None:
    finding = BROKEN.evaluate(
        snapshot(active_faults={"B": NOON, "A": NOON - seconds(60), "C": NOON - seconds(999)}), NOON, firing=False
    )
    assert finding is not None
    assert finding.since == NOON - seconds(60)
    assert "A, B" in finding.reason.sv
    assert "C" not in finding.reason.en.replace("active", "")


def test_other_faults_do_not_fire() -> None:
    assert not fires(BROKEN, snapshot(active_faults={"C": NOON}))
    assert not fires(BROKEN, snapshot(), firing=True)


def test_a_fault_rule_without_faults_is_refused() -> None:
    with pytest.raises(ProfileError, match="at least one fault"):
        FaultActive(name="broken", title=NAME, severity=Severity.HIGH, faults=())


QUIET = Silence(name="quiet", title=NAME, severity=Severity.INFO, after_seconds=600)


@pytest.mark.parametrize(
    ("quiet_for", "watermark_behind", "silent"),
    [
        (600, 0, False),
        (601, 0, True),
        (900, 300, False),
        (902, 300, True),
        (100_000, 100_000, False),
        (601, -300, True),
    ],
)
def test_silence_is_judged_against_what_has_been_stored(
    quiet_for: float, watermark_behind: float, *, silent: bool
) -> None:
    state = snapshot(last_seen=NOON - seconds(quiet_for), watermark=NOON - seconds(watermark_behind))
    assert fires(QUIET, state) is silent


def test_a_device_never_heard_is_not_silent() -> None:
    assert not fires(QUIET, snapshot(last_seen=None))


def test_silence_needs_a_time() -> None:
    with pytest.raises(ProfileError, match="positive"):
        Silence(name="quiet", title=NAME, severity=Severity.INFO, after_seconds=0)


@pytest.mark.parametrize("wrong", [{"name": "Not-A-Name"}, {"hold_seconds": -1}, {"hold_seconds": 60, "safety": True}])
def test_what_no_rule_may_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        replace(QUIET, **wrong)


def test_rules_say_what_they_look_at() -> None:
    assert LOW.metrics() == {"battery.soc"}
    assert JAM.event_names() == {"jammed", "freed", "emptied"}
    assert BROKEN.fault_codes() == {"A", "B"}
    assert not any((JAM.metrics(), BROKEN.metrics(), QUIET.metrics(), QUIET.event_names(), QUIET.fault_codes()))
    assert not QUIET.touched_by({"battery.soc": 1.0})
