"""Judges every device from what was read, piece by piece, and gathers the verdicts as columns; no database here."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diagnostics.idle.basis import LEARN_AFTER, Basis
from diagnostics.idle.columns import Columns
from diagnostics.idle.days import BLOCK, to_date
from diagnostics.idle.reading import Models, Reading, daily_rent
from fleet.alive import Expert
from fleet.clock import local_day
from fleet.idle import DAYS_PER_MONTH, Verdict
from fleet.idle_again import NEVER_AGAIN, Patience, stand_after
from fleet.idle_fleet import (
    ANSWER_DAYS,
    DOUBT,
    MARKED_DAYS,
    NO_DAY,
    NO_LOAN,
    Block,
    Judged,
    Other,
    code,
    hold_back,
    judge,
    marks,
)
from fleet.idle_policies import Policies, policies_over
from fleet.registry import Registry

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]
_PROVEN: Final = (code(Verdict.UNUSED), code(Verdict.NEVER_STARTED), code(Verdict.REPLACED))
_CERTAIN: Final = 0.995
"""From here on P is told as 100 %, and its interval says nothing more."""
_SURE: Final = 0.9951
"""From here on it is told so however it was rounded."""
_UNLIKELY: Final = 0.1
"""Below this the second opinion disagrees with "used"; it disagrees with a proposal where it holds it back."""
PLAIN: Final = 1
SPOKEN: Final = 2
LEARNT_FROM: Final = 2000
"""At most so many devices of a model are learnt from."""
_MIX: Final = 1_000_003
_THREADS: Final = 2  # numpy lets others run while it counts
_AHEAD: Final = 4  # pieces in memory at a time, some 15 MB each


@dataclass(slots=True)
class Sample:
    """Histories to learn a model's rhythm from."""

    histograms: list[NDArray[np.int32]] = field(default_factory=list)
    gaps: list[NDArray[np.int32]] = field(default_factory=list)


@dataclass(slots=True)
class Verdicts:
    """The verdicts of a run, columns of one entry per device in the order of `Reading.facts`.

    Attributes:
        values: numbers by name; NaN where there is none. Days count from 2000-01-01.
        recent: devices x MARKED_DAYS, the letters of the latest days where non-use is proven; blanks elsewhere.
        content: changes with what a device's row says.
        samples: per (class, model key), devices to learn from.
        next: how each device stands for the next run, by the names of an entry: `stand` is PLAIN, SPOKEN or 0, the
            rest is as in fleet/idle_again.py. Days count from 2000-01-01.
    """

    values: dict[str, Array]
    recent: NDArray[np.uint8]
    content: NDArray[np.int64]
    samples: dict[tuple[str, str], Sample]
    next: dict[str, NDArray[np.int32]]


_NUMBERS: Final = (
    "verdict", "step", "since", "days", "last_used_day", "last_heard_day", "unheard_days", "absent_days", "quiet_days",
    "note_days", "contact_days", "propose_days", "usual_gap_days", "longest_gap_days", "source_id", "other_device_no",
    "double_days", "p_in_use", "p_low", "p_high", "opinion", "rent_sek", "cost_sek",
)  # fmt: skip

_NEXT: Final = ("stand", "again", "used_day", "calm", "patience")
_LAST_DAY: Final = 65_535  # of what an entry can say, in the year 2179


class Judgement:
    """One run over the devices read."""

    def __init__(self, reading: Reading, models: Models, registry: Registry, now: datetime, basis: Basis) -> None:
        self._reading = reading
        self._models = models
        self._facts = reading.facts
        worth = np.array(basis.quiet_worth)
        self._policies = policies_over(registry, to_date(reading.first), reading.length, worth)
        self._rent = daily_rent(reading, models)
        self._block_of = self._facts["device_no"] // BLOCK
        self._policy_of = policy_of(models, self._policies)
        self._today_of = reading.length - 1 - days_behind(models, now)
        self._sources = basis.sources
        self._experts: dict[tuple[str, str], Expert] = {}
        self._absent = np.flatnonzero(np.isin(self._facts["device_no"], list(reading.absences)))
        size = len(self._facts["device_no"])
        self._found = Verdicts(
            {name: np.full(size, np.nan) for name in _NUMBERS},
            np.full((size, MARKED_DAYS), ord(" "), np.uint8),
            np.zeros(size, np.int64),
            {},
            {name: np.zeros(size, np.int32) for name in _NEXT},
        )

    def run(self, done: Callable[[Verdicts, NDArray[np.int64]], None] | None = None) -> Verdicts:
        """The verdicts on every device read; `done` is told of those that are ready, by their places."""
        for rows, block, found in self._judged(self._lost(), self._compared()):
            patience = self._second_opinion(rows, found)
            self._write(rows, block, found)
            self._stand(rows, block, found, patience)
            self._content(rows)
            if done is not None:
                done(self._found, rows)
        return self._found

    def _judged(
        self, lost: NDArray[np.int32], others_used: dict[int, Bits]
    ) -> Iterator[tuple[NDArray[np.int64], Block, Judged]]:
        """Piece after piece; some are judged ahead, beside what is done with this one."""
        ahead: deque[Future[tuple[NDArray[np.int64], Block, Judged]]] = deque()
        with ThreadPoolExecutor(_THREADS) as pool:
            for rows in pieces_of(self._block_of):
                ahead.append(pool.submit(self._judge_piece, rows, lost, others_used))
                if len(ahead) == _AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _lost(self) -> NDArray[np.int32]:
        """Since when each device's source has stood still, as a place in the window."""
        source = source_of(self._facts, self._models)
        every, place = np.unique(source, return_inverse=True)
        since = [self._sources.get(key) for key in every.tolist()]
        places = [NO_DAY if day is None else day - self._reading.first for day in since]
        return np.array(places, np.int32)[place]

    def _compared(self) -> dict[int, Bits]:
        """The used days of devices that others are compared with, each in its open loan."""
        wanted = {other for others in self._reading.others.values() for other in others}
        rows = np.flatnonzero(np.isin(self._facts["device_no"], sorted(wanted)))
        used_days: dict[int, Bits] = {}
        for block in np.unique(self._block_of[rows]).tolist():
            chosen = rows[self._block_of[rows] == block]
            numbers = self._facts["device_no"][chosen]
            _, used = self._reading.bits.of(block, numbers % BLOCK)
            loans = self._facts["loan_day"][chosen] - self._reading.first
            lent = used & (np.arange(len(used))[:, None] >= loans)
            used_days |= {number: lent[:, place] for place, number in enumerate(numbers.tolist())}
        return used_days

    def _judge_piece(
        self, rows: NDArray[np.int64], lost: NDArray[np.int32], others_used: dict[int, Bits]
    ) -> tuple[NDArray[np.int64], Block, Judged]:
        """Judges a piece; runs beside others, and changes nothing of this run."""
        block = self._as_block(rows, lost, others_used)
        return rows, block, judge(block, self._policies)

    def _as_block(self, rows: NDArray[np.int64], lost: NDArray[np.int32], others_used: dict[int, Bits]) -> Block:
        facts = {name: column[rows] for name, column in self._facts.items()}
        heard, used = self._reading.bits.of_all(facts["device_no"])
        first = self._reading.first
        away, away_since = self._away(facts["device_no"], self._absent_of(rows), self._policy_of[facts["model"]])
        return Block(
            heard=heard,
            used=used,
            away=away,
            away_since=away_since,
            loan=_shifted(facts["loan_day"], first),
            today=self._today_of[facts["model"]],
            can_report=(facts["enrolled"] > 0) & (facts["model"] > 0),
            last_seen=_shifted(facts["last_seen"], first),
            policy=self._policy_of[facts["model"]],
            interval=facts["interval"].astype(np.int32),
            source_lost=lost[rows],
            replaced=_shifted(facts["replaced"], first),
            replaced_by=facts["replaced_by"].astype(np.int32),
            others=[
                Other(column, other, others_used[other])
                for column, device in enumerate(facts["device_no"].tolist())
                for other in self._reading.others.get(device, ())
                if other in others_used
            ],
        )

    def _absent_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The devices of a piece who have absences, by their places in it."""
        start, end = np.searchsorted(self._absent, [rows[0], rows[-1] + 1])
        found: NDArray[np.int64] = self._absent[start:end] - rows[0]
        return found

    def _away(
        self, devices: NDArray[np.int64], absent: NDArray[np.int64], policy: NDArray[np.int32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
        away = np.zeros((self._reading.length, len(devices)), bool)
        since = np.full(len(devices), NO_DAY, np.int32)
        for column in absent.tolist():
            for start, end in self._reading.absences[int(devices[column])]:
                first, last = start - self._reading.first, end - self._reading.first
                after = last + int(self._policies.after_absence[policy[column]])
                away[max(0, first) : max(0, after + 1), column] = True
                if first <= self._reading.length - 1 <= last:
                    since[column] = first
        return away, since

    def _write(self, rows: NDArray[np.int64], block: Block, found: Judged) -> None:
        values, first = self._found.values, self._reading.first
        proven = np.isin(found.verdict, _PROVEN)
        values["verdict"][rows], values["step"][rows] = found.verdict, found.step
        lasting = (found.since > NO_DAY) & (found.verdict != code(Verdict.USED))
        values["since"][rows] = np.where(lasting, found.since + first, np.nan)
        for name, column in (
            ("days", found.days),
            ("unheard_days", found.unheard_days),
            ("absent_days", found.absent_days),
            ("quiet_days", found.quiet_days),
            ("note_days", found.note),
            ("contact_days", found.contact),
            ("propose_days", found.propose),
            ("usual_gap_days", found.rhythm.usual),
            ("longest_gap_days", found.rhythm.longest),
        ):
            values[name][rows] = np.where(proven, column, np.nan)
        values["note_days"][rows[found.verdict == code(Verdict.TOO_EARLY)]] = found.note[
            found.verdict == code(Verdict.TOO_EARLY)
        ]
        quiet = np.isin(found.verdict, [code(Verdict.SILENT), code(Verdict.SOURCE_LOST)])
        for name, column, told in (
            ("last_used_day", found.last_used, proven),
            ("last_heard_day", found.last_heard, proven | quiet),
        ):
            values[name][rows] = np.where(told & (column > NO_DAY), column + first, np.nan)
        values["other_device_no"][rows] = np.where(found.other > 0, found.other, np.nan)
        values["double_days"][rows] = found.double_days
        lost = found.verdict == code(Verdict.SOURCE_LOST)
        source = self._facts["source"][rows]
        values["source_id"][rows] = np.where(lost & (source > 0), source, np.nan)
        model = self._facts["model"][rows]
        today = self._rent[-1, model]
        values["rent_sek"][rows] = np.where(today > 0, np.round(today * float(DAYS_PER_MONTH), 2), np.nan)
        some = np.flatnonzero(proven)
        cost = np.einsum("dn,dn->n", found.idle[:, some], self._rent[:, model[some]])
        values["cost_sek"][rows[some]] = np.round(cost, 2)
        strips = marks(block, found, some.astype(np.int32))
        self._found.recent[rows[some], MARKED_DAYS - strips.shape[1] :] = strips

    def _stand(self, rows: NDArray[np.int64], block: Block, found: Judged, patience: Patience) -> None:
        """What the next run must know of these devices."""
        after = stand_after(block, found, self._policies, self._next_absence(rows), patience)
        told, first = self._found.next, self._reading.first
        told["stand"][rows] = np.select([after.plain, after.spoken], [PLAIN, SPOKEN])
        told["again"][rows] = np.where(after.again == NO_LOAN, NEVER_AGAIN, np.minimum(after.again + first, _LAST_DAY))
        told["used_day"][rows] = np.where(after.plain, found.last_used + first, 0)
        told["calm"][rows] = np.where(after.plain, after.calm + first, 0)
        told["patience"][rows] = np.where(after.plain, after.patience, 0)

    def _next_absence(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """The next day on which a registered absence begins or is over, as a place in the window; NO_LOAN."""
        again = np.full(len(rows), NO_LOAN, np.int32)
        devices = self._facts["device_no"][rows]
        for place in self._absent_of(rows).tolist():
            for span in self._reading.absences[int(devices[place])]:
                borders = (span[0] - self._reading.first, span[1] + 1 - self._reading.first)
                coming = [border for border in borders if self._reading.length <= border < NO_LOAN // 2]
                again[place] = min([int(again[place]), *coming])
        return again

    def _second_opinion(self, rows: NDArray[np.int64], found: Judged) -> Patience:
        """P(still in use) where a device was ever used and its model has been learnt; and what to learn from.

        Returns:
            For how many days without use a device is told as certainly in use; a week at most, as then all are judged
            anew.
        """
        model = self._facts["model"][rows]
        known = (found.last_used >= 0) & np.isin(found.verdict, [*_PROVEN, code(Verdict.USED), code(Verdict.TOO_EARLY)])
        p, low, high = (np.full(len(rows), np.nan) for _ in range(3))
        week = np.full(len(rows), LEARN_AFTER.days, np.int32)
        patience = Patience(always=week, more=week.copy())
        for place in np.unique(model[known]).tolist():
            chosen = np.flatnonzero(known & (model == place))
            self._sample(place, found, chosen)
            expert = self._expert(place)
            if expert is None:
                continue
            p[chosen] = expert.in_use(found.rhythm.histogram[chosen], found.current_gap[chosen])
            flagged = chosen[np.isin(found.verdict[chosen], _PROVEN) | (p[chosen] < _CERTAIN)]
            if len(flagged):
                told = expert.interval(found.rhythm.histogram[flagged], found.current_gap[flagged])
                low[flagged], high[flagged] = told
            patience.always[chosen], patience.more[chosen] = -1, -1
            sure = chosen[p[chosen] >= _SURE]
            histogram = found.rhythm.histogram[sure]
            patience.always[sure] = expert.patience(histogram, _SURE)
            patience.more[sure] = expert.lasting(histogram, found.current_gap[sure], _SURE)
        hold_back(found, high)
        values = self._found.values
        for name, column in (("p_in_use", p), ("p_low", low), ("p_high", high)):
            values[name][rows] = np.round(column, 2)
        values["opinion"][rows] = np.where(np.isnan(p), 0, np.where(_disagrees(found, p), 2, 1))
        return patience

    def _expert(self, place: int) -> Expert | None:
        name, key = self._models.profiles[place - 1].name, self._models.keys[place - 1]
        learnt = (name, key) if (name, key) in self._reading.fits else (name, "")
        if learnt not in self._experts and learnt in self._reading.fits:
            self._experts[learnt] = Expert.of(self._reading.fits[learnt])
        return self._experts.get(learnt)

    def _sample(self, place: int, found: Judged, chosen: NDArray[np.int64]) -> None:
        key = (self._models.profiles[place - 1].name, self._models.keys[place - 1])
        sample = self._found.samples.setdefault(key, Sample())
        wanted = max(0, LEARNT_FROM - sum(map(len, sample.gaps)))
        sample.histograms.append(found.rhythm.histogram[chosen[:wanted]])
        sample.gaps.append(found.current_gap[chosen[:wanted]])

    def _content(self, rows: NDArray[np.int64]) -> None:
        """One number per device that changes with its row; never 0, which means that there is no row."""
        mixed = self._facts["loan_at"][rows]  # the row of an earlier loan never says the same
        for name in _NUMBERS:
            column = np.nan_to_num(self._found.values[name][rows] * 100, nan=-7.0).astype(np.int64)
            mixed = mixed * _MIX + column
            mixed ^= mixed >> 29
        self._found.content[rows] = np.where(mixed == 0, 1, mixed)


def pieces_of(block: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Places of devices in pieces to judge: whole blocks, together where they are BLOCK devices at most.

    Args:
        block: per device its block, rising.
    """
    ends = np.flatnonzero(np.diff(block, append=-1)) + 1
    pieces, start, last = list[NDArray[np.int64]](), 0, 0
    for end in ends.tolist():
        if end - start > BLOCK:
            pieces.append(np.arange(start, last))
            start = last
        last = end
    return [*pieces, np.arange(start, last)] if last else pieces


def policy_of(models: Models, policies: Policies) -> NDArray[np.int32]:
    """Per model, numbered as in `Models`, the place of its policy; a model that no profile describes has the first."""
    named = zip(models.profiles, models.policies, strict=True)
    return np.array([0, *(policies.index[profile.name, policy] for profile, policy in named)], np.int32)


def days_behind(models: Models, now: datetime) -> NDArray[np.int32]:
    """Per model how many days its class's local day is behind the calendar's: those that begin at noon, before noon."""
    today = local_day(now)
    behind = [(today - local_day(now, profile.usage.day_starts_at_hour)).days for profile in models.profiles]
    return np.array([0, *behind], np.int32)


def source_of(facts: Columns, models: Models) -> NDArray[np.int64]:
    """A source per device: the one registered, else its model's maker as a negative number; 0 where neither is."""
    makers = {maker: -number for number, maker in enumerate(dict.fromkeys(models.makers), 1)}
    of_model = np.array([0, *(makers[maker] for maker in models.makers)])
    found: NDArray[np.int64] = np.where(facts["source"] > 0, facts["source"], of_model[facts["model"]])
    return found


def _disagrees(found: Judged, p: Array) -> NDArray[np.bool_]:
    doubted = found.held_back & (found.past_limit >= ANSWER_DAYS) | (found.held_back & (p >= DOUBT))
    against: NDArray[np.bool_] = doubted | ((found.verdict == code(Verdict.USED)) & (p < _UNLIKELY))
    return against


def _shifted(days: NDArray[np.int64], first: int) -> NDArray[np.int32]:
    """Days counted from the window's first; what was never or is no loan stays what it is."""
    return np.where(np.abs(days) >= -NO_DAY, days, days - first).astype(np.int32)
