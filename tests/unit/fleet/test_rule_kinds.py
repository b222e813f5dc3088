"""The rule kinds that look at the past, at what is owed, at doses, and rules made of rules."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fleet.doses import Dose, Outcome, Standing
from fleet.errors import ProfileError
from fleet.faults import Severity
from fleet.rules import (
    AllOf,
    AnyOf,
    BatteryHours,
    Deviation,
    DoseMissed,
    DoseUnknown,
    Expected,
    FaultActive,
    Lasting,
    OtherSchedule,
    Rate,
    Repeated,
    RollUnverified,
    Sample,
    Snapshot,
    Threshold,
)
from fleet.text import Text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMMON: dict[str, Any] = {"title": Text("Titel", "Title"), "severity": Severity.WARNING}


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def samples(*values: tuple[float, float]) -> list[Sample]:
    """Values so many minutes ago, oldest first."""
    return [Sample(value, ago(minutes=minutes)) for minutes, value in values]


LEAK = Lasting(name="leak", metric="leak", above=24, clear_at=20, lasting_seconds=1800, **COMMON)
FALL = Rate(name="fall", metric="soc", fall=30, over_seconds=3600, **COMMON)
OFTEN = Repeated(name="often", event="dose_missed", times=3, within_seconds=7 * 86_400, **COMMON)
WEIGH = Expected(name="weigh", metric="body.weight", within_seconds=3 * 86_400, **COMMON)
UNUSUAL = Deviation(name="unusual", metric="leak", spreads=5, at_least=4, **COMMON)
JAM = FaultActive(name="jam", faults=("X-1",), **COMMON)
LOW = Threshold(name="low", metric="soc", below=20, clear_at=30, **COMMON)
POWER = BatteryHours(name="power", level="level", mains="mains", full_hours=18, below_hours=4, **COMMON)
MISSED = DoseMissed(name="missed", event="dose_missed", settled_by=("dose_taken",), fresh_seconds=4 * 3600, **COMMON)
UNKNOWN = DoseUnknown(name="unknown", **COMMON)
ROLL = RollUnverified(name="roll", **COMMON)
OTHER = OtherSchedule(name="other", metric="version", **COMMON)


def fires(rule: Any, *, firing: bool = False, now: datetime = NOW, **state: Any) -> bool:
    finding = rule.evaluate(Snapshot(watermark=state.pop("watermark", now), **state), now, firing=firing)
    assert finding is None or finding.since <= now
    return finding is not None


@pytest.mark.parametrize(
    ("values", "firing", "expected"),
    [
        ([], False, False),
        ([(40, 25), (20, 30), (0, 26)], False, True),
        ([(29, 25), (10, 30), (0, 26)], False, False),  # not long enough
        ([(40, 25), (20, 23), (0, 26)], False, False),  # broken in the middle
        ([(40, 25), (20, 30), (0, 22)], False, False),
        ([(40, 25), (20, 30), (0, 22)], True, True),  # above clear_at
        ([(40, 25), (20, 30), (0, 19)], True, False),
    ],
)
def test_duration(values: Sequence[tuple[float, float]], *, firing: bool, expected: bool) -> None:
    assert fires(LEAK, firing=firing, readings={"leak": samples(*values)}) is expected


@pytest.mark.parametrize(
    ("values", "firing", "expected"),
    [
        ([(50, 90), (0, 59)], False, True),
        ([(70, 90), (0, 59)], False, False),  # over more than an hour
        ([(50, 90), (0, 70)], False, False),
        ([(50, 90), (0, 70)], True, True),  # still more than half of it
        ([(50, 90), (0, 80)], True, False),
        ([(0, 59)], False, False),
        ([(500, 90), (460, 20)], False, False),  # long past: never rings as new
    ],
)
def test_rate(values: Sequence[tuple[float, float]], *, firing: bool, expected: bool) -> None:
    assert fires(FALL, firing=firing, readings={"soc": samples(*values)}) is expected


@pytest.mark.parametrize(("days", "expected"), [([1, 3, 6], True), ([1, 3], False), ([1, 3, 7.1], False), ([], False)])
def test_repetition(days: list[float], *, expected: bool) -> None:
    assert fires(OFTEN, occurrences={"dose_missed": [ago(days=d) for d in days]}) is expected


def test_what_is_owed_since_the_loan_began_or_since_the_last_one() -> None:
    old, new = {"body.weight": Sample(80.0, ago(days=4))}, {"body.weight": Sample(80.0, ago(days=2))}
    heard: dict[str, Any] = {"last_seen": NOW}
    assert fires(WEIGH, values=old, since=ago(days=30), **heard)
    assert not fires(WEIGH, values=new, since=ago(days=30), **heard)
    assert fires(WEIGH, since=ago(days=4), **heard)  # never weighed, and it was due
    assert not fires(WEIGH, values=old, since=ago(days=2), **heard)  # a new borrower owes nothing of the last one's
    assert not fires(WEIGH, values=old, **heard)  # in store
    assert not fires(WEIGH, values=old, since=ago(days=30), watermark=ago(days=3), **heard)  # our own lag


def test_what_a_device_has_not_told_is_unknown_and_not_absent() -> None:
    old, lent = {"body.weight": Sample(80.0, ago(days=8))}, ago(days=30)
    assert not fires(WEIGH, since=lent)  # never heard of
    assert not fires(WEIGH, since=lent, first_seen=ago(minutes=1), last_seen=NOW)  # its history is still to come
    assert fires(WEIGH, since=lent, first_seen=ago(days=4), last_seen=NOW)
    assert not fires(WEIGH, values=old, since=lent, last_seen=ago(days=6))  # silent since: it may have stored some up
    assert fires(WEIGH, values=old, since=lent, last_seen=ago(days=4))


@pytest.mark.parametrize(
    ("latest", "days", "firing", "expected"),
    [
        (18.0, 30, False, True),
        (13.0, 30, False, False),
        (13.0, 30, True, True),  # more than half
        (11.0, 30, True, False),
        (30.0, 10, False, False),  # nobody knows yet what is usual
    ],
)
def test_deviation_from_its_own_baseline(latest: float, days: int, *, firing: bool, expected: bool) -> None:
    known = [(date(2026, 11, 20) - timedelta(days=back), 10.0 + back % 2) for back in range(days, 0, -1)]
    assert fires(UNUSUAL, firing=firing, days={"leak": [*known, (date(2026, 11, 20), latest)]}) is expected


def test_all_and_any() -> None:
    both = AllOf(name="both", parts=(JAM, LOW), **COMMON)
    either = AnyOf(name="either", parts=(JAM, LOW), **COMMON)
    fault, low = {"X-1": ago(hours=2)}, {"soc": Sample(10.0, ago(hours=1))}
    assert not fires(both, active_faults=fault)
    assert fires(both, active_faults=fault, values=low)
    assert fires(either, active_faults=fault)
    assert fires(either, values=low)
    assert not fires(either)
    assert fires(either, values={"soc": Sample(25.0, NOW)}, firing=True)  # hysteresis of the part
    state = Snapshot(active_faults=fault, values=low, watermark=NOW)
    last, first = both.evaluate(state, NOW, firing=False), either.evaluate(state, NOW, firing=False)
    assert last is not None
    assert first is not None
    assert (last.since, first.since) == (ago(hours=1), ago(hours=2))
    assert (both.metrics(), both.fault_codes()) == (frozenset({"soc"}), frozenset({"X-1"}))


@pytest.mark.parametrize(
    ("level", "mains", "minutes", "expected"),
    [(20.0, False, 0, True), (50.0, False, 0, False), (50.0, False, 360, True), (5.0, True, 0, False)],
)
def test_hours_of_battery(level: float, *, mains: bool, minutes: int, expected: bool) -> None:
    at = ago(minutes=minutes)
    assert fires(POWER, values={"level": Sample(level, at), "mains": Sample(mains, at)}) is expected
    assert not fires(POWER, values={"level": Sample(level, at)})  # never told of mains: not judged


def dose(outcome: Outcome, hours: float, *, late: bool = False) -> Dose:
    return Dose(sequence=1, due_at=ago(hours=hours + 1), outcome=outcome, since=ago(hours=hours), told=True, late=late)


def test_doses_missed_and_unknown_ring_while_fresh_and_until_settled() -> None:
    for rule, outcome in ((MISSED, Outcome.MISSED), (UNKNOWN, Outcome.UNKNOWN)):
        assert fires(rule, doses=[dose(outcome, 1)])
        assert not fires(rule, doses=[dose(outcome, 5)])
        assert fires(rule, doses=[dose(outcome, 5)], firing=True)
        assert not fires(rule, doses=[dose(outcome, 5), dose(Outcome.TAKEN, 1)], firing=True)
        assert not fires(rule, doses=[dose(outcome, 1)], standing=(Standing.AWAY, ago(hours=2)))
        assert not fires(rule, doses=[dose(Outcome.PAUSED, 1)])
        assert rule.stale(Snapshot(watermark=NOW, doses=[dose(outcome, 5)]), NOW) is not None
    assert fires(UNKNOWN, doses=[dose(Outcome.MISSED, 9, late=True)], firing=True)
    both = [dose(Outcome.MISSED, 9, late=True), dose(Outcome.UNKNOWN, 1)]  # it rang for the second, not for the first
    found = UNKNOWN.evaluate(Snapshot(watermark=NOW, doses=both), NOW, firing=True)
    assert found is not None
    assert found.since == ago(hours=1)
    assert not fires(UNKNOWN, doses=None)
    assert fires(MISSED, doses=None, events={"dose_missed": ago(hours=1)})  # without a schedule, the event alone
    assert not fires(MISSED, doses=[], events={"dose_missed": ago(hours=1)})


def test_roll_and_schedule() -> None:
    assert fires(ROLL, standing=(Standing.UNVERIFIED, ago(hours=1)))
    assert not fires(ROLL, standing=(Standing.AWAY, ago(hours=1)))
    told = {"version": Sample(2, NOW)}
    assert fires(OTHER, values=told, schedule=(3, ago(hours=1)))
    assert not fires(OTHER, values=told, schedule=(3, ago(minutes=20)))  # time to fetch it
    assert not fires(OTHER, values=told, schedule=(2, ago(hours=1)))
    assert not fires(OTHER, schedule=(2, ago(hours=1)))


def test_settings_stay_within_their_bounds() -> None:
    rule = Threshold(name="low", metric="soc", below=20, clear_at=30, adjust={"below": (10, 30)}, **COMMON)
    assert rule.adjusted({"below": 25}).below == 25
    assert rule.adjusted({}) is rule
    for wrong in ({"below": 31.0}, {"below": 9.0}, {"clear_at": 20.0}, {"name": 1.0}):
        with pytest.raises(ProfileError):
            rule.adjusted(wrong)
    with pytest.raises(ProfileError):
        Threshold(name="low", metric="soc", below=20, adjust={"below": (21, 30)}, **COMMON)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Lasting, {"metric": "x", "lasting_seconds": 0, "above": 1}),
        (Lasting, {"metric": "x", "lasting_seconds": 60}),
        (Rate, {"metric": "x", "over_seconds": 60, "rise": 1, "fall": 1}),
        (Rate, {"metric": "x", "over_seconds": 60, "rise": -1}),
        (Repeated, {"event": "x", "times": 1, "within_seconds": 60}),
        (Expected, {"within_seconds": 60}),
        (Expected, {"within_seconds": 60, "event": "x", "metric": "y"}),
        (Deviation, {"metric": "x", "spreads": 0, "at_least": 1}),
        (AllOf, {"parts": (JAM,)}),
        (BatteryHours, {"level": "l", "mains": "m", "full_hours": 1, "below_hours": 2}),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        kind(name="x", **wrong, **COMMON)


@pytest.mark.parametrize("level", [100.0, 60.0, 30.0])
def test_a_battery_that_runs_down_is_looked_at_when_it_has_reached_the_limit(level: float) -> None:
    state: dict[str, Any] = {
        "values": {"level": Sample(level, ago(minutes=30)), "mains": Sample(False, ago(minutes=30))}
    }
    look = POWER.look_at(Snapshot(watermark=NOW, **state), NOW)
    assert look is not None
    assert not fires(POWER, now=look - timedelta(seconds=1), **state)
    assert fires(POWER, now=look + timedelta(seconds=1), **state)


def test_with_mains_or_below_the_limit_already_time_changes_nothing() -> None:
    for level, mains in ((100.0, True), (5.0, False)):
        state: dict[str, Any] = {
            "values": {"level": Sample(level, ago(minutes=1)), "mains": Sample(mains, ago(minutes=1))}
        }
        assert POWER.look_at(Snapshot(watermark=NOW, **state), NOW) is None


def test_what_is_expected_is_looked_at_when_it_is_owed() -> None:
    weighed = NOW - timedelta(days=3) + timedelta(minutes=2)
    state: dict[str, Any] = {"since": ago(days=30), "values": {"body.weight": Sample(80.0, weighed)}}
    look = WEIGH.look_at(Snapshot(watermark=NOW, last_seen=NOW, **state), NOW)
    assert look == weighed + timedelta(days=3)
    later = look + timedelta(seconds=1)
    assert fires(WEIGH, now=later, last_seen=later, **state)
    assert WEIGH.look_at(Snapshot(watermark=later, last_seen=later, **state), later) is None, "it holds"


def test_what_is_owed_by_a_device_that_was_not_heard_since_is_looked_at_again_and_again() -> None:
    """Only data can make it true, and the data that do (a battery's level, say) mark nothing."""
    state: dict[str, Any] = {
        "since": ago(days=30),
        "last_seen": ago(days=9),
        "values": {"body.weight": Sample(80.0, ago(days=10))},
    }
    assert not fires(WEIGH, **state)
    assert WEIGH.look_at(Snapshot(watermark=NOW, **state), NOW) == NOW + timedelta(seconds=WEIGH.within_seconds / 100)


def test_together_rules_are_looked_at_when_the_first_of_them_may_hold() -> None:
    state: dict[str, Any] = {
        "since": ago(days=30),
        "last_seen": NOW,
        "values": {
            "body.weight": Sample(80.0, ago(days=1)),
            "level": Sample(100.0, NOW),
            "mains": Sample(False, NOW),
        },
    }
    snapshot = Snapshot(watermark=NOW, **state)
    both = AnyOf(name="both", parts=(WEIGH, POWER, JAM), **COMMON)
    assert both.look_at(snapshot, NOW) == POWER.look_at(snapshot, NOW)
    assert JAM.look_at(snapshot, NOW) is None
