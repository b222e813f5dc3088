"""What may be quiet and what never is, and what late data may do, over random traces in virtual time."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.alarms.engine import AREA, Action, Case, decide
from fleet.errors import ProfileError
from fleet.registry import load_registry
from fleet.rules import EventSeen, FaultActive, Gathered, Rule, Sample, Silence, Snapshot, Threshold
from tests.profiles.cases import PROFILES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DISPENSER = load_registry()["dispenser"]
RULES = [rule for rule in DISPENSER.rules if not rule.needs()]
FAULTS = sorted({code for rule in RULES for code in rule.fault_codes()})


def some_case(lot: random.Random) -> Case:
    """A state drawn by lot: faults, battery, silence, open alarms, an area that is out or not."""
    open_rules = frozenset(rule.name for rule in RULES if lot.random() < 0.2)
    snapshot = Snapshot(
        active_faults={code: NOW - timedelta(minutes=lot.randint(1, 500)) for code in FAULTS if lot.random() < 0.3},
        values={"battery.level": Sample(lot.uniform(0, 100), NOW), "mains.present": Sample(lot.random() < 0.5, NOW)},
        events={"dose_missed": NOW - timedelta(minutes=lot.randint(0, 600))} if lot.random() < 0.3 else {},
        last_seen=NOW - timedelta(seconds=lot.randint(0, 400)),
        watermark=NOW,
    )
    return Case(
        snapshot=snapshot,
        open_rules=open_rules,
        quiet=frozenset(name for name in open_rules if lot.random() < 0.5),
        holds={rule.name: NOW - timedelta(hours=1) for rule in RULES if rule.hold_seconds},
        on_loan=True,
        area=frozenset(kind for kind in Gathered if lot.random() < 0.5),
    )


def test_no_safety_alarm_is_quiet_but_contact_lost_under_an_open_area_alarm() -> None:
    lot, by_name, quieted, safety_raised = random.Random(3), {rule.name: rule for rule in RULES}, 0, 0
    for _ in range(3000):
        case = some_case(lot)
        for decision in decide(RULES, case, NOW):
            rule = by_name[decision.rule]
            if decision.action is not Action.RAISE:
                continue
            safety_raised += rule.safety
            quieted += decision.quieted_by is not None
            if rule.safety and decision.quieted_by is not None:
                assert decision.quieted_by == AREA
                assert isinstance(rule, Silence)
                assert Gathered.CONTACT in case.area
    assert quieted > 100
    assert safety_raised > 1000


def test_a_quiet_alarm_rings_as_soon_as_nothing_explains_it() -> None:
    lot, rang = random.Random(4), 0
    for _ in range(2000):
        case = some_case(lot)
        decisions = {decision.rule: decision for decision in decide(RULES, case, NOW)}
        raised = {name for name, decision in decisions.items() if decision.action is Action.RAISE}
        ended = {name for name, decision in decisions.items() if decision.action is Action.CLEAR}
        for rule in RULES:
            if rule.name in case.quiet and rule.name not in ended and rule.evaluate(case.snapshot, NOW, firing=True):
                explained = rule.gathered in case.area or (case.open_rules - ended | raised) & set(rule.inhibited_by)
                expected = Action.KEEP if explained else Action.RING
                assert decisions[rule.name].action is expected
                rang += expected is Action.RING
    assert rang > 50


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_whatever_explains_a_rule_is_a_rule_of_its_class(profile: object) -> None:
    rules: tuple[Rule, ...] = profile.rules  # type: ignore[attr-defined]
    names = {rule.name for rule in rules}
    assert {name for rule in rules for name in rule.inhibited_by} <= names


def test_a_safety_rule_that_would_be_inhibited_is_refused() -> None:
    jam = next(rule for rule in RULES if isinstance(rule, FaultActive) and rule.safety)
    with pytest.raises(ProfileError, match="never inhibited"):
        type(jam)(
            name="x", title=jam.title, severity=jam.severity, safety=True, faults=jam.faults, inhibited_by=("jam",)
        )


def test_replayed_or_late_data_neither_rings_for_the_past_nor_ends_what_goes_on() -> None:
    """The same messages in any order and any number of times, hours late: what rings and what is open is the same."""
    missed = next(rule for rule in RULES if isinstance(rule, EventSeen) and rule.name == "dose_missed")
    low = next(rule for rule in RULES if isinstance(rule, Threshold) and rule.name == "battery_low")
    lot = random.Random(5)
    for _ in range(500):
        happened = [
            (lot.choice(["dose_missed", "dose_taken"]), NOW - timedelta(minutes=lot.randint(0, 900))) for _ in range(6)
        ]
        levels = [Sample(lot.uniform(5, 60), NOW - timedelta(minutes=lot.randint(0, 900), seconds=n)) for n in range(6)]
        answers = set()
        for _ in range(3):
            lot.shuffle(happened)
            lot.shuffle(levels)
            events: dict[str, datetime] = {}
            newest: Sample | None = None
            for name, at in [*happened, *happened[:3]]:  # some of it twice
                events[name] = max(events.get(name, at), at)
            for level in [*levels, *levels[:3]]:
                newest = level if newest is None or newest.at <= level.at else newest
            assert newest is not None
            snapshot = Snapshot(events=events, values={low.metric: newest}, watermark=NOW)
            case = Case(snapshot=snapshot, open_rules=frozenset(), holds={}, on_loan=True)
            decisions = decide([missed, low], case, NOW)
            answers.add(tuple((decision.rule, decision.action) for decision in decisions))
            for decision in decisions:
                if decision.rule == missed.name and decision.action is Action.RAISE:
                    assert decision.finding is not None
                    assert NOW - decision.finding.since <= timedelta(seconds=missed.fresh_seconds)
        assert len(answers) == 1
