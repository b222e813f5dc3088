"""Ingest away for a while, and back: how fast the backlog is worked off, and whether the broker threw anything away."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fjarrkoll.chain.campaign import concluded, flowing
from fjarrkoll.chain.checking import stored_rows
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.report import Report
from fjarrkoll.chain.site import Site, SiteSettings

_LIVE_RATE: Final = 200.0
_LIVE_SECONDS: Final = 2.0
_DRAIN_SECONDS: Final = 600.0
"""When to give up; how long it may take is `WANTED_SECONDS`."""
WANTED_SECONDS: Final = 60.0


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
    # The batch is the shipped one: how fast the backlog goes is part of what is measured.
    settings = SiteSettings(devices=outage.devices, batch=500, linger_seconds=0.05, broker={"sys_interval": "1"})
    async with Site(folder, settings) as site, Field(site, folder / "ledger") as field:
        began = time.monotonic()
        async with field.producing(int(_LIVE_RATE), _LIVE_RATE):
            await flowing(site)
        await site.kill_ingest()
        await field.produce(outage.messages, outage.rate)
        waiting = field.produced - await asyncio.to_thread(stored_rows, site)
        await site.start_ingest()
        returned = time.monotonic()
        async with field.producing(int(_LIVE_RATE * _LIVE_SECONDS), _LIVE_RATE):
            await _caught_up(site, field)
        drained = time.monotonic() - returned
        dropped = (await site.figures()).get("broker_dropped", 0.0)
        felt = {
            "waiting_on_return": waiting,
            "drained_after_seconds": round(drained, 1),
            "drained_per_second": round(waiting / drained),
            "dropped_by_broker": dropped,
        }
        report = await concluded("outage", site, field, felt, ("waiting_on_return",), began)
        return replace(report, missed=tuple(_missed(drained, dropped)))


def _missed(drained: float, dropped: float) -> Iterator[str]:
    if drained > WANTED_SECONDS:
        yield f"the backlog was drained after {drained:.0f} s, at most {WANTED_SECONDS:.0f} are wanted"
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
