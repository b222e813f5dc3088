"""Which devices must be judged again, pure: those whose verdict can have become another one since it was made.

Most devices of a fleet are used every day or nearly, and a day more changes nothing that their verdict says. Who is
left out here is shown to have the same verdict by the same rule (`fleet/idle_fleet.py`); whoever is in doubt is judged.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fleet.idle import Verdict
from fleet.idle_fleet import NO_DAY, NO_LOAN, Block, Judged, code, last_day
from fleet.idle_policies import Flags, Policies, Whole

NOT_YET: Final = 255
"""In the place of a verdict: the device has none."""
NEVER_AGAIN: Final = 0
"""In the place of a day: no day by its mere passing changes the verdict."""
_SPEAKS: Final = [
    code(verdict)
    for verdict in (Verdict.USED, Verdict.TOO_EARLY, Verdict.UNUSED, Verdict.NEVER_STARTED, Verdict.REPLACED)
]

_TELLS_LAST_DAY: Final = [
    code(verdict)
    for verdict in (
        *(Verdict.SILENT, Verdict.SOURCE_LOST, Verdict.NEVER_CONNECTED),
        *(Verdict.UNUSED, Verdict.NEVER_STARTED, Verdict.REPLACED),
    )
]

_LATE: Final = 3
"""What comes so many days after its day is late."""
LATEST: Final = 7 + _LATE + 2
"""So many days must be known: a use since a judgement of the week is among them, or was late and judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How devices stood after the latest run, one entry per device.

    Attributes:
        verdict: place in Verdict, or NOT_YET.
        plain: used, and that is all there is to say: no other device or absence in it, no doubt of the second opinion.
        patience: so many days since a last use may prove non-use until there is more to say.
        used_day: the day of the last use, counted as `again` is.
        calm: the last day on which there is surely no more to say, while that is the last use.
        spoken: its days alone would make it silent; it sent something else since, and `again` says how long that lasts.
        again: the first day whose mere passing may change the verdict; NEVER_AGAIN.
        silent_after: days after which a device that is not heard counts as silent.
    """

    verdict: NDArray[np.uint8]
    plain: Flags
    patience: Whole
    used_day: Whole
    calm: Whole
    spoken: Flags
    again: Whole
    silent_after: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest days of the same devices: more than the longest `silent_after`, and than LATEST.

    Attributes:
        heard, used: days x devices, the last one being `day`.
        news: days x devices: whether that day became heard or used since the latest run.
        older: whether a day before these did.
        day: the Swedish day of the judgement, counted as `again` is.
        today: per device its class's local day, as a place in `heard`.
    """

    heard: Flags
    used: Flags
    news: Flags
    older: Flags
    day: int
    today: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a judgement says of devices to the next run; days are places in the window.

    Attributes:
        plain, patience, calm, spoken: as in `Stand`.
        again: the first day whose mere passing may change the verdict; NO_LOAN where no day does.
    """

    plain: Flags
    patience: Whole
    calm: Whole
    spoken: Flags
    again: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the second opinion says the same of devices, in days without use; negative where it has a doubt already.

    Attributes:
        always: from a last use on, however the device is used until then (`fleet.alive.Expert.patience`).
        more: from the judgement on, while the last use is the same.
    """

    always: Whole
    more: Whole


def stand_after(block: Block, found: Judged, policies: Policies, absence: Whole, patience: Patience) -> Standing:
    """How devices stand after a judgement.

    Args:
        block: what was known.
        found: how it was judged.
        policies: of the same window.
        absence: the next day on which a registered absence begins or is over; NO_LOAN where none does.
        patience: the second opinion's.
    """
    training = block.loan + policies.training[block.policy]
    waits = (found.verdict == code(Verdict.TOO_EARLY)) & (block.today < training)
    excused = (block.away_since != NO_DAY) & (found.last_used >= block.today - 2)
    again = np.where(waits, np.minimum(absence, training), absence)
    again = np.where(excused, np.minimum(again, found.last_used + 3), again).astype(np.int32)
    alone = (found.other == 0) & (found.double_days == 0) & (again == NO_LOAN)
    silent_after = policies.silent_after[block.policy]
    quiet_days = block.today - last_day(block.heard & found.lent) > silent_after
    spoken = np.isin(found.verdict, _SPEAKS) & quiet_days & (block.today - found.last_heard <= silent_after)
    again = np.where(spoken, np.minimum(again, found.last_heard + silent_after + 1), again).astype(np.int32)
    plain = (found.verdict == code(Verdict.USED)) & (found.last_used >= 0) & (patience.more >= 0) & alone & ~spoken
    # The person's own rhythm may have raised the limit, and lower it again when the device is used.
    always = np.minimum(patience.always, policies.note[block.policy] - 1)
    # A day that passes proves non-use of one day more at most, and the day of the judgement itself may still do so.
    more = np.minimum(patience.more, found.note - 1 - found.gap_days)
    calm = (block.today + more - 1).astype(np.int32)
    return Standing(plain=plain, patience=always.astype(np.int32), calm=calm, spoken=spoken, again=again)


def must_look(stand: Stand, latest: Latest) -> Flags:
    """Which devices may have another verdict now.

    Who is plain and is used, or is not for fewer days than could change anything, has nothing more to say, unless a day
    before the last use became another, or one long past: the rhythm by which a gap is measured is then no longer what
    it was.

    Args:
        stand: after the latest run, at most a week ago.
        latest: what is known now.
    """
    heard, used = latest.heard, latest.used
    number = np.arange(len(heard), dtype=np.int32)[:, None]
    last_used, last_heard = last_day(used), last_day(heard)
    first = latest.day - (len(heard) - 1)
    gap = (heard & ~used & (number > last_used) & (number < last_heard)).sum(axis=0, dtype=np.int32)
    same_use = np.where(last_used >= 0, first + last_used == stand.used_day, stand.used_day < first)
    waits = ((last_used >= 0) & (gap <= stand.patience)) | (same_use & (latest.day <= stand.calm))
    late = (latest.news & ((number < last_used) | (number < len(heard) - _LATE))).any(axis=0) | latest.older
    still_plain = stand.plain & waits & ~late
    touched = latest.news.any(axis=0) | latest.older
    fell_silent = np.isin(stand.verdict, _SPEAKS) & (latest.today - last_heard > stand.silent_after)
    due = (stand.again != NEVER_AGAIN) & (stand.again <= latest.day)
    fell_silent &= ~stand.spoken
    found: Flags = (stand.verdict != NOT_YET) & (due | fell_silent | (touched & ~still_plain))
    return found


def may_be_seen(stand: Stand, latest: Latest) -> Flags:
    """Whose verdict a message without data may change: it tells a last day, and the newest was not heard already."""
    place = np.arange(len(latest.today))
    told = np.isin(stand.verdict, _TELLS_LAST_DAY)
    found: Flags = told & ~latest.heard[latest.today, place]
    return found
