"""The alarm engine, pure: a device's state, its class's rules and what is open give decisions, each with its reason."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.clock import aware
from fleet.doses import LATE
from fleet.rules import Finding, Gathered, Rule, Silence, Snapshot

FLAPS: Final = 3
"""Alarms of one rule within an hour after which the next is kept open until its condition has rested."""
LINGER: Final = timedelta(minutes=15)
RING_AGAIN: Final = timedelta(hours=4)
"""A safety alarm that a person closed while its condition went on is raised again after this long."""
AREA: Final = "area"


class Action(StrEnum):
    """What is to be done about one rule on one device."""

    RAISE = "raise"
    KEEP = "keep"
    CLEAR = "clear"
    HOLD = "hold"
    RELEASE = "release"
    RING = "ring"
    LINGER = "linger"
    RESUME = "resume"
    CORRECT = "correct"
    NOTE = "note"
    FORGET = "forget"


class Why(StrEnum):
    """Why an alarm was cleared or held; stable words kept with the alarm."""

    HOLDS = "holds"
    HELD_LONG_ENOUGH = "held_long_enough"
    HOLDING = "holding"
    CONDITION_ENDED = "condition_ended"
    RULE_REMOVED = "rule_removed"
    NOT_ON_LOAN = "not_on_loan"
    KNOWN_TOO_LATE = "known_too_late"
    FLAPPING = "flapping"
    EARLIER_THAN_KNOWN = "earlier_than_known"
    NO_LONGER_EXPLAINED = "no_longer_explained"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one rule on one device.

    Attributes:
        rule: the rule's name.
        finding: since when and why its condition holds; None where it does not.
        held_since: for HOLD, since when the condition has been seen to hold.
        quieted_by: for RAISE, the open alarm that explains it and through which it is told: a rule's name, or `AREA`.
        late: it became known long after it happened.
    """

    action: Action
    rule: str
    why: Why
    finding: Finding | None = None
    held_since: datetime | None = None
    quieted_by: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """An alarm that a person closed while its condition went on: of when it was, and when it was closed."""

    happened_at: datetime
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the engine looks at for one device.

    Attributes:
        open_rules: names of the rules whose alarm is open.
        holds: rule name to the time since which its condition has been seen to hold.
        on_loan: silence is judged only while somebody borrows the device; in a store it is normal.
        quiet: open alarms that are told through another, by rule name.
        lingering: open alarms whose flapping condition was seen to end, and when.
        happened: rule name to when its latest alarm of this loan happened, open or not.
        opened: rule name to when its open alarm happened.
        raised_lately: rule name to how many alarms were raised within the last hour.
        rests: rule name to the alarm that a person closed while its condition went on.
        area: what the device's area has lost, by its open alarms.
        past: whether the past that rules need has been loaded; a rule that needs it is left alone otherwise.
        areas_known: whether the areas have just been judged. Contact lost is raised for one device only then: otherwise
            the first of five hundred would ring before anybody has counted.
    """

    snapshot: Snapshot
    open_rules: AbstractSet[str]
    holds: Mapping[str, datetime]
    on_loan: bool
    quiet: AbstractSet[str] = frozenset()
    lingering: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    happened: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    opened: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    raised_lately: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    rests: Mapping[str, Rest] = field(default_factory=lambda: MappingProxyType({}))
    area: AbstractSet[Gathered] = frozenset()
    past: bool = True
    areas_known: bool = True


def decide(rules: Iterable[Rule], case: Case, now: datetime) -> list[Decision]:
    """The decisions for one device; a rule that neither holds nor did hold is not mentioned.

    It looks at what is, never at what changed: a condition already true at start is raised like any other.
    """
    aware(now)
    by_name = {rule.name: rule for rule in rules}
    decisions = [
        decision
        for rule in by_name.values()
        if (case.past or not rule.needs()) and (decision := _judge(rule, case, now)) is not None
    ]
    gone = [Decision(Action.CLEAR, name, Why.RULE_REMOVED) for name in sorted(case.open_rules - by_name.keys())]
    stale = [Decision(Action.RELEASE, name, Why.RULE_REMOVED) for name in sorted(case.holds.keys() - by_name.keys())]
    return [*_inhibited(decisions, by_name, case), *gone, *stale]


def next_look(decisions: Iterable[Decision], case: Case, now: datetime) -> datetime | None:
    """When time alone may change a decision: a flapping alarm has rested long enough, or one closed by a person rings.

    Args:
        decisions: those just made.
        case: what they were made from.
        now: the moment they were made.
    """
    looks = [now + LINGER for decision in decisions if decision.action is Action.LINGER]
    looks += [since + LINGER for since in case.lingering.values()]
    looks += [rest.closed_at + RING_AGAIN for rest in case.rests.values()]
    return min((look for look in looks if look > now), default=None)


def _judge(rule: Rule, case: Case, now: datetime) -> Decision | None:
    firing = rule.name in case.open_rules
    if isinstance(rule, Silence) and not case.on_loan:
        return Decision(Action.CLEAR, rule.name, Why.NOT_ON_LOAN) if firing else None
    finding = rule.evaluate(case.snapshot, now, firing=firing)
    if finding is None:
        return _ended(rule, case, now, firing=firing)
    if firing:
        return _goes_on(rule, case, finding)
    if rule.gathered is Gathered.CONTACT and not case.areas_known:
        return None
    if _rests(rule, case, finding, now):
        return None
    return _begun(rule, case, finding, now)


def _ended(rule: Rule, case: Case, now: datetime, *, firing: bool) -> Decision | None:
    if firing:
        return _rested(rule.name, case, now)
    if rule.name in case.rests:
        return Decision(Action.FORGET, rule.name, Why.CONDITION_ENDED)
    if rule.name in case.holds:
        return Decision(Action.RELEASE, rule.name, Why.CONDITION_ENDED)
    missed = rule.stale(case.snapshot, now)
    if missed is None or case.happened.get(rule.name, missed.since - timedelta(1)) >= missed.since:
        return None
    return Decision(Action.NOTE, rule.name, Why.KNOWN_TOO_LATE, missed, late=True)


def _rested(name: str, case: Case, now: datetime) -> Decision | None:
    """The end of an open alarm: at once, or after a rest where its condition has come and gone too often."""
    if case.raised_lately.get(name, 0) < FLAPS and name not in case.lingering:
        return Decision(Action.CLEAR, name, Why.CONDITION_ENDED)
    since = case.lingering.get(name)
    if since is None:
        return Decision(Action.LINGER, name, Why.FLAPPING)
    return Decision(Action.CLEAR, name, Why.CONDITION_ENDED) if now - since >= LINGER else None


def _goes_on(rule: Rule, case: Case, finding: Finding) -> Decision:
    if rule.name in case.lingering:
        return Decision(Action.RESUME, rule.name, Why.FLAPPING, finding)
    opened = case.opened.get(rule.name)
    if rule.onset and opened is not None and opened - finding.since > timedelta(seconds=1):
        return Decision(Action.CORRECT, rule.name, Why.EARLIER_THAN_KNOWN, finding, late=True)
    return Decision(Action.KEEP, rule.name, Why.HOLDS, finding)


def _rests(rule: Rule, case: Case, finding: Finding, now: datetime) -> bool:
    """Whether the condition is still the one that a person closed; a new occurrence rings, a safety one in time."""
    rest = case.rests.get(rule.name)
    if rest is None:
        return False
    if rule.safety and now - rest.closed_at >= RING_AGAIN:
        return False
    return not rule.onset or finding.since - rest.happened_at <= timedelta(seconds=1)


def _begun(rule: Rule, case: Case, finding: Finding, now: datetime) -> Decision:
    held_since = case.holds.get(rule.name, now)
    if now - held_since < timedelta(seconds=rule.hold_seconds):
        return Decision(Action.HOLD, rule.name, Why.HOLDING, finding, held_since)
    late = now - finding.since > LATE + timedelta(seconds=rule.delay_seconds)
    why = Why.HELD_LONG_ENOUGH if rule.hold_seconds else Why.HOLDS
    return Decision(Action.RAISE, rule.name, why, finding, late=late)


def _inhibited(decisions: list[Decision], rules: Mapping[str, Rule], case: Case) -> list[Decision]:
    """The same, where what another open alarm explains is opened quietly, and rings when nothing explains it."""
    ended = {decision.rule for decision in decisions if decision.action is Action.CLEAR}
    raised = {decision.rule for decision in decisions if decision.action is Action.RAISE}
    open_after = (case.open_rules - ended) | raised
    settled: list[Decision] = []
    for decision in decisions:
        explains = _explains(rules[decision.rule], open_after, case)
        if decision.action is Action.RAISE:
            settled.append(replace(decision, quieted_by=explains))
        elif decision.action is Action.KEEP and decision.rule in case.quiet and explains is None:
            settled.append(replace(decision, action=Action.RING, why=Why.NO_LONGER_EXPLAINED))
        else:
            settled.append(decision)
    return settled


def _explains(rule: Rule, open_rules: AbstractSet[str], case: Case) -> str | None:
    if rule.gathered is not None and rule.gathered in case.area:
        return AREA
    return next((name for name in rule.inhibited_by if name in open_rules), None)
