"""The alarm engine, pure: a device's state, its class's rules and what is open give decisions, each with its reason."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fleet.clock import aware
from fleet.rules import Finding, Rule, Silence, Snapshot


class Action(StrEnum):
    """What is to be done about one rule on one device."""

    RAISE = "raise"
    KEEP = "keep"
    CLEAR = "clear"
    HOLD = "hold"
    RELEASE = "release"


class Why(StrEnum):
    """Why an alarm was cleared or held; stable words kept with the alarm."""

    HOLDS = "holds"
    HELD_LONG_ENOUGH = "held_long_enough"
    HOLDING = "holding"
    CONDITION_ENDED = "condition_ended"
    RULE_REMOVED = "rule_removed"
    NOT_ON_LOAN = "not_on_loan"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one rule on one device.

    Attributes:
        rule: the rule's name.
        finding: since when and why its condition holds; None where it does not.
        held_since: for HOLD, since when the condition has been seen to hold.
    """

    action: Action
    rule: str
    why: Why
    finding: Finding | None = None
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the engine looks at for one device.

    Attributes:
        open_rules: names of the rules whose alarm is open.
        holds: rule name to the time since which its condition has been seen to hold.
        on_loan: silence is judged only while somebody borrows the device; in a store it is normal.
    """

    snapshot: Snapshot
    open_rules: AbstractSet[str]
    holds: Mapping[str, datetime]
    on_loan: bool


def decide(rules: Iterable[Rule], case: Case, now: datetime) -> list[Decision]:
    """The decisions for one device; a rule that neither holds nor did hold is not mentioned.

    It looks at what is, never at what changed: a condition already true at start is raised like any other.
    """
    aware(now)
    decisions: list[Decision] = []
    known: set[str] = set()
    for rule in rules:
        known.add(rule.name)
        decision = _judge(rule, case, now)
        if decision is not None:
            decisions.append(decision)
    gone = [Decision(Action.CLEAR, name, Why.RULE_REMOVED) for name in sorted(case.open_rules - known)]
    stale = [Decision(Action.RELEASE, name, Why.RULE_REMOVED) for name in sorted(case.holds.keys() - known)]
    return [*decisions, *gone, *stale]


def _judge(rule: Rule, case: Case, now: datetime) -> Decision | None:
    firing = rule.name in case.open_rules
    if isinstance(rule, Silence) and not case.on_loan:
        return Decision(Action.CLEAR, rule.name, Why.NOT_ON_LOAN) if firing else None
    finding = rule.evaluate(case.snapshot, now, firing=firing)
    if finding is None:
        return _ended(rule, case, firing=firing)
    if firing:
        return Decision(Action.KEEP, rule.name, Why.HOLDS, finding)
    return _begun(rule, case, finding, now)


def _ended(rule: Rule, case: Case, *, firing: bool) -> Decision | None:
    if firing:
        return Decision(Action.CLEAR, rule.name, Why.CONDITION_ENDED)
    return Decision(Action.RELEASE, rule.name, Why.CONDITION_ENDED) if rule.name in case.holds else None


def _begun(rule: Rule, case: Case, finding: Finding, now: datetime) -> Decision:
    held_since = case.holds.get(rule.name, now)
    if now - held_since < timedelta(seconds=rule.hold_seconds):
        return Decision(Action.HOLD, rule.name, Why.HOLDING, finding, held_since)
    return Decision(Action.RAISE, rule.name, Why.HELD_LONG_ENOUGH if rule.hold_seconds else Why.HOLDS, finding)
