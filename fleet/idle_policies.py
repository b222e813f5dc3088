"""The idle policies of a registry as columns of numbers over a window of days, for `fleet/idle_fleet.py`; pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fleet.registry import Registry
from fleet.usage import IdlePolicy

Whole = NDArray[np.int32]
Flags = NDArray[np.bool_]

NEVER: Final = 1_000_000
"""A number of days that no limit reaches."""
QUIET_WORTH: Final = 0.5
"""Of a fleet that has not shown it yet: in winter half as many trips are made (domain.md 9)."""
_WORTH_STEP: Final = 0.05
_WORTH_DAYS: Final = 1000  # days of devices in each season, before a fleet has shown it


@dataclass(frozen=True, slots=True)
class Policies:
    """One entry per class and policy.

    Attributes:
        index: (class, policy) to the entry's place.
        quiet: window days x entries: whether the day lies in a quiet month.
        quiet_propose: NEVER where a policy has no quiet months.
        quiet_worth: what a quiet day is worth in ordinary days, by how much less the fleet is used in quiet months.
    """

    index: dict[tuple[str, str], int]
    note: Whole
    contact: Whole
    propose: Whole
    quiet_propose: Whole
    training: Whole
    silent_after: Whole
    after_absence: Whole
    quiet: Flags
    quiet_worth: NDArray[np.float64]


def policies_over(
    registry: Registry, first_day: date, days: int, quiet_worth: NDArray[np.float64] | None = None
) -> Policies:
    """The policies of every class, over `days` days from `first_day` on; `quiet_worth` as the fleet has shown it."""
    entries = [(profile.name, policy) for profile in registry for policy in profile.idle_policies]
    months = np.array([(first_day + timedelta(days=number)).month for number in range(days)])
    quiet = np.stack([np.isin(months, sorted(policy.quiet_months)) for _, policy in entries], axis=1)
    return Policies(
        index={(name, policy.name): place for place, (name, policy) in enumerate(entries)},
        note=_whole(entries, "note_days"),
        contact=_whole(entries, "contact_days"),
        propose=_whole(entries, "propose_days"),
        quiet_propose=_whole(entries, "quiet_propose_days"),
        training=_whole(entries, "training_days"),
        silent_after=_whole(entries, "silent_after_days"),
        after_absence=_whole(entries, "after_absence_days"),
        quiet=quiet,
        quiet_worth=np.full(len(entries), QUIET_WORTH) if quiet_worth is None else quiet_worth,
    )


def learn_quiet_worth(met: NDArray[np.int64], seen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Per entry how much less its devices are used on quiet days, as a factor from 0 to 1; QUIET_WORTH where unknown.

    Args:
        met: entries x (ordinary, quiet): days of devices on which they were used.
        seen: the same for days on which they were heard.
    """
    share = met / np.maximum(seen, 1)
    known = (seen >= _WORTH_DAYS).all(axis=1) & (met[:, 0] > 0)
    worth = np.minimum(share[:, 1] / np.maximum(share[:, 0], 1e-9), 1)
    # In steps, so that a day more of data does not change every verdict a little.
    found: NDArray[np.float64] = np.where(known, np.round(worth / _WORTH_STEP) * _WORTH_STEP, QUIET_WORTH)
    return found


def _whole(entries: list[tuple[str, IdlePolicy]], name: str) -> Whole:
    found = [getattr(policy, name) for _, policy in entries]
    return np.array([NEVER if value is None else value for value in found], dtype=np.int32)
