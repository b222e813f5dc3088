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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How devices stood after the latest run, one entry per device.

    Attributes:
        verdict: place in Verdict, or NOT_YET.
        steady: used, with no day since the last use that proves non-use, and no other device or absence in it.
        spoken: its days alone would make it silent; it sent something else since, and `again` says how long that lasts.
        again: the first day whose mere passing may change the verdict; NEVER_AGAIN.
        silent_after: days after which a device that is not heard counts as silent.
    """

    verdict: NDArray[np.uint8]
    steady: Flags
    spoken: Flags
    again: Whole
    silent_after: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest days of the same devices: more than the longest `silent_after`.

    Attributes:
        heard, used: days x devices, the last one being `day`.
        touched: whether a day of the device became heard or used since the latest run, however old.
        day: the Swedish day of the judgement, counted as `again` is.
        today: per device its class's local day, as a place in `heard`.
    """

    heard: Flags
    used: Flags
    touched: Flags
    day: int
    today: Whole


def stand_after(block: Block, found: Judged, policies: Policies, absence: Whole) -> tuple[Flags, Flags, Whole]:
    """Per device whether it is steady or spoken, and the first day whose mere passing may change its verdict (`Stand`).

    Args:
        block: what was known.
        found: how it was judged.
        policies: of the same window.
        absence: the next day on which a registered absence begins or is over; NO_LOAN where none does.

    Returns:
        steady, spoken, and days as places in the window, NO_LOAN where no day changes anything.
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
    no_gap = (found.current_gap == 0) & (found.quiet_days == 0) & (found.last_used >= 0)
    return (found.verdict == code(Verdict.USED)) & no_gap & alone & ~spoken, spoken, again


def must_look(stand: Stand, latest: Latest) -> Flags:
    """Which devices may have another verdict now.

    Args:
        stand: after the latest run.
        latest: what is known now.
    """
    heard, used = latest.heard, latest.used
    number = np.arange(len(heard), dtype=np.int32)[:, None]
    last_used, last_heard = last_day(used), last_day(heard)
    proves = (heard & ~used & (number > last_used) & (number < last_heard)).any(axis=0)
    still_steady = stand.steady & (last_used >= 0) & ~proves
    fell_silent = np.isin(stand.verdict, _SPEAKS) & (latest.today - last_heard > stand.silent_after)
    due = (stand.again != NEVER_AGAIN) & (stand.again <= latest.day)
    fell_silent &= ~stand.spoken
    found: Flags = (stand.verdict != NOT_YET) & (due | fell_silent | (latest.touched & ~still_steady))
    return found
