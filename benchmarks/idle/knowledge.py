"""What the platform knew of a part of the made-up region on a given day, and the verdicts it could make of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.idle.region import KINDS, NO_DAY, Outages, Region
from fleet import idle_fleet
from fleet.idle_fleet import NO_LOAN, Block, Judged, judge
from fleet.idle_policies import Policies, learn_quiet_worth, policies_over
from fleet.idle_sources import lost_since
from fleet.registry import Registry, load_registry

Flags = NDArray[np.bool_]
Whole = NDArray[np.int32]
Judge = Callable[[Block, Policies], Judged]

FIRST: Final = date(2025, 12, 1)
_LENT_LONG_AGO: Final = -400


@cache
def registry() -> Registry:
    """The classes, read once."""
    return load_registry()


@cache
def policies_until(today: int) -> Policies:
    """The policies over the days up to one."""
    return policies_over(registry(), FIRST, today + 1)


def quiet_worth(known: "Knowledge", today: int) -> NDArray[np.float64]:
    """What a quiet day is worth per policy, as the region has shown it by a day."""
    policies, region = policies_until(today), known.region
    heard, used = region.heard[: today + 1], region.used[: today + 1]
    met, seen = (np.zeros((len(policies.note), 2), np.int64) for _ in range(2))
    for place in np.unique(known.policy).tolist():
        columns = np.flatnonzero(known.policy == place)
        for number, days in enumerate((~policies.quiet[:, place], policies.quiet[:, place])):
            met[place, number] = np.count_nonzero(used[days][:, columns])
            seen[place, number] = np.count_nonzero(heard[days][:, columns])
    return learn_quiet_worth(met, seen)


class Knowledge:
    """One part of a region, seen day by day with what had arrived by then."""

    def __init__(self, region: Region, outages: Outages, judged_by: Judge = judge) -> None:
        self.region = region
        self.quiet_worth: NDArray[np.float64] | None = None  # as learnt elsewhere
        self._judged_by = judged_by
        index = policies_until(0).index
        places = [index[kind.device_class, kind.policy] for kind in KINDS]
        self.policy: Whole = np.array(places, np.int32)[region.kind]
        gateways = outages.dead.shape[1]
        self._heard_by = np.stack(
            [region.heard[:, region.gateway == gateway].sum(axis=1) for gateway in range(gateways)], axis=1
        ).astype(np.int64)

    def on(self, today: int) -> tuple[Judged, Block, Policies]:
        """The verdicts of a day, what they were made from, and the policies."""
        policies = policies_until(today)
        if self.quiet_worth is not None:
            policies = replace(policies, quiet_worth=self.quiet_worth)
        block = self._block(today, policies)
        return self._judged_by(block, policies), block, policies

    def idle(self, today: int) -> Flags:
        """The truth: whom nobody uses any more on a day."""
        found: Flags = (self.region.stopped != NO_DAY) & (self.region.stopped <= today)
        return found

    def last_heard(self, today: int) -> Whole:
        """The truth: the last day on which each device was heard, whatever a verdict says of it."""
        return idle_fleet.last_day(self.region.heard[: today + 1])

    def absent(self, today: int) -> Flags:
        """The truth: whose absence is registered on a day."""
        found = np.zeros(len(self.region.kind), bool)
        found[[device for device, start, end in self.region.absences if start <= today <= end]] = True
        return found

    def _block(self, today: int, policies: Policies) -> Block:
        region, size = self.region, len(self.region.kind)
        day = np.arange(today + 1)[:, None]
        away, away_since = self._away(today, policies)
        replaced = np.full(size, idle_fleet.NO_DAY, np.int32)
        for device, since in region.replaced:
            if since <= today:
                replaced[device] = since
        lent = np.where(region.loan > today, NO_LOAN, region.loan)
        return Block(
            heard=region.heard[: today + 1],
            used=region.used[: today + 1] & (day + region.delay[: today + 1] <= today),
            away=away,
            away_since=away_since,
            loan=np.where(region.loan == NO_DAY, _LENT_LONG_AGO, lent).astype(np.int32),
            today=np.full(size, today, np.int32),
            can_report=np.ones(size, bool),
            last_seen=np.full(size, idle_fleet.NO_DAY, np.int32),
            policy=self.policy,
            interval=np.zeros(size, np.int32),
            source_lost=lost_since(self._heard_by[: today + 1], idle_fleet.NO_DAY)[region.gateway],
            replaced=replaced,
            replaced_by=np.where(replaced != idle_fleet.NO_DAY, 1, 0).astype(np.int32),
        )

    def _away(self, today: int, policies: Policies) -> tuple[Flags, Whole]:
        size = len(self.region.kind)
        away, since = np.zeros((today + 1, size), bool), np.full(size, idle_fleet.NO_DAY, np.int32)
        for device, start, end in self.region.absences:
            if start <= today:
                away[start : end + 1 + int(policies.after_absence[self.policy[device]]), device] = True
                if end >= today:
                    since[device] = start
        return away, since
