"""The platform of a virtual week: what would be in its database, and the worker's turns over it.

The rules, the engine, the supervision of doses and the ladder are the ones that ship.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from diagnostics.alarms.engine import Action, Case, Decision, decide, next_look
from fleet.doses import Contact, Dose, Outcome, Supervision, Told, standing, supervise
from fleet.ladder import INSTALLATION, Cause, Duty, Ladder, Move, Person, Standing, Step, Window, set_back, walk
from fleet.ladder_document import SHIFTS
from fleet.registry import load_registry
from fleet.rules import Rule, Snapshot
from tests.unit.alarms.virtual_truth import S, Truth, Word

RULES: Final[tuple[Rule, ...]] = tuple(rule for rule in load_registry()["dispenser"].rules if not rule.needs())
SAFETY: Final = frozenset(rule.name for rule in RULES if rule.safety)
JAM: Final = "MED-MEC-01"
ALWAYS: Final = (Window(begins=SHIFTS["always"][0], ends=SHIFTS["always"][1]),)
NIGHT: Final = (Window(begins=SHIFTS["night"][0], ends=SHIFTS["night"][1]),)
LADDER: Final = Ladder(
    code="virtual",
    steps=tuple(
        Step(duties=(Duty(recipient=code, windows=ALWAYS),), wait=timedelta(minutes=3))
        for code in ("relative", "home-care", "nurse")
    ),
    last_resort=("alarm-centre",),
)
PEOPLE: Final = {code: Person(quiet=NIGHT) for code in (*LADDER.recipients(), INSTALLATION)}


@dataclass
class Climb:
    """One alarm on its ladder: the row that survives a crash, and every call with what it was due."""

    began: datetime
    safety: bool
    due: datetime
    position: int = 0
    wait: timedelta = timedelta()
    takes_at: datetime | None = None
    ended: datetime | None = None
    calls: list[tuple[datetime, datetime, datetime, int]] = field(default_factory=list)
    """(real moment, by the server's clock, when it was due by that clock, step)."""

    def turn(self, now: datetime, server: datetime) -> None:
        """One look of the walker."""
        if self.ended is not None:
            return
        if self.takes_at is not None and now >= self.takes_at:
            self.ended = now
            return
        while (move := self._move(server)) is not None:
            if move.calls:
                self.calls.append((now, server, self.due, move.position))
            self.position, self.due, self.wait = move.next_position, move.next_at, move.next_at - server

    def _move(self, server: datetime) -> Move | None:
        if self.due > server + self.wait + 5 * S:
            return set_back(self.position, self.wait, server)
        if self.due > server:
            return None
        return walk(LADDER, Standing(position=self.position, due=self.due), Cause(safety=self.safety), PEOPLE, server)


@dataclass
class Ring:
    """One alarm: its rule, when it was raised and ended by the server's clock, and really."""

    rule: str
    happened: datetime
    raised: datetime
    really: datetime
    ended: datetime | None = None
    really_ended: datetime | None = None
    noted: bool = False
    climb: Climb | None = None


@dataclass
class Platform:
    """What would be in the database, and the worker over it."""

    truth: Truth
    seen: set[int] = field(default_factory=set)
    events: dict[str, datetime] = field(default_factory=dict)
    faults: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    holds: dict[str, datetime] = field(default_factory=dict)
    lingering: dict[str, datetime] = field(default_factory=dict)
    rings: list[Ring] = field(default_factory=list)
    open: dict[str, Ring] = field(default_factory=dict)
    timer: datetime | None = None
    last_seen: datetime | None = None
    watermark: datetime | None = None

    def store(self, word: Word, server: datetime) -> None:
        """What ingest does, idempotent by the message's number."""
        if word.number in self.seen:
            return
        self.seen.add(word.number)
        if word.kind == "jam":
            if word.number + 1 not in self.seen:  # its end has not overtaken it
                self.faults[JAM] = (word.number, word.at)
        elif word.kind == "jam_cleared":
            if self.faults.get(JAM, (-1, server))[0] == word.number - 1:
                del self.faults[JAM]
        else:
            self.events[word.kind] = max(self.events.get(word.kind, word.at), word.at)
            self.told.append(Told(word.kind == "dose_taken", word.at, server, word.sequence))

    def hear(self, beat: datetime, now: datetime) -> None:
        """Heartbeats and watermark, stamped by the server's clock, and as in ingest never moved back."""
        at = max([self.truth.clock(beat), *([] if self.last_seen is None else [self.last_seen])])
        self.last_seen = at
        self.watermark = max(self.truth.clock(now), self.watermark or self.truth.clock(now))

    def judge(self, now: datetime, online_at: datetime | None) -> None:
        """One turn of the worker on this device: all of it, or, where it crashes, none."""
        server = self.truth.clock(now)
        oldest = min([ring.happened for ring in self.open.values()], default=server) - timedelta(hours=6)
        start = min(server - timedelta(hours=48), oldest)
        verified = [at for at in [self.truth.verified] if at is not None and at <= now]
        absences = [a for a in [self.truth.absence] if a is not None and a.started_at <= now]
        known = Supervision(
            schedules=[self.truth.schedule],
            told=self.told,
            before=self.outcomes,
            absences=absences,
            verifications=verified,
            contact=Contact(
                last_seen=self.last_seen, online_at=online_at, known_until=min(server, self.watermark or server)
            ),
        )
        doses = supervise(known, start, server)
        case = self._case(doses.doses, server, standing(absences, max(verified, default=None), server))
        decisions = decide(RULES, case, server)
        for decision in decisions:
            self._apply(decision, now, server)
        self.outcomes |= {dose.sequence: dose.outcome for dose in doses.doses if dose.outcome is not Outcome.WAITING}
        looks = [look for look in (doses.look_at, next_look(decisions, case, server)) if look is not None]
        self.timer = max(min(looks), server + S) if looks else None

    def climb(self, now: datetime) -> None:
        """One turn of the walker over every ladder."""
        for ring in self.rings:
            if ring.climb is not None and ring.climb.ended is None:
                ring.climb.turn(now, self.truth.clock(now))

    def next_step(self) -> datetime | None:
        """When, by the server's clock, the next step of some ladder is due."""
        climbs = [ring.climb for ring in self.rings if ring.climb is not None and ring.climb.ended is None]
        return min((climb.due for climb in climbs), default=None)

    def _case(self, doses: tuple[Dose, ...], server: datetime, where: tuple[object, datetime]) -> Case:
        happened: dict[str, datetime] = {}
        lately: dict[str, int] = {}
        for ring in self.rings:
            happened[ring.rule] = max(happened.get(ring.rule, ring.happened), ring.happened)
            if not ring.noted and ring.raised > server - timedelta(hours=1):
                lately[ring.rule] = lately.get(ring.rule, 0) + 1
        return Case(
            snapshot=Snapshot(
                events=self.events,
                active_faults={code: since for code, (_, since) in self.faults.items()},
                last_seen=self.last_seen,
                watermark=self.watermark or server,
                since=self.truth.start,
                doses=doses,
                standing=where,  # type: ignore[arg-type]  # as `standing` gives it
            ),
            open_rules=frozenset(self.open),
            holds=self.holds,
            on_loan=True,
            opened={rule: ring.happened for rule, ring in self.open.items()},
            lingering=self.lingering,
            happened=happened,
            raised_lately=lately,
        )

    def _apply(self, decision: Decision, now: datetime, server: datetime) -> None:
        finding, rule = decision.finding, decision.rule
        match decision.action:
            case Action.RAISE if finding is not None:
                assert rule not in self.open, "two alarms of one rule"
                self.open[rule] = ring = Ring(rule, finding.since, server, now)
                patience = self.truth.patience[len(self.rings) % len(self.truth.patience)]
                takes_at = None if patience is None else now + S * patience
                ring.climb = Climb(now, rule in SAFETY, due=server, takes_at=takes_at)
                self.rings.append(ring)
            case Action.CLEAR:
                ring = self.open.pop(rule)
                ring.ended, ring.really_ended = server, now
                self.lingering.pop(rule, None)
                if ring.climb is not None and ring.climb.ended is None:
                    ring.climb.ended = now
            case Action.NOTE if finding is not None:
                self.rings.append(Ring(rule, finding.since, server, now, server, now, noted=True))
            case Action.LINGER:
                self.lingering[rule] = server
            case Action.RESUME:
                self.lingering.pop(rule, None)
            case Action.CORRECT if finding is not None:
                self.open[rule].happened = finding.since
