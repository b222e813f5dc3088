"""Kills: each ends one part of the chain the hard way, and starts it again as its supervisor would."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from typing import Final

from fjarrkoll.chain.proxy import Way
from fjarrkoll.chain.site import Site
from fleet.errors import ConfigurationError

Strike = Callable[[Site], Awaitable[None]]
_ACKNOWLEDGEMENTS_HELD_SECONDS: Final = 0.15


async def kill_ingest(site: Site) -> None:
    """SIGKILL at any moment."""
    await site.kill_ingest()
    await site.start_ingest()


async def kill_ingest_after_commit(site: Site) -> None:
    """SIGKILL between commit and acknowledgement: what ingest said last never reaches the broker."""
    site.to_broker.hold(Way.UP)
    try:
        await asyncio.sleep(_ACKNOWLEDGEMENTS_HELD_SECONDS)
        await site.kill_ingest()
        site.to_broker.cut()
    finally:
        site.to_broker.release()
    await site.start_ingest()


async def kill_broker(site: Site) -> None:
    """SIGKILL of a broker that writes its state every half a minute: what it has acknowledged since is gone."""
    await asyncio.to_thread(site.broker.kill)
    await asyncio.to_thread(site.broker.start)


async def kill_database(site: Site) -> None:
    """SIGKILL of the postmaster, as the kernel does when memory runs out."""
    await asyncio.to_thread(site.postgres.kill)
    await asyncio.to_thread(site.postgres.start)


async def crash_database(site: Site) -> None:
    """An immediate stop: all its processes end at once, and recover from the log."""
    await asyncio.to_thread(site.postgres.stop_immediately)
    await asyncio.to_thread(site.postgres.start)


_OF_PART: Final[dict[str, tuple[Strike, ...]]] = {
    "ingest": (kill_ingest, kill_ingest_after_commit),
    "broker": (kill_broker,),
    "database": (kill_database, crash_database),
}
PARTS: Final = tuple(_OF_PART)


def strikes(parts: Sequence[str], kills: int) -> list[tuple[str, Strike]]:
    """So many kills, the parts in turn, and the ways to kill a part in turn.

    Raises:
        ConfigurationError: a part is not known.
    """
    for part in parts:
        if part not in _OF_PART:
            raise ConfigurationError(f"there is no part {part!r} to kill: choose among {', '.join(PARTS)}")
    ways = {part: cycle(_OF_PART[part]) for part in parts}
    return [(part, next(ways[part])) for part in islice(cycle(parts), kills)]
