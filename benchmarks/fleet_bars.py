"""The bars of a regional run: what it was to reach, what it reached, and whether that is enough. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from benchmarks.fleet_results import FleetRun

LIVE_MILLISECONDS: Final = 1_000.0
LIVE_MILLISECONDS_OF_A_COUNTRY: Final = 2_000.0
LIVE_MILLISECONDS_BESIDE_BACKLOG: Final = 5_000.0
BACKLOG_PER_SECOND: Final = 3_000.0
OUTSIDE_GENERATOR: Final = 0.5
A_REGION: Final = 500_000
SWARM_MEBIBYTES: Final = 1_024.0
SWARM_MEBIBYTES_OF_A_COUNTRY: Final = 5_120.0


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar.

    Attributes:
        at_most: whether the value must not exceed the limit; else it must reach it.
    """

    name: str
    value: float
    limit: float
    at_most: bool = True

    @property
    def held(self) -> bool:
        """Whether it is good enough."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def __str__(self) -> str:
        return f"{self.name} is {self.value:g}, {'at most' if self.at_most else 'at least'} {self.limit:g} is wanted"


def bars(run: FleetRun) -> list[Bar]:
    """Those that a run of this kind is held against; what was stored is judged elsewhere."""
    return list(_bars(run))


def _bars(run: FleetRun) -> Iterator[Bar]:
    country = run.devices > A_REGION
    if run.backlog_readings:
        yield Bar(
            name="stored-up readings a second", value=run.backlog_per_second, limit=BACKLOG_PER_SECOND, at_most=False
        )
        beside = run.lag_beside_backlog or run.lag
        yield Bar(name="p99 of live messages beside it, ms", value=beside.p99, limit=LIVE_MILLISECONDS_BESIDE_BACKLOG)
    else:
        limit = LIVE_MILLISECONDS_OF_A_COUNTRY if country else LIVE_MILLISECONDS
        yield Bar(name="p99 of live messages, ms", value=run.lag.p99, limit=limit)
        if not country:
            yield Bar(name="share of two cores outside the swarm", value=run.outside_generator, limit=OUTSIDE_GENERATOR)
    yield Bar(
        name="memory of the swarm, MiB",
        value=run.swarm.peak_mebibytes,
        limit=SWARM_MEBIBYTES_OF_A_COUNTRY if country else SWARM_MEBIBYTES,
    )
    yield Bar(name="messages that the broker threw away", value=float(run.dropped), limit=0.0)
