"""Runs one rule over one device's history in the order in which it became known, by the engine itself. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from diagnostics.alarms.engine import Action, Case, decide
from fleet.clock import local_day
from fleet.rules import Rule, Sample, Snapshot
from fleet.text import Text

STEP: Final = timedelta(minutes=5)
"""How often the rule is asked where nothing is heard, so that what time alone makes true is found."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that became known.

    Attributes:
        at, known_at: when it happened, and when the platform heard of it.
        values: metric keys and values of a reading.
        event: name of an event.
        fault, cleared: a normalised fault code that was raised, or that ended.
    """

    at: datetime
    known_at: datetime
    values: tuple[tuple[str, float | bool], ...] = ()
    event: str = ""
    fault: str = ""
    cleared: bool = False


@dataclass(slots=True)
class Ring:
    """One alarm that the rule would have raised; `ended_at` None while it would still be open."""

    happened_at: datetime
    raised_at: datetime
    reason: Text
    late: bool
    ended_at: datetime | None = None


@dataclass(slots=True)
class Replayed:
    """What a rule would have done on one device."""

    rings: list[Ring] = field(default_factory=list)
    noted: int = 0


@dataclass(slots=True)
class _State:
    """What the platform would have known so far."""

    values: dict[str, Sample] = field(default_factory=dict)
    events: dict[str, datetime] = field(default_factory=dict)
    faults: dict[str, datetime] = field(default_factory=dict)
    readings: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    days: dict[str, dict[date, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    occurrences: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    last_seen: datetime | None = None

    def take(self, heard: Heard, rule: Rule) -> None:
        """Takes in one thing; what happened earlier never replaces what happened later."""
        self.last_seen = heard.known_at if self.last_seen is None else max(self.last_seen, heard.known_at)
        needs = rule.needs()
        for key, value in heard.values:
            known = self.values.get(key)
            if known is None or known.at <= heard.at:
                self.values[key] = Sample(value, heard.at)
            if key in needs.readings:
                self.readings[key].append(Sample(value, heard.at))
            if key in needs.days:
                self.days[key][local_day(heard.at)].append(float(value))
        if heard.event:
            self.events[heard.event] = max(self.events.get(heard.event, heard.at), heard.at)
            if heard.event in needs.events:
                self.occurrences[heard.event].append(heard.at)
        if heard.fault and heard.cleared:
            self.faults.pop(heard.fault, None)
        elif heard.fault:
            self.faults[heard.fault] = min(self.faults.get(heard.fault, heard.at), heard.at)

    def snapshot(self, rule: Rule, now: datetime, lent_since: datetime | None) -> Snapshot:
        """What the rule is shown, the past cut as it is live."""
        needs = rule.needs()
        return Snapshot(
            values=self.values,
            events=self.events,
            active_faults=self.faults,
            last_seen=self.last_seen,
            watermark=now,
            since=lent_since,
            readings={
                key: sorted(
                    (s for s in self.readings[key] if s.at > now - timedelta(seconds=seconds)), key=lambda s: s.at
                )
                for key, seconds in needs.readings.items()
            },
            days={
                key: sorted(
                    (day, sum(amounts) / len(amounts))
                    for day, amounts in self.days[key].items()
                    if day >= (now - timedelta(days=count)).date()
                )
                for key, count in needs.days.items()
            },
            occurrences={
                name: sorted(at for at in self.occurrences[name] if at > now - timedelta(seconds=seconds))
                for name, seconds in needs.events.items()
            },
        )


def replay(
    rule: Rule, history: Iterable[Heard], start: datetime, end: datetime, lent_since: datetime | None
) -> Replayed:
    """What the rule would have done from `start` to `end`.

    Args:
        rule: the rule, with the settings to try.
        history: what became known, in any order; what was known before `start` sets the scene.
        start: beginning of the period; alarms are raised within it only.
        end: its end.
        lent_since: when the loan began, for what is expected of the device.
    """
    waiting = sorted(history, key=lambda heard: (heard.known_at, heard.at))
    done, state = Replayed(), _State()
    open_ring: Ring | None = None
    holds: dict[str, datetime] = {}
    happened: dict[str, datetime] = {}
    place = 0
    for now in _moments(waiting, start, end):
        while place < len(waiting) and waiting[place].known_at <= now:
            state.take(waiting[place], rule)
            place += 1
        case = Case(
            snapshot=state.snapshot(rule, now, lent_since),
            open_rules={rule.name} if open_ring else frozenset(),
            holds=holds,
            on_loan=True,
            happened=happened,
        )
        for decision in decide([rule], case, now):
            finding = decision.finding
            if decision.action is Action.RAISE and finding is not None:
                open_ring = Ring(finding.since, now, finding.reason, decision.late)
                done.rings.append(open_ring)
                happened[rule.name], holds = finding.since, {}
            elif decision.action is Action.CLEAR and open_ring is not None:
                open_ring.ended_at, open_ring = now, None
            elif decision.action is Action.HOLD and decision.held_since is not None:
                holds = {rule.name: decision.held_since}
            elif decision.action is Action.RELEASE:
                holds = {}
            elif decision.action is Action.NOTE and finding is not None:
                done.noted += 1
                happened[rule.name] = finding.since
    return done


def _moments(history: Sequence[Heard], start: datetime, end: datetime) -> list[datetime]:
    """When the rule is asked: whenever something becomes known in the period, and every `STEP`."""
    asked = {heard.known_at for heard in history if start <= heard.known_at < end}
    now = start
    while now < end:
        asked.add(now)
        now += STEP
    return sorted(asked)
