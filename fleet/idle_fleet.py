"""The idle verdict, pure and for thousands of devices at once: which verdict each has, since when, and its numbers.

Arrays are window days x devices; the window's last day is the day of the judgement. A day before the open loan is never
looked at, so that no sequence of loans lets one borrower's days speak about the next. The decision reads like a list of
questions in `_verdicts`; everything above it counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fleet.idle import PROVEN_UNUSED, DayMark, Step, Verdict
from fleet.idle_gaps import Rhythm, rhythm
from fleet.idle_policies import Flags, Policies, Whole

NO_DAY: Final = -1_000_000
"""A day that never was."""
NO_LOAN: Final = 1_000_000
"""The first day of a loan that is not."""
MARKED_DAYS: Final = 90
ANSWER_DAYS: Final = 14
"""From the limit on the prescriber is asked; so many days later a return is proposed unless use is DOUBT probable."""
RULED_OUT: Final = 0.005
"""Below this the second opinion rules use out, and a return is proposed at the limit without asking first."""
DOUBT: Final = 0.15
"""No return is ever proposed while the second opinion holds use to be this probable."""
SEASON_KNOWN: Final = 30
"""Days on which a person was heard in a season before it says anything about that person."""
_OTHER_TOOK_OVER: Final = 3  # days of the other device since this one's last use: one night abroad is no replacement
_VERDICTS: Final = list(Verdict)
_STEPS: Final = list(Step)


@dataclass(frozen=True, slots=True)
class Other:
    """Another device of the same person and class: the column it concerns, its number, and the days it was used."""

    column: int
    device_no: int
    used: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What is known of some devices over the window.

    Attributes:
        heard, used: days x devices; a used day is a heard day.
        away: days x devices of registered absences, with the days after them that do not count.
        away_since: first day of an absence that covers the last day; NO_DAY without one.
        loan: the first day of the open loan alone, by its place in the window, before it if negative; NO_LOAN.
        today: per device, the class's local day at the moment of the judgement.
        last_seen: the day of the latest message of any kind; NO_DAY.
        policy: place in `Policies`.
        interval: prescribed days between uses; 0 where nothing is prescribed.
        source_lost: since when the device's source has stood still; NO_DAY.
        replaced: from which day a person has registered that another device took over; NO_DAY.
        replaced_by: that device's number; 0.
    """

    heard: Flags
    used: Flags
    away: Flags
    away_since: Whole
    loan: Whole
    today: Whole
    can_report: Flags
    last_seen: Whole
    policy: Whole
    interval: Whole
    source_lost: Whole
    replaced: Whole
    replaced_by: Whole
    others: Sequence[Other] = ()


@dataclass(slots=True, kw_only=True)
class Judged:
    """Verdicts and the numbers behind them, one entry per device; days are places in the window.

    Attributes:
        verdict, step: places in Verdict and Step.
        days: days proven unused where the verdict says so, else days since `since`.
        gap_days: days proven unused since the last use, whatever the verdict.
        idle: days x devices: the days proven unused since `since`, which `cost` is reckoned from.
        current_gap: opportunities since the last use, for the second opinion.
        past_limit: days beyond the limit of a proposal; negative before it.
        held_back: whether the rule reached a proposal that the second opinion keeps at contact.
    """

    verdict: NDArray[np.uint8]
    step: NDArray[np.uint8]
    since: Whole
    days: Whole
    gap_days: Whole
    last_used: Whole
    last_heard: Whole
    used_days: Whole
    heard_days: Whole
    unheard_days: Whole
    absent_days: Whole
    quiet_days: Whole
    note: Whole
    contact: Whole
    propose: Whole
    other: Whole
    double_days: Whole
    current_gap: Whole
    past_limit: Whole
    held_back: Flags
    rhythm: Rhythm
    idle: Flags
    lent: Flags


def code(verdict: Verdict) -> int:
    """The place of a verdict."""
    return _VERDICTS.index(verdict)


def step_code(step: Step) -> int:
    """The place of a step."""
    return _STEPS.index(step)


def judge(block: Block, policies: Policies) -> Judged:
    """The verdicts on a block of devices."""
    counted = _count(block, policies)
    _limits(counted, block, policies)
    _others(counted, block)
    _verdicts(counted, block, policies)
    _steps(counted, block, policies)
    return counted


def _count(block: Block, policies: Policies) -> Judged:
    """Counts days. Nothing here decides anything but which days prove non-use."""
    day = np.arange(block.heard.shape[0], dtype=np.int32)[:, None]
    lent = day >= block.loan
    used = block.used & lent
    heard = (block.heard & lent) | used
    last_used, last_heard, first_heard = last_day(used), last_day(heard), _first_day(heard)
    proven = heard & ~used & (day < last_heard)
    chance = proven & ~block.away
    quiet = policies.quiet.take(block.policy, axis=1)  # not by index: that would turn rows and columns in memory
    ordinary = chance & ~quiet
    since = np.where(last_used >= 0, last_used, first_heard)
    after = (day > last_used) & lent
    open_days = after & (day < last_heard) & (day >= first_heard)
    idle = chance & after
    idle_days, ordinary_days = _days(idle), _days(ordinary & after)
    counted = Judged(
        verdict=np.zeros(len(since), np.uint8),
        step=np.zeros(len(since), np.uint8),
        since=since.astype(np.int32),
        days=idle_days,
        gap_days=idle_days,
        last_used=last_used,
        last_heard=last_heard,
        used_days=_days(used),
        heard_days=_days(heard),
        unheard_days=_days(open_days & ~heard & ~block.away),
        absent_days=_days(open_days & block.away),
        quiet_days=idle_days - ordinary_days,
        note=policies.note[block.policy],
        contact=policies.contact[block.policy],
        propose=policies.propose[block.policy],
        other=block.replaced_by.copy(),
        double_days=np.zeros(len(since), np.int32),
        current_gap=np.where(last_used >= 0, ordinary_days, 0).astype(np.int32),
        past_limit=np.zeros(len(since), np.int32),
        held_back=np.zeros(len(since), bool),
        rhythm=rhythm(used, chance, quiet, policies.quiet_worth[block.policy]),
        idle=idle,
        lent=lent,
    )
    _quiet_gap(counted, heard & ~block.away, used, quiet, policies.quiet_worth[block.policy])
    return counted


def _quiet_gap(found: Judged, heard: Flags, used: Flags, quiet: Flags, fleet: NDArray[np.float64]) -> None:
    """Adds to the present gap what the quiet days in it are worth, by the same person's use in both seasons so far.

    A person who drove every tenth winter day and every other summer day makes five winter days worth one summer day.
    Where a season of the person is not known for SEASON_KNOWN days, a quiet day is worth what it is in the `fleet`.
    """
    columns = np.flatnonzero(quiet.any(axis=0) & (found.quiet_days > 0) & (found.last_used >= 0))
    if not len(columns):
        return
    before = np.arange(len(heard))[:, None] <= found.last_used[columns]
    seen, met, still = (flags.take(columns, axis=1) for flags in (heard, used, quiet))
    seen &= before
    known_quiet, known_ordinary = _days(seen & still), _days(seen & ~still)
    known = (known_quiet >= SEASON_KNOWN) & (known_ordinary >= SEASON_KNOWN)
    often_quiet = _days(met & still) / np.maximum(known_quiet, 1)
    often_ordinary = _days(met & ~still) / np.maximum(known_ordinary, 1)
    worth = np.where(known, np.minimum(1.0, often_quiet / np.maximum(often_ordinary, 1e-9)), fleet[columns])
    found.current_gap[columns] += np.floor(worth * found.quiet_days[columns]).astype(np.int32)


def _limits(found: Judged, block: Block, policies: Policies) -> None:
    """The class's limits, no lower than four prescribed intervals and twice the person's own longest usual gap."""
    least = np.maximum(4 * block.interval, np.ceil(2 * np.nan_to_num(found.rhythm.longest)).astype(np.int32))
    for name in ("note", "contact", "propose"):
        setattr(found, name, np.maximum(getattr(policies, name)[block.policy], least).astype(np.int32))


def _others(found: Judged, block: Block) -> None:
    """Whether another device of the same person was used since this one's last use, and on the same days."""
    for other in block.others:
        column = other.column
        mine = block.used[:, column] & found.lent[:, column]
        both = int(np.count_nonzero(other.used & mine))
        after = int(np.count_nonzero(other.used[max(0, found.last_used[column] + 1) :]))
        found.double_days[column] += both
        if found.other[column] == 0 and (both or after >= _OTHER_TOOK_OVER):
            found.other[column] = other.device_no


def _verdicts(found: Judged, block: Block, policies: Policies) -> None:
    """The questions in their order; the first that is answered with yes gives the verdict."""
    policy, today = block.policy, block.today
    heard_last = np.maximum(found.last_heard, np.where(block.last_seen >= block.loan, block.last_seen, NO_DAY))
    silent = today - heard_last > policies.silent_after[policy]
    ever_used = found.last_used >= 0
    enough = found.days >= found.note
    training = today - block.loan < policies.training[policy]
    took_over = np.zeros(len(today), bool)
    for other in block.others:
        after = np.count_nonzero(other.used[max(0, found.last_used[other.column] + 1) :])
        took_over[other.column] |= after >= _OTHER_TOOK_OVER
    registered = (block.replaced != NO_DAY) & (found.last_used < block.replaced)
    recently_used = found.last_used >= today - 2
    questions: list[tuple[Flags, Verdict, Whole]] = [
        (block.loan == NO_LOAN, Verdict.IN_STOCK, np.full_like(today, NO_DAY)),
        (~block.can_report, Verdict.CANNOT_REPORT, block.loan),
        ((block.away_since != NO_DAY) & ~recently_used, Verdict.ABSENT, block.away_since),
        (registered, Verdict.REPLACED, block.replaced),
        (heard_last < np.maximum(block.loan, NO_DAY + 1), Verdict.NEVER_CONNECTED, block.loan),
        (silent & (block.source_lost != NO_DAY), Verdict.SOURCE_LOST, block.source_lost),
        (silent, Verdict.SILENT, heard_last),
        (ever_used & ~enough, Verdict.USED, found.last_used),
        (training | ~enough, Verdict.TOO_EARLY, np.where(found.since >= 0, found.since, block.loan)),
        (took_over, Verdict.REPLACED, found.since),
        (ever_used, Verdict.UNUSED, found.last_used),
        (np.ones(len(today), bool), Verdict.NEVER_STARTED, found.since),
    ]
    conditions = [condition for condition, _, _ in questions]
    found.verdict = np.select(conditions, [code(verdict) for _, verdict, _ in questions]).astype(np.uint8)
    found.since = np.select(conditions, [since for _, _, since in questions]).astype(np.int32)
    proven = _proven(found)
    found.days = np.where(proven, found.days, np.where(found.since == NO_DAY, 0, today - found.since)).astype(np.int32)
    found.idle &= proven
    found.last_heard = np.where(heard_last > NO_DAY, heard_last, NO_DAY).astype(np.int32)
    found.other = np.where(proven | (found.double_days > 0), found.other, 0).astype(np.int32)


def _steps(found: Judged, block: Block, policies: Policies) -> None:
    """The step that the counted days reach; none for who was not heard lately, and no proposal on thin evidence."""
    ordinary = found.days - np.where(_proven(found), found.quiet_days, 0)
    quiet_limit = np.maximum(policies.quiet_propose[block.policy], found.propose)
    step = (ordinary >= found.note).astype(np.uint8) + (ordinary >= found.contact)
    found.past_limit = np.maximum(ordinary - found.propose, found.days - quiet_limit).astype(np.int32)
    # Who has never used it has shown no rhythm: that is asked about first, and a quiet season alone proves nothing.
    asked = (found.past_limit >= ANSWER_DAYS) & (ordinary >= found.note)
    told = (found.last_used >= 0) | (block.replaced != NO_DAY) | asked
    reached = np.where(told, step_code(Step.PROPOSE), np.maximum(step, step_code(Step.CONTACT)))
    step = np.where(found.past_limit >= 0, reached, step)
    thin = found.days < found.unheard_days
    inferred = (found.verdict == code(Verdict.REPLACED)) & (block.replaced == NO_DAY)
    step = np.where(thin | inferred, np.minimum(step, step_code(Step.CONTACT)), step)
    heard_lately = block.today - found.last_heard <= policies.silent_after[block.policy]
    found.step = np.where(_proven(found) & heard_lately, step, 0).astype(np.uint8)


def hold_back(found: Judged, in_use: NDArray[np.float64]) -> None:
    """Keeps at contact every proposal on a device that may still be in use; nothing is ever raised by this.

    Args:
        found: verdicts of `judge`; its steps are lowered.
        in_use: the upper end of P(still in use) per device; NaN where there is no second opinion, and the rule stands.
    """
    registered = found.verdict == code(Verdict.REPLACED)  # an inferred one never reaches a proposal
    doubtful = in_use >= np.where(found.past_limit >= ANSWER_DAYS, DOUBT, RULED_OUT)
    found.held_back = (found.step == step_code(Step.PROPOSE)) & doubtful & ~registered
    found.step = np.where(found.held_back, step_code(Step.CONTACT), found.step).astype(np.uint8)


def _proven(found: Judged) -> Flags:
    return np.isin(found.verdict, [code(verdict) for verdict in PROVEN_UNUSED])


def marks(block: Block, found: Judged, columns: Whole) -> NDArray[np.uint8]:
    """Devices x days: the latest MARKED_DAYS days of some, a letter each (`DayMark`) by its code, newest last."""
    late = slice(-MARKED_DAYS, None)
    used, lent = block.used[late, columns], found.lent[late, columns]
    letters = np.full(used.shape, ord(DayMark.UNHEARD), np.uint8)
    letters[block.heard[late, columns]] = ord(DayMark.UNUSED)
    letters[block.away[late, columns]] = ord(DayMark.AWAY)
    letters[used] = ord(DayMark.USED)
    places = {int(column): place for place, column in enumerate(columns)}
    for other in block.others:
        if other.column in places:
            place = places[other.column]
            letters[used[:, place] & other.used[late], place] = ord(DayMark.BOTH)
    letters[~lent] = ord(DayMark.BEFORE)
    return letters.T


def last_day(flags: Flags) -> Whole:
    """Per device the last day with a flag; NO_DAY where there is none."""
    latest = _highest(flags, np.arange(1, len(flags) + 1, dtype=np.int16))
    return np.where(latest > 0, latest - 1, NO_DAY).astype(np.int32)


def _first_day(flags: Flags) -> Whole:
    left = _highest(flags, np.arange(len(flags), 0, -1, dtype=np.int16)).astype(np.int32)
    return np.where(left > 0, len(flags) - left, NO_DAY).astype(np.int32)


def _highest(flags: Flags, numbers: NDArray[np.int16]) -> NDArray[np.int32]:
    """Per device the highest number of a day with a flag, 0 without one; a day at a time, as they lie."""
    highest: NDArray[np.int32] = (flags * numbers[:, None]).max(axis=0, initial=0).astype(np.int32)
    return highest


def _days(flags: Flags) -> Whole:
    counted: Whole = np.sum(flags, axis=0, dtype=np.int32)
    return counted
