"""A week of one dispenser and its alarm engine in virtual time, all from a seed: what happens, arrives, and rings.

The rules, the engine and the supervision of doses are the ones that ship; the database, its transactions and the
worker's turns are played here. `python -m tests.unit.alarms.virtual_week --seeds 5000` runs as many weeks as one likes;
`--seed 17` replays one and tells what rang.
"""

import argparse
import heapq
import random
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from diagnostics.alarms.engine import Action, Case, Decision, decide, next_look
from fleet.doses import Contact, Dose, Due, Outcome, Schedule, Supervision, Told, due_between, supervise
from fleet.registry import load_registry
from fleet.rules import Rule, Snapshot

RULES: tuple[Rule, ...] = tuple(rule for rule in load_registry()["dispenser"].rules if not rule.needs())
JAM, HELP = "MED-MEC-01", "MED-USR-01"
DAYS = 7
BEGINS = [datetime(2026, 10, 21, tzinfo=UTC), datetime(2027, 3, 24, tzinfo=UTC), datetime(2028, 2, 26, tzinfo=UTC)]
TOLERANCE = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=180)
S = timedelta(seconds=1)


@dataclass(frozen=True)
class Word:
    """One message: what it says, when it happened, when it arrives; `number` is its identity for ever."""

    number: int
    at: datetime
    arrives: datetime
    kind: str
    sequence: int = 0


@dataclass
class Truth:
    """What really happens in the week."""

    schedule: Schedule
    dues: list[Due]
    offline: list[tuple[datetime, datetime]]
    words: list[Word]
    jams: list[tuple[Word, Word]]
    crashes: list[tuple[datetime, datetime]]
    jumps: list[tuple[datetime, timedelta]]
    start: datetime
    end: datetime

    def online_at(self, moment: datetime) -> bool:
        return not any(a <= moment < b for a, b in self.offline)

    def last_heartbeat(self, now: datetime) -> datetime:
        """One a minute while there is contact."""
        beat = now - (now - self.start) % timedelta(minutes=1)
        for begin, end in self.offline:
            if begin <= beat < end:
                return begin - (begin - self.start) % timedelta(minutes=1)
        return beat

    def came_back(self, now: datetime) -> datetime | None:
        return max((end for _, end in self.offline if end <= now), default=None)


def make_truth(seed: int) -> Truth:
    lot = random.Random(seed)
    start = BEGINS[seed % len(BEGINS)]
    end = start + timedelta(days=DAYS)
    times = tuple(sorted({time(8), time(20), time(2, 30)} if seed % 3 == 0 else {time(8), time(20)}))
    schedule = Schedule(version=1, times=times, late_minutes=60, unknown_minutes=15, valid_from=start)
    offline = _apart(lot, start, end, 3, (60, 4 * 3600))
    crashes = _apart(lot, start, end, 6, (1, 45))
    jumps = [(start + S * lot.randrange(DAYS * 86_400), S * lot.choice([-120, -30, 45, 120])) for _ in range(2)]
    truth = Truth(schedule, due_between(schedule, start, end), offline, [], [], crashes, sorted(jumps), start, end)
    words: list[Word] = []

    def say(at: datetime, kind: str, sequence: int = 0) -> Word:
        back = next((b for a, b in offline if a <= at < b), None)
        arrives = (at if back is None else back) + S * lot.uniform(0.1, 3.0 if back is None else 25.0)
        word = Word(len(words), at, arrives, kind, sequence)
        words.append(word)
        return word

    for due in truth.dues:
        roll = lot.random()
        if roll < 0.85:
            say(due.at + S * lot.uniform(10, 3000), "dose_taken", due.sequence)
        elif roll < 0.95:
            say(due.at + timedelta(minutes=60), "dose_missed", due.sequence)
        # else: the report is lost in the machine for good; silence must say so
    for begin, finish in _apart(lot, start, end, 3, (30, 9000)):
        truth.jams.append((say(begin, "jam"), say(finish, "jam_cleared")))
    again = [replace(word, arrives=word.arrives + S * lot.uniform(0, 7200)) for word in words if lot.random() < 0.2]
    truth.words = sorted([*words, *again], key=lambda word: word.arrives)
    return truth


def _apart(
    lot: random.Random, start: datetime, end: datetime, most: int, seconds: tuple[int, int]
) -> list[tuple[datetime, datetime]]:
    """Up to `most` stretches that do not touch."""
    found: list[tuple[datetime, datetime]] = []
    for _ in range(lot.randint(0, most)):
        begin = start + S * lot.randrange(3600, int((end - start).total_seconds()) - 20_000)
        finish = begin + S * lot.randint(*seconds)
        if all(finish + timedelta(minutes=10) < a or b + timedelta(minutes=10) < begin for a, b in found):
            found.append((begin, finish))
    return sorted(found)


@dataclass
class Ring:
    """One alarm: its rule, when it was raised and ended by the server's clock."""

    rule: str
    happened: datetime
    raised: datetime
    ended: datetime | None = None
    noted: bool = False


@dataclass
class Platform:
    """What would be in the database, and the worker over it."""

    truth: Truth
    edges_only: bool = False
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

    def store(self, word: Word, now: datetime) -> None:
        """What ingest does, idempotent by the message's number."""
        if word.number in self.seen:
            return
        self.seen.add(word.number)
        if word.kind == "jam":
            if word.number + 1 not in self.seen:  # its end has not overtaken it
                self.faults[JAM] = (word.number, word.at)
        elif word.kind == "jam_cleared":
            if self.faults.get(JAM, (-1, now))[0] == word.number - 1:
                del self.faults[JAM]
        else:
            self.events[word.kind] = max(self.events.get(word.kind, word.at), word.at)
            self.told.append(Told(word.kind == "dose_taken", word.at, now, word.sequence))

    def judge(self, server: datetime, last_seen: datetime, online_at: datetime | None) -> None:
        """One turn of the worker on this device: all of it, or, where it crashes, none."""
        oldest = min([ring.happened for ring in self.open.values()], default=server) - timedelta(hours=6)
        start = min(server - timedelta(hours=48), oldest)
        known = Supervision(
            schedules=[self.truth.schedule],
            told=self.told,
            before=self.outcomes,
            absences=(),
            verifications=(),
            contact=Contact(last_seen=last_seen, online_at=online_at, known_until=server),
        )
        doses = supervise(known, start, server)
        case = self._case(doses.doses, server, last_seen)
        decisions = decide(RULES, case, server)
        for decision in decisions:
            self._apply(decision, server)
        self.outcomes |= {dose.sequence: dose.outcome for dose in doses.doses if dose.outcome is not Outcome.WAITING}
        looks = [look for look in (doses.look_at, next_look(decisions, case, server)) if look is not None]
        self.timer = max(min(looks), server + S) if looks else None

    def _case(self, doses: tuple[Dose, ...], server: datetime, last_seen: datetime) -> Case:
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
                last_seen=last_seen,
                watermark=server,
                since=self.truth.start,
                doses=doses,
            ),
            open_rules=frozenset(self.open),
            holds=self.holds,
            on_loan=True,
            opened={rule: ring.happened for rule, ring in self.open.items()},
            lingering=self.lingering,
            happened=happened,
            raised_lately=lately,
        )

    def _apply(self, decision: Decision, server: datetime) -> None:
        finding, rule = decision.finding, decision.rule
        match decision.action:
            case Action.RAISE if finding is not None:
                assert rule not in self.open, "two alarms of one rule"
                self.open[rule] = Ring(rule, finding.since, server)
                self.rings.append(self.open[rule])
            case Action.CLEAR:
                self.open.pop(rule).ended = server
                self.lingering.pop(rule, None)
            case Action.NOTE if finding is not None:
                self.rings.append(Ring(rule, finding.since, server, server, noted=True))
            case Action.LINGER:
                self.lingering[rule] = server
            case Action.RESUME:
                self.lingering.pop(rule, None)
            case Action.CORRECT if finding is not None:
                self.open[rule].happened = finding.since


def live(seed: int, *, crashes: bool = True, edges_only: bool = False) -> tuple[Truth, Platform]:
    """The week as the platform lives it; with `edges_only` it looks only at what arrives while it is up."""
    truth = make_truth(seed)
    if not crashes:
        truth = replace(truth, crashes=[])
    platform = Platform(truth)
    # What makes the worker look: arrivals, the silence query, restless alarms, its own sweeps, the end of a crash.
    looks = [(word.arrives, 0, index) for index, word in enumerate(truth.words)]
    moments = [b + S * after for a, b in truth.offline for after in (0.5, 60.5)]
    moments += [a + SILENT_AFTER + S * after for a, _ in truth.offline for after in (-58, -30, 0.5, 2)]
    moments += [b for _, b in truth.crashes] + [at + S for at, _ in truth.jumps]
    moments += [truth.start + timedelta(minutes=30) * n for n in range(DAYS * 48)]
    looks += [(moment, 1, 0) for moment in moments if not edges_only]
    heapq.heapify(looks)
    waiting: set[datetime] = set()
    while looks:
        now, kind, index = heapq.heappop(looks)
        if now >= truth.end:
            break
        server = now + sum((jump for at, jump in truth.jumps if at <= now), timedelta())
        waiting.discard(now)
        if kind == 0:
            platform.store(truth.words[index], server)
        down = next((b for a, b in truth.crashes if a <= now < b), None)
        if down is not None:
            continue  # ingest has stored it; the engine looks when it is back
        seen = truth.last_heartbeat(now) + (server - now)
        back = truth.came_back(now)
        platform.judge(
            server, max([seen, *([server] if kind == 0 else [])]), None if back is None else back + (server - now)
        )
        if platform.timer is not None and not edges_only:
            wake = max(platform.timer - (server - now), now + S / 2) + S / 2
            if not any(now < planned <= wake for planned in waiting):
                waiting.add(wake)
                heapq.heappush(looks, (wake, 1, 0))
    return truth, platform


def problems(truth: Truth, platform: Platform) -> list[str]:
    """What is wrong with what rang, judged from the truth alone."""
    wrong: list[str] = []
    for rule in {ring.rule for ring in platform.rings}:
        mine = [ring for ring in platform.rings if ring.rule == rule and not ring.noted]
        wrong += [
            f"{rule}: raised again before it ended" for a, b in pairwise(mine) if a.ended is None or b.raised < a.ended
        ]
    wrong += _jam_problems(truth, platform)
    wrong += _dose_problems(truth, platform)
    for ring in platform.rings:
        if (
            ring.rule in {"dose_missed", "dose_unknown"}
            and not ring.noted
            and ring.raised - ring.happened > timedelta(hours=4)
        ):
            wrong.append(f"{ring.rule} of {ring.happened} rang as new at {ring.raised}")
    return wrong


def _clock(truth: Truth, moment: datetime) -> datetime:
    return moment + sum((jump for at, jump in truth.jumps if at <= moment), timedelta())


def _slack(truth: Truth, moment: datetime) -> timedelta:
    """How much later than the moment the platform may be: it may have been down, and its clock may have been moved."""
    down = max((b - moment for a, b in truth.crashes if a <= moment + TOLERANCE and moment < b), default=timedelta())
    moved = sum((abs(jump) for at, jump in truth.jumps if abs(at - moment) < timedelta(minutes=10)), timedelta())
    return TOLERANCE + max(down, timedelta()) + moved


def _rang(platform: Platform, rule: str, moment: datetime, slack: timedelta) -> bool:
    """Whether the rule's alarm was open at some time from a moment on, at the latest after the slack."""
    return any(
        r.rule == rule and not r.noted and r.raised <= moment + slack and (r.ended is None or r.ended >= moment - slack)
        for r in platform.rings
    )


def _jam_problems(truth: Truth, platform: Platform) -> list[str]:
    wrong: list[str] = []
    for begun, ended in truth.jams:
        slack = _slack(truth, begun.arrives)
        if ended.arrives <= begun.arrives + slack:
            continue  # known to be over before anybody could look
        if not _rang(platform, "jam", _clock(truth, begun.arrives), slack):
            wrong.append(f"jam of {begun.at}, known at {begun.arrives}, did not ring within {slack}")
    return wrong


def _dose_problems(truth: Truth, platform: Platform) -> list[str]:
    wrong: list[str] = []
    for due in truth.dues:
        if due.unknown_at + timedelta(hours=1) > truth.end:
            continue
        word = min((w for w in truth.words if w.sequence == due.sequence), key=lambda w: w.arrives, default=None)
        if word is not None and word.kind == "dose_taken" and word.arrives < due.missed_at - timedelta(minutes=5):
            continue
        if word is not None and word.kind == "dose_missed" and word.arrives < due.missed_at + S * 60:
            slack = _slack(truth, word.arrives)
            if not _rang(platform, "dose_missed", _clock(truth, word.arrives), slack):
                wrong.append(f"dose {due.sequence} told missed at {word.arrives} did not ring within {slack}")
        elif word is None or word.arrives > due.unknown_at + timedelta(minutes=5):
            wrong += _silent_problem(truth, platform, due)
    return wrong


def _silent_problem(truth: Truth, platform: Platform, due: Due) -> list[str]:
    """Nothing was told in time: the deadline itself rings, by contact as missed or as unknown."""
    near = any(abs(edge - due.missed_at) < timedelta(minutes=6) for pair in truth.offline for edge in pair)
    contact = truth.online_at(due.missed_at)
    back = any(due.missed_at < end < due.unknown_at + timedelta(minutes=6) for _, end in truth.offline)
    if near or (not contact and back) or any(abs(at - due.missed_at) < timedelta(minutes=30) for at, _ in truth.jumps):
        ringing = any(
            _rang(platform, rule, due.missed_at, timedelta(minutes=30)) for rule in ("dose_missed", "dose_unknown")
        )
        return [] if ringing else [f"dose {due.sequence}: nothing rang at all"]
    rule, deadline = ("dose_missed", due.missed_at) if contact else ("dose_unknown", due.unknown_at)
    if _rang(platform, rule, deadline, _slack(truth, deadline)):  # deadlines are by the server's clock
        return []
    return [f"dose {due.sequence}: no {rule} by {deadline} + {_slack(truth, deadline)}"]


def false_alarms(truth: Truth, platform: Platform) -> list[str]:
    """Dose alarms raised at a moment at which every dose due so far had been told taken well in time."""
    wrong: list[str] = []
    for ring in platform.rings:
        if ring.rule not in {"dose_missed", "dose_unknown"} or ring.noted:
            continue
        about = [due for due in truth.dues if due.at <= ring.raised <= due.unknown_at + timedelta(hours=5)]
        if all(_told_in_time(truth, due) for due in about):
            wrong.append(f"{ring.rule} raised at {ring.raised} though every dose had been told taken")
    return wrong


def _told_in_time(truth: Truth, due: Due) -> bool:
    early = due.missed_at - timedelta(minutes=5)
    return any(w.sequence == due.sequence and w.kind == "dose_taken" and w.arrives < early for w in truth.words)


def run(seed: int) -> list[str]:
    """Everything wrong with one seed's week."""
    truth, platform = live(seed)
    return [f"seed {seed}: {problem}" for problem in [*problems(truth, platform), *false_alarms(truth, platform)]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seed", type=int)
    chosen = parser.parse_args()
    if chosen.seed is not None:
        truth, platform = live(chosen.seed)
        for ring in platform.rings:
            sys.stdout.write(f"{ring.rule:<14} {ring.happened} raised {ring.raised} ended {ring.ended} {ring.noted}\n")
        sys.stdout.write(f"offline {truth.offline}\ncrashes {truth.crashes}\njumps {truth.jumps}\n")
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.seeds)
    wrong = [problem for seed in seeds for problem in run(seed)]
    sys.stdout.write("\n".join([*wrong[:30], f"{len(wrong)} problems in {len(seeds)} weeks\n"]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
