"""The second opinion in the trial: learnt on a region of its own, asked about each proposal, held against the truth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.idle.knowledge import FIRST, Flags, Knowledge, Whole, quiet_worth
from benchmarks.idle.region import KINDS, Outages, make
from fleet import idle_fleet
from fleet.alive import Expert, fit
from fleet.alive_textbook import bg_bb_alive, fit_bg_bb
from fleet.idle import Step, Verdict
from fleet.idle_fleet import Judged, hold_back, step_code

BINS: Final = (0.0, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 1.0)
_LEARNT_FROM: Final = 2000
_BOOK_FROM: Final = 250  # its likelihood is a sum over all later days, and slow
_KNOWN: Final = [idle_fleet.code(v) for v in (Verdict.USED, Verdict.UNUSED, Verdict.TOO_EARLY, Verdict.REPLACED)]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt per kind, on another region than the one judged; `textbook` may be left out."""

    quiet_worth: NDArray[np.float64]
    experts: dict[int, Expert]
    textbook: dict[int, NDArray[np.float64]]

    def hold_back(self, kind: Whole, found: Judged) -> None:
        """Asks about every proposal and holds the doubtful ones back, as the platform does."""
        high = np.full(len(kind), np.nan)
        asked = (found.step == step_code(Step.PROPOSE)) & (found.last_used >= 0)
        for number in np.unique(kind[asked]).tolist():
            chosen = np.flatnonzero(asked & (kind == number))
            expert = self.experts[number]
            high[chosen] = expert.interval(found.rhythm.histogram[chosen], found.current_gap[chosen])[1]
        hold_back(found, high)


def learn(chance: np.random.Generator, outages: Outages, devices: int, *, textbook: bool = True) -> Learnt:
    """Fits on a region of their own."""
    known = Knowledge(make(chance, devices, FIRST, outages), outages)
    today = len(outages.dead) - 1
    known.quiet_worth = quiet_worth(known, today)
    found, _, _ = known.on(today)
    experts, book = {}, {}
    for kind in range(len(KINDS)):
        chosen = _judgeable(known, found, kind)[:_LEARNT_FROM]
        experts[kind] = Expert.of(fit(found.rhythm.histogram[chosen], found.current_gap[chosen]))
        if textbook:
            book[kind] = fit_bg_bb(*_textbook_facts(found, chosen[:_BOOK_FROM]))
    return Learnt(known.quiet_worth, experts, book)


def nothing_said() -> Shares:
    """Per bin of P(still in use): devices, sum of P, truly in use."""
    return np.zeros((len(BINS) - 1, 3))


def compare(known: Knowledge, found: Judged, today: int, learnt: Learnt) -> tuple[Shares, Shares]:
    """What was said of each device beside whether it is truly in use: by us, and by BG/BB."""
    truly, ours, book = ~known.idle(today), nothing_said(), nothing_said()
    for kind, expert in learnt.experts.items():
        chosen = _judgeable(known, found, kind)
        if not len(chosen):
            continue
        said = [(expert.in_use(found.rhythm.histogram[chosen], found.current_gap[chosen]), ours)]
        if kind in learnt.textbook:
            said.append((bg_bb_alive(learnt.textbook[kind], *_textbook_facts(found, chosen)), book))
        for p, table in said:
            bins = np.clip(np.digitize(p, BINS[1:-1]), 0, len(BINS) - 2)
            np.add.at(table, bins, np.stack([np.ones(len(p)), p, truly[chosen]], axis=1))
    return ours, book


def _judgeable(known: Knowledge, found: Judged, kind: int) -> NDArray[np.int64]:
    chosen: Flags = (known.region.kind == kind) & (found.last_used >= 0) & np.isin(found.verdict, _KNOWN)
    return np.flatnonzero(chosen)


def _textbook_facts(found: Judged, chosen: NDArray[np.int64]) -> tuple[Whole, Whole, Whole]:
    histogram = found.rhythm.histogram[chosen]
    used = 1 + histogram.sum(axis=1)
    last = 1 + (histogram * np.arange(histogram.shape[1])).sum(axis=1)
    ends = last + found.current_gap[chosen]
    return used.astype(np.int32), last.astype(np.int32), ends.astype(np.int32)
