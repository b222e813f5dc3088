"""Judges the made-up region on many days, as the platform would have known it on each, and counts what was right."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import process_time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.idle.region import KINDS, NO_DAY, Outages, Region, make
from fleet import idle_fleet
from fleet.alive import Fit, fit, in_use
from fleet.alive_textbook import bg_bb_alive, fit_bg_bb
from fleet.idle import Step, Verdict
from fleet.idle_fleet import NO_LOAN, Block, Judged, judge
from fleet.idle_policies import Policies, policies_over
from fleet.idle_sources import lost_since
from fleet.registry import load_registry

Flags = NDArray[np.bool_]
Whole = NDArray[np.int32]

FIRST: Final = date(2025, 12, 1)
CHUNK: Final = 4096
EVERY: Final = 10
_FROM: Final = 120  # days of history before the first judgement
_GRACE: Final = 30
_BOOK_FROM: Final = 250  # its likelihood is a sum over all later days, and slow
_DEVICES_A_GATEWAY: Final = 250
BINS: Final = (0.0, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 1.0)


@dataclass(slots=True)
class Count:
    """What one way of judging did: devices proposed at least once, and how many of them were in use that day."""

    proposed: int = 0
    false: int = 0
    found: int = 0
    reporting: int = 0

    def add(self, other: "Count") -> None:
        """Adds another count."""
        self.proposed += other.proposed
        self.false += other.false
        self.found += other.found
        self.reporting += other.reporting


@dataclass(slots=True)
class Outcome:
    """The whole trial.

    Attributes:
        rule, baseline: the verdict, and "calendar days since the last known use" at the same limits.
        on_silence, in_absence: proposals for devices not heard lately, or in a registered absence; none may be.
        verdicts: devices per verdict on the last day.
        shares: per bin of P(still in use): devices, sum of P, truly in use; `textbook` the same for BG/BB.
        judge_seconds: CPU seconds of judging every device once, on the last day.
    """

    devices: int = 0
    days: int = 0
    rule: Count = field(default_factory=Count)
    baseline: Count = field(default_factory=Count)
    on_silence: int = 0
    in_absence: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BINS) - 1, 3)))
    textbook: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BINS) - 1, 3)))
    judge_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Learnt:
    """Fits per kind, learnt on another region than the one judged."""

    ours: dict[int, Fit]
    textbook: dict[int, NDArray[np.float64]]


def run(devices: int, days: int, seed: int, tell: Callable[[str], None]) -> Outcome:
    """The trial on a region of a judged seed; what is learnt is learnt on the region of seed + 1000.

    Args:
        devices: how many.
        days: how many days of history.
        seed: of the judged region.
        tell: progress.
    """
    learnt = learn(min(devices, 16_000), days, seed + 1000)
    tell("learnt on a region of its own")
    outcome = Outcome(devices=devices, days=days)
    chance = np.random.default_rng(seed)
    gateways = max(12, devices // _DEVICES_A_GATEWAY)
    outages = Outages.drawn(chance, gateways, days)
    for number, start in enumerate(range(0, devices, CHUNK)):
        region = make(chance, min(CHUNK, devices - start), FIRST, outages)
        _trial(region, outages, learnt, outcome)
        if number % 10 == 0:
            tell(f"{min(start + CHUNK, devices)} of {devices} devices")
    return outcome


def learn(devices: int, days: int, seed: int) -> Learnt:
    """Fits on a tuning region."""
    chance = np.random.default_rng(seed)
    outages = Outages.drawn(chance, max(12, devices // _DEVICES_A_GATEWAY), days)
    region = make(chance, devices, FIRST, outages)
    found, _, _ = _judged(region, outages, days - 1)
    ours, textbook = {}, {}
    for kind in range(len(KINDS)):
        chosen = np.flatnonzero((region.kind == kind) & (found.last_used >= 0) & _judgeable(found))[:2000]
        ours[kind] = fit(found.rhythm.histogram[chosen], found.current_gap[chosen])
        textbook[kind] = fit_bg_bb(*_textbook_facts(found, chosen[:_BOOK_FROM]))
    return Learnt(ours, textbook)


def _trial(region: Region, outages: Outages, learnt: Learnt, outcome: Outcome) -> None:
    days, size = region.heard.shape
    first_right, first_any = np.full(size, days * 9), np.full(size, days * 9)
    base_any = np.full(size, days * 9)
    was_false, base_false = np.zeros(size, bool), np.zeros(size, bool)
    propose = step_of(Step.PROPOSE)
    for today in range(_FROM, days, EVERY):
        found, block, policies = _judged(region, outages, today)
        idle_now = (region.stopped != NO_DAY) & (region.stopped <= today)
        proposed = found.step == propose
        was_false |= proposed & ~idle_now
        first_any = np.where(proposed & (first_any > days), today, first_any)
        first_right = np.where(proposed & idle_now & (first_right > days), today, first_right)
        outcome.on_silence += int(np.sum(proposed & (today - found.last_heard > policies.silent_after[block.policy])))
        outcome.in_absence += int(np.sum(proposed & (block.away_since != idle_fleet.NO_DAY)))
        naive = _baseline(block, policies, today)
        base_false |= naive & ~idle_now
        base_any = np.where(naive & (base_any > days), today, base_any)
    due = _due(region, days)
    reporting = (due >= _FROM) & (due < days) & ~region.went_dark & _reported(region, outages, due)
    outcome.rule.add(_counted(first_any, was_false, first_right, due, reporting, days))
    outcome.baseline.add(_counted(base_any, base_false, base_any, due, reporting, days))
    began = process_time()
    found, _, _ = _judged(region, outages, days - 1)
    _opinions(region, found, learnt, outcome)
    outcome.judge_seconds += process_time() - began
    words = list(Verdict)
    for code in found.verdict.tolist():
        outcome.verdicts[words[code]] = outcome.verdicts.get(words[code], 0) + 1


def _counted(  # noqa: PLR0913, PLR0917 - columns of one table
    any_day: Whole, false: Flags, right: Whole, due: Whole, reporting: Flags, days: int
) -> Count:
    return Count(
        proposed=int(np.sum(any_day < days)),
        false=int(np.sum(false)),
        found=int(np.sum(reporting & (right <= due))),
        reporting=int(np.sum(reporting)),
    )


def _judged(region: Region, outages: Outages, today: int) -> tuple[Judged, Block, Policies]:
    """The verdicts as the platform could have made them on a day."""
    registry = load_registry()
    policies = policies_over(registry, FIRST, today + 1)
    size = region.heard.shape[1]
    day = np.arange(today + 1)[:, None]
    used = region.used[: today + 1] & (day + region.delay[: today + 1] <= today)
    heard = region.heard[: today + 1].copy()
    away, away_since = np.zeros((today + 1, size), bool), np.full(size, idle_fleet.NO_DAY, np.int32)
    place = np.array([policies.index[kind.device_class, kind.policy] for kind in KINDS], np.int32)[region.kind]
    for device, start, end in region.absences:
        if start <= today:
            away[start : end + 1 + int(policies.after_absence[place[device]]), device] = True
            if end >= today:
                away_since[device] = start
    lost = _lost(region, outages, heard)
    replaced = np.full(size, idle_fleet.NO_DAY, np.int32)
    for device, since in region.replaced:
        if since <= today:
            replaced[device] = since
    block = Block(
        heard=heard,
        used=used,
        away=away,
        away_since=away_since,
        loan=np.where(region.loan == NO_DAY, -400, np.where(region.loan > today, NO_LOAN, region.loan)).astype(
            np.int32
        ),
        today=np.full(size, today, np.int32),
        can_report=np.ones(size, bool),
        last_seen=np.full(size, idle_fleet.NO_DAY, np.int32),
        policy=place,
        interval=np.zeros(size, np.int32),
        source_lost=lost,
        replaced=replaced,
        replaced_by=np.where(replaced != idle_fleet.NO_DAY, 1, 0).astype(np.int32),
    )
    return judge(block, policies), block, policies


def _lost(region: Region, outages: Outages, heard: Flags) -> Whole:
    gateways = outages.dead.shape[1]
    counts = np.zeros((len(heard), gateways), np.int64)
    for gateway in range(gateways):
        counts[:, gateway] = heard[:, region.gateway == gateway].sum(axis=1)
    return lost_since(counts, idle_fleet.NO_DAY)[region.gateway]


def _baseline(block: Block, policies: Policies, today: int) -> Flags:
    """What a spreadsheet would say: last known use longer ago than the limit; silence and absence are not asked for."""
    day = np.arange(today + 1)[:, None]
    last = idle_fleet.last_day(block.used & (day >= block.loan))
    since = np.where(last >= 0, last, np.maximum(block.loan, 0))
    found: Flags = (block.loan != NO_LOAN) & (today - since >= policies.propose[block.policy])
    return found


def _due(region: Region, days: int) -> Whole:
    """Thirty days after the class's limit, by the calendar and the quiet months; beyond `days` where it comes later."""
    registry = load_registry()
    due = np.full(len(region.stopped), days * 9, np.int32)
    for device in np.flatnonzero(region.stopped != NO_DAY):
        kind = KINDS[region.kind[device]]
        policy = next(p for p in registry[kind.device_class].idle_policies if p.name == kind.policy)
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


def _judgeable(found: Judged) -> Flags:
    known: Flags = np.isin(
        found.verdict,
        [idle_fleet.code(word) for word in (Verdict.USED, Verdict.UNUSED, Verdict.TOO_EARLY, Verdict.REPLACED)],
    )
    return known


def _opinions(region: Region, found: Judged, learnt: Learnt, outcome: Outcome) -> None:
    """Sorts devices by what is said of them, beside whether they are truly in use."""
    today = len(region.heard) - 1
    truly = ~((region.stopped != NO_DAY) & (region.stopped <= today))
    for kind in range(len(KINDS)):
        chosen = np.flatnonzero((region.kind == kind) & (found.last_used >= 0) & _judgeable(found))
        if not len(chosen):
            continue
        ours = in_use(learnt.ours[kind].parameters, found.rhythm.histogram[chosen], found.current_gap[chosen])
        book = bg_bb_alive(learnt.textbook[kind], *_textbook_facts(found, chosen))
        for p, table in ((ours, outcome.shares), (book, outcome.textbook)):
            bins = np.clip(np.digitize(p, BINS[1:-1]), 0, len(BINS) - 2)
            np.add.at(table, bins, np.stack([np.ones(len(p)), p, truly[chosen]], axis=1))


def _textbook_facts(found: Judged, chosen: NDArray[np.int64]) -> tuple[Whole, Whole, Whole]:
    histogram = found.rhythm.histogram[chosen]
    used = 1 + histogram.sum(axis=1)
    last = 1 + (histogram * np.arange(histogram.shape[1])).sum(axis=1)
    return (
        used.astype(np.int32),
        last.astype(np.int32),
        (last + found.current_gap[chosen]).astype(np.int32),
    )


def step_of(step: Step) -> int:
    """The place of a step."""
    return idle_fleet.step_code(step)
