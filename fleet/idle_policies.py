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


@dataclass(frozen=True, slots=True)
class Policies:
    """One entry per class and policy.

    Attributes:
        index: (class, policy) to the entry's place.
        quiet: window days x entries: whether the day lies in a quiet month.
        quiet_propose: NEVER where a policy has no quiet months.
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


def policies_over(registry: Registry, first_day: date, days: int) -> Policies:
    """The policies of every class, over `days` days from `first_day` on."""
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
    )


def _whole(entries: list[tuple[str, IdlePolicy]], name: str) -> Whole:
    found = [getattr(policy, name) for _, policy in entries]
    return np.array([NEVER if value is None else value for value in found], dtype=np.int32)
