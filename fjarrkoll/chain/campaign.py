"""A kill run from its order to its report: production in step with the kills, then rest, then the comparison."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from fjarrkoll.chain.checking import final_state, stored_rows
from fjarrkoll.chain.device import DEVICE_CLASS
from fjarrkoll.chain.disk import small_disk
from fjarrkoll.chain.faults import SMALL_DISK_MEGABYTES, Evidence, Fault
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.proxy import Way
from fjarrkoll.chain.report import Control, Report
from fjarrkoll.chain.site import Site, SiteSettings
from fjarrkoll.chain.strikes import PARTS, strikes
from fleet.errors import FjarrkollError
from fleet.plumbing.store.tables import reading_table

_FLOW_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 120.0
_REST_SECONDS: Final = 7.0
"""Longer than ingest waits between two attempts to store a batch."""
_REST_AT_MOST_SECONDS: Final = 90.0
_WRONG: Final = {
    Control.ACKNOWLEDGE_ON_RECEIPT: ("--acknowledge-on-receipt",),
    Control.NO_IDENTITY: ("--forget-identities",),
}


class NoFlowError(FjarrkollError):
    """Nothing reaches ingest any more; the harness or the chain stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do.

    Attributes:
        parts: what is killed, in turn.
        rate: messages a second while they are produced.
        outbox: whether devices keep messages until they are stored; where only ingest is killed it is left off, so that
            the acknowledgement after commit has to hold alone.
        database_delay_seconds: added to what passes between ingest and database, either way, so that kills fall into
            open transactions as often as between them.
        seed: of the moments at which a kill falls.
    """

    name: str
    messages: int
    kills: int
    parts: Sequence[str] = PARTS
    rate: float = 1500.0
    devices: int = 40
    outbox: bool = True
    control: Control | None = None
    database_delay_seconds: float = 0.003
    seed: int = 1

    @property
    def required(self) -> tuple[str, ...]:
        """What must have happened for the run to prove anything."""
        kills = tuple(f"{part}_killed" for part in self.parts)
        if self.control is not None:
            return kills
        again = ("redelivered", "suppressed") if "ingest" in self.parts else ()
        return (*kills, *again, *(("resent",) if self.outbox else ()))


async def campaign(order: Order, folder: Path, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Runs an order on servers of its own below `folder`.

    Raises:
        NoFlowError: the chain stands still between two kills.
    """
    settings = SiteSettings(devices=order.devices, wrong=_WRONG.get(order.control, ()) if order.control else ())
    async with Site(folder, settings) as site:
        if order.control is Control.NO_IDENTITY:
            _drop_key(site)
        async with Field(site, folder / "ledger", trusts_broker=not order.outbox) as field:
            site.to_database.delay_seconds = order.database_delay_seconds
            began = time.monotonic()
            kills = await _strike(order, site, field, tell)
            return await concluded(order.name, site, field, kills, order.required, began, order.control)


async def endure(
    fault: Fault,
    folder: Path,
    *,
    seconds: float,
    rate: float = 300.0,
    act: Callable[[Site, Field], Awaitable[Evidence]] | None = None,
) -> Report:
    """Runs one fault against a chain of its own below `folder`, while devices produce for at least so many seconds.

    Args:
        fault: what to do.
        folder: for data and logs.
        seconds: how long devices produce; they begin before the fault.
        rate: messages a second.
        act: the fault in another measure, such as a longer partition.
    """
    settings = SiteSettings(devices=40, broker=fault.broker, database=fault.database)
    with small_disk(folder / "database", SMALL_DISK_MEGABYTES) if fault.small_disk else nullcontext():
        async with (
            Site(folder, settings) as site,
            Field(site, folder / "ledger", trusts_broker=not fault.outbox) as field,
        ):
            began = time.monotonic()
            async with field.producing(int(seconds * rate), rate):
                await flowing(site)
                felt = await (act or fault.act)(site, field)
            return await concluded(fault.name, site, field, felt, fault.required, began)


async def concluded(  # noqa: PLR0913, PLR0917 - all of it stands in the report
    name: str,
    site: Site,
    field: Field,
    felt: Evidence,
    required: tuple[str, ...],
    began: float,
    control: Control | None = None,
) -> Report:
    """Waits until everything has come to rest, and compares."""
    unconfirmed = await field.drained(_DRAIN_SECONDS)
    await at_rest(site, field)
    seconds = time.monotonic() - began
    evidence = dict(felt) | await evidence_of(site, field)
    return Report(
        name=name,
        state=await asyncio.to_thread(final_state, site, field),
        evidence=evidence,
        required=required,
        unconfirmed=unconfirmed,
        seconds=round(seconds, 1),
        control=control,
    )


async def _strike(order: Order, site: Site, field: Field, tell: Callable[[str], None]) -> Counter[str]:
    random, kills = Random(order.seed), Counter[str]()
    planned = strikes(order.parts, order.kills)
    for number, (part, strike) in enumerate(planned):
        share = order.messages * (number + 1) // len(planned) - order.messages * number // len(planned)
        async with field.producing(share, order.rate):
            await flowing(site)
            await asyncio.sleep(random.uniform(0.0, 0.7) * share / order.rate)
            await strike(site)
        kills[f"{part}_killed"] += 1
        tell(f"kill {number + 1} of {len(planned)}: {part}; {field.produced} produced, {field.unconfirmed} unconfirmed")
    return kills


async def flowing(site: Site) -> None:
    """Returns when a device's message has newly reached ingest.

    Raises:
        NoFlowError: none did.
    """
    before, ends = site.to_broker.tally(Way.DOWN).published, time.monotonic() + _FLOW_SECONDS
    while site.to_broker.tally(Way.DOWN).published < before + 10:
        site.ingest.check()
        if time.monotonic() > ends:
            raise NoFlowError(f"nothing has reached ingest for {_FLOW_SECONDS:.0f} s: see the logs in {site.folder}")
        await asyncio.sleep(0.01)


async def at_rest(site: Site, field: Field) -> None:
    """Returns when every message is stored, or nothing more has come for some seconds while ingest stands connected."""
    ends, changed_at, before = time.monotonic() + _REST_AT_MOST_SECONDS, time.monotonic(), -1
    while time.monotonic() < ends:
        rows = await asyncio.to_thread(stored_rows, site)
        if rows != before or (await site.figures()).get("connected") != 1.0:
            before, changed_at = rows, time.monotonic()
        quiet = time.monotonic() - changed_at
        if quiet > _REST_SECONDS or (rows == field.produced and quiet > 1.0):
            return
        await asyncio.sleep(0.2)


async def evidence_of(site: Site, field: Field) -> dict[str, float]:
    """What happened besides the kills."""
    totals, inward = await site.totals(), site.to_broker.tally(Way.DOWN)
    return {
        "redelivered": inward.redelivered,
        "suppressed": totals["duplicates"],
        "resent": field.resent,
        "delivered_to_ingest": inward.published,
        "held_batches": totals["held"],
        "sessions_lost": totals["sessions_lost"],
        "connections_to_broker": site.to_broker.connections,
        "connections_to_database": site.to_database.connections,
        "ingest_starts": site.starts,
    }


def _drop_key(site: Site) -> None:
    table = reading_table(DEVICE_CLASS)
    site.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
