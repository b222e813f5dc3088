"""Ingest away for a while, and back: how fast the backlog goes, what it takes, and what the broker threw away."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fjarrkoll.chain.campaign import concluded, flowing
from fjarrkoll.chain.checking import stored_rows
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.report import Report
from fjarrkoll.chain.site import Site, SiteSettings
from fleet.plumbing.settings import Settings

_LIVE_RATE: Final = 200.0
_LIVE_SECONDS: Final = 2.0
_DRAIN_SECONDS: Final = 600.0
"""When to give up; how long it may take is `WANTED_SECONDS`."""
WANTED_SECONDS: Final = 60.0
WANTED_MEGABYTES: Final = 50.0
"""By how much ingest may outgrow its size before the outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long, and under what traffic.

    Attributes:
        messages: that come while ingest is away: 120,000 are ten minutes at 200 a second.
        rate: at which they come; a higher one makes the same backlog in less time.
        devices: that they come from.
    """

    messages: int
    rate: float
    devices: int = 400


async def endure_outage(outage: Outage, folder: Path) -> Report:
    """Runs it on servers of its own below `folder`; live traffic goes on while the backlog is worked off."""
    settings = replace(as_shipped(outage.devices), broker={"sys_interval": "1"})
    async with Site(folder, settings) as site, Field(site, folder / "ledger") as field:
        began = time.monotonic()
        async with field.producing(int(_LIVE_RATE), _LIVE_RATE):
            await flowing(site)
        usual = site.ingest_memory()
        await site.kill_ingest()
        await field.produce(outage.messages, outage.rate)
        waiting = field.produced - await asyncio.to_thread(stored_rows, site)
        await site.start_ingest()
        returned = time.monotonic()
        async with field.producing(int(_LIVE_RATE * _LIVE_SECONDS), _LIVE_RATE):
            await _caught_up(site, field)
        drained = time.monotonic() - returned
        grown = (site.ingest_memory(peak=True) - usual) / 1e6
        dropped = (await site.figures()).get("broker_dropped", 0.0)
        felt = {
            "waiting_on_return": waiting,
            "drained_after_seconds": round(drained, 1),
            "drained_per_second": round(waiting / drained),
            "memory_growth_megabytes": round(grown, 1),
            "dropped_by_broker": dropped,
        }
        report = await concluded("outage", site, field, felt, ("waiting_on_return",), began)
        return replace(report, missed=tuple(_missed(drained, grown, dropped)))


def as_shipped(devices: int, wrong: Sequence[str] = ()) -> SiteSettings:
    """Ingest with the settings everyone has: how fast a backlog goes, and what is in hand meanwhile, depend on them.

    Args:
        devices: how many are enrolled.
        wrong: as of `SiteSettings`.
    """
    shipped = {name: field.default for name, field in Settings.model_fields.items()}
    return SiteSettings(
        devices=devices,
        wrong=wrong,
        batch=shipped["ingest_batch"],
        linger_seconds=shipped["ingest_linger_seconds"],
        share_from=shipped["ingest_share_from"],
    )


def _missed(drained: float, grown: float, dropped: float) -> Iterator[str]:
    if drained > WANTED_SECONDS:
        yield f"the backlog was drained after {drained:.0f} s, at most {WANTED_SECONDS:.0f} are wanted"
    if grown > WANTED_MEGABYTES:
        yield f"ingest grew by {grown:.0f} MB, at most {WANTED_MEGABYTES:.0f} are wanted"
    if dropped:
        yield f"the broker threw {dropped:.0f} messages away"


async def _caught_up(site: Site, field: Field) -> None:
    """Returns when as many rows are stored as had been produced when asking, or when it is no use to wait longer."""
    ends = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < ends:
        produced = field.produced
        if await asyncio.to_thread(stored_rows, site) >= produced:
            return
        await asyncio.sleep(0.1)
