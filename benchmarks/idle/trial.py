"""Judges the made-up region on many days, as the platform would have known it on each, and counts what was right.

The region is made and judged in parts of CHUNK devices, each from a seed of its own and with gateways of its own, by as
many processes as there are cores, so that one of 417,000 devices takes no more memory than a part each.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from multiprocessing import get_context
from time import process_time
from typing import Final

import numpy as np

from benchmarks.idle.knowledge import FIRST, Flags, Judge, Knowledge, Whole, registry
from benchmarks.idle.opinions import Learnt, Shares, compare, learn, nothing_said
from benchmarks.idle.region import KINDS, NO_DAY, Outages, Region, make
from fleet import idle_fleet
from fleet.idle import Step, Verdict
from fleet.idle_fleet import NO_LOAN, Block, judge, step_code
from fleet.idle_policies import Policies

CHUNK: Final = 4096
EVERY: Final = 5
"""The region is judged on every so manieth day."""
LEARN_SEED: Final = 1000
"""Added to a region's seed: of the region that is learnt on."""
_FROM: Final = 120  # days of history before the first judgement
_GRACE: Final = 30
_GATEWAYS: Final = 16  # of a part
_PROPOSE: Final = step_code(Step.PROPOSE)


@dataclass(slots=True)
class Count:
    """What one way of judging did.

    Attributes:
        proposed: devices proposed at least once.
        false: of those, in use on a day on which they were proposed; `false_of` the same by class and policy.
        found: of `reporting`, proposed within thirty days of the limit.
        reporting: truly unused devices that reported throughout.
    """

    proposed: int = 0
    false: int = 0
    found: int = 0
    reporting: int = 0
    proposed_of: Counter[str] = field(default_factory=Counter)
    false_of: Counter[str] = field(default_factory=Counter)
    missed_of: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Count") -> None:
        """Adds another count."""
        self.proposed += other.proposed
        self.false += other.false
        self.found += other.found
        self.reporting += other.reporting
        self.proposed_of += other.proposed_of
        self.false_of += other.false_of
        self.missed_of += other.missed_of


@dataclass(slots=True)
class Outcome:
    """The whole trial.

    Attributes:
        rule: the verdict, with what the second opinion holds back.
        rule_alone: the same without the second opinion.
        baseline: calendar days since the last known use, at the same limits.
        on_silence, in_absence: proposals for devices not heard lately, or in a registered absence, by the truth.
        verdicts: devices per verdict on the last day.
        shares: `opinions.Shares` of the second opinion; `textbook` the same of BG/BB.
        judge_seconds: CPU seconds of judging every device once, on the last day.
    """

    devices: int = 0
    days: int = 0
    rule: Count = field(default_factory=Count)
    rule_alone: Count = field(default_factory=Count)
    baseline: Count = field(default_factory=Count)
    on_silence: int = 0
    in_absence: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    shares: Shares = field(default_factory=nothing_said)
    textbook: Shares = field(default_factory=nothing_said)
    judge_seconds: float = 0.0

    def add(self, other: "Outcome") -> None:
        """Adds the outcome of another part."""
        self.devices += other.devices
        self.rule.add(other.rule)
        self.rule_alone.add(other.rule_alone)
        self.baseline.add(other.baseline)
        self.on_silence += other.on_silence
        self.in_absence += other.in_absence
        self.verdicts += other.verdicts
        self.shares += other.shares
        self.textbook += other.textbook
        self.judge_seconds += other.judge_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a trial is made of.

    Attributes:
        learn_from: devices of the region that is learnt on.
        every: judged on every so manieth day.
        processes: that judge side by side.
        textbook: whether BG/BB is compared with, which is slow.
        judged_by: another judge, for negative controls.
    """

    devices: int
    days: int
    seed: int
    learn_from: int = 16_000
    every: int = EVERY
    processes: int = 2
    textbook: bool = True
    judged_by: Judge = judge


def run(setting: Setting, tell: Callable[[str], None]) -> Outcome:
    """The trial on the region of a seed.

    Args:
        setting: how.
        tell: progress.
    """
    outcome = Outcome(days=setting.days)
    sizes = [min(CHUNK, setting.devices - start) for start in range(0, setting.devices, CHUNK)]
    outages = Outages.drawn(np.random.default_rng(setting.seed), _GATEWAYS * len(sizes), setting.days)
    learnt_from = min(setting.devices, setting.learn_from)
    learnt = _learnt(setting.seed + LEARN_SEED, learnt_from, setting.days, setting.textbook)
    tell("learnt on a region of its own")
    jobs = [(setting, learnt, number, size, _of_part(outages, number)) for number, size in enumerate(sizes)]
    if setting.processes == 1:
        parts = map(_part, jobs)
        _add_up(outcome, parts, tell)
        return outcome
    with get_context("spawn").Pool(setting.processes) as pool:
        _add_up(outcome, pool.imap_unordered(_part, jobs), tell)
    return outcome


def _add_up(outcome: Outcome, parts: Iterable[Outcome], tell: Callable[[str], None]) -> None:
    for number, part in enumerate(parts):
        outcome.add(part)
        if number % 10 == 0:
            tell(f"{outcome.devices} devices judged")


@cache
def _learnt(seed: int, devices: int, days: int, textbook: bool) -> Learnt:  # noqa: FBT001 - a key of the cache
    chance = np.random.default_rng(seed)
    outages = Outages.drawn(chance, max(_GATEWAYS, devices * _GATEWAYS // CHUNK), days)
    return learn(chance, outages, devices, textbook=textbook)


def _of_part(outages: Outages, number: int) -> Outages:
    return Outages(outages.dead[:, number * _GATEWAYS : (number + 1) * _GATEWAYS])


def _part(job: tuple[Setting, Learnt, int, int, Outages]) -> Outcome:
    """Makes and judges one part of the region."""
    setting, learnt, number, size, outages = job
    region = make(np.random.default_rng([setting.seed, number]), size, FIRST, outages)
    known, outcome = Knowledge(region, outages, setting.judged_by), Outcome(devices=size, days=setting.days)
    known.quiet_worth = learnt.quiet_worth
    _propose(known, outages, learnt, outcome, setting)
    began = process_time()
    today = setting.days - 1
    found, _, _ = known.on(today)
    outcome.shares, outcome.textbook = compare(known, found, today, learnt)
    outcome.judge_seconds = process_time() - began
    words = list(Verdict)
    outcome.verdicts = Counter(str(words[code]) for code in found.verdict.tolist())
    return outcome


class _Tally:
    """When each device of a part was proposed first, rightly first, and whether ever wrongly."""

    def __init__(self, known: Knowledge, days: int) -> None:
        size = len(known.region.kind)
        self._known, self._days = known, days
        self._first, self._right = np.full(size, days * 9), np.full(size, days * 9)
        self._wrong = np.zeros(size, bool)

    def note(self, today: int, proposed: Flags) -> None:
        """What was proposed on a day."""
        idle = self._known.idle(today)
        self._wrong |= proposed & ~idle
        self._first[proposed] = np.minimum(self._first[proposed], today)
        self._right[proposed & idle] = np.minimum(self._right[proposed & idle], today)

    def count(self, due: Whole, reporting: Flags) -> Count:
        """What came of it."""
        proposed, missed = self._first < self._days, reporting & (self._right > due)
        return Count(
            proposed=int(proposed.sum()),
            false=int(self._wrong.sum()),
            found=int(np.sum(reporting & ~missed)),
            reporting=int(reporting.sum()),
            proposed_of=self._by_kind(proposed),
            false_of=self._by_kind(self._wrong),
            missed_of=self._by_kind(missed),
        )

    def _by_kind(self, chosen: Flags) -> Counter[str]:
        kinds = [KINDS[kind] for kind in self._known.region.kind[chosen].tolist()]
        return Counter(f"{kind.device_class}/{kind.policy}" for kind in kinds)


def _propose(known: Knowledge, outages: Outages, learnt: Learnt, outcome: Outcome, setting: Setting) -> None:
    region, days = known.region, setting.days
    rule, alone, base = (_Tally(known, days) for _ in range(3))
    for today in range(_FROM, days, setting.every):
        found, block, policies = known.on(today)
        alone.note(today, found.step == _PROPOSE)
        learnt.hold_back(region.kind, found)
        proposed = found.step == _PROPOSE
        rule.note(today, proposed)
        silent = today - known.last_heard(today) > policies.silent_after[known.policy]
        outcome.on_silence += int(np.sum(proposed & silent))
        outcome.in_absence += int(np.sum(proposed & known.absent(today)))
        base.note(today, _baseline(block, policies, today))
    due = _due(region, days)
    reporting = (due >= _FROM) & (due < days) & ~region.went_dark & _reported(region, outages, due)
    outcome.rule, outcome.rule_alone = rule.count(due, reporting), alone.count(due, reporting)
    outcome.baseline = base.count(due, reporting)


def _baseline(block: Block, policies: Policies, today: int) -> Flags:
    """What a spreadsheet would say: last known use longer ago than the limit; silence and absence are not asked for."""
    day = np.arange(today + 1)[:, None]
    last = idle_fleet.last_day(block.used & (day >= block.loan))
    since = np.where(last >= 0, last, np.maximum(block.loan, 0))
    found: Flags = (block.loan != NO_LOAN) & (today - since >= policies.propose[block.policy])
    return found


def _due(region: Region, days: int) -> Whole:
    """Thirty days after the class's limit, by the calendar and the quiet months; beyond `days` where it comes later."""
    due = np.full(len(region.stopped), days * 9, np.int32)
    for device in np.flatnonzero(region.stopped != NO_DAY):
        kind = KINDS[region.kind[device]]
        policy = next(p for p in registry()[kind.device_class].idle_policies if p.name == kind.policy)
        counted = 0
        start = max(int(region.stopped[device]), int(region.loan[device]), 0)
        last = start - 1
        for total, number in enumerate(range(start, days), 1):
            last = number
            counted += (FIRST + timedelta(days=number)).month not in policy.quiet_months
            if counted >= policy.propose_days or (policy.quiet_propose_days or days) <= total:
                break
        else:
            continue
        due[device] = max(last, start + policy.training_days) + _GRACE
    return due


def _reported(region: Region, outages: Outages, due: Whole) -> Flags:
    """Neither a dead gateway nor a registered absence lies between its last use and the day it was due."""
    day = np.arange(len(region.heard))[:, None]
    span = (day >= region.stopped) & (day <= due)
    dead = (outages.dead[:, region.gateway] & span).sum(axis=0)
    away = np.zeros(len(due), bool)
    for device, start, end in region.absences:
        away[device] |= start <= due[device] and end >= region.stopped[device]
    still: Flags = (dead == 0) & ~away
    return still
