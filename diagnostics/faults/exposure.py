"""The worker's part in the fleet's faults: counts device-days by day, model, software and payer, a slice at a time."""

import asyncio
import time
from typing import Final

from diagnostics.queries import execute, fetch_all, fetch_one, room
from diagnostics.resources import Clock, server_clock
from fleet.plumbing.database import Pool
from fleet.plumbing.logs import get_logger

SLICE: Final = 5_000
"""Devices counted in one transaction, so that neither locks nor memory grow with the fleet."""
_BETWEEN_SECONDS: Final = 0.1
_LEAST_PAUSE_SECONDS: Final = 900.0
_SHARE: Final = 0.05
"""A round over a whole region may take this share of the time."""
_SQL: Final = room(__file__)
_log = get_logger(part="worker")


class ExposureCount:
    """Keeps the device-days that rates rest on. Two at once take turns; a round that ends early is gone on with.

    Each device is counted from where it was counted to before, in the same transaction that notes how far: nothing is
    counted twice, whatever fails.
    """

    def __init__(self, pool: Pool, clock: Clock = server_clock) -> None:
        self._pool = pool
        self._clock = clock

    async def round(self) -> int:
        """Counts what every device has lived since the last round; returns how many had."""
        now, counted = self._clock(), 0
        async with self._pool.connection() as connection:
            [row] = await fetch_all(connection, _SQL["last_device"], {})
        for after in range(0, row["last"], SLICE):
            async with self._pool.connection() as connection, connection.transaction():
                await execute(connection, _SQL["one_counter"], {})
                asked = {"after": after, "through": after + SLICE, "now": now}
                found = await fetch_one(connection, _SQL["count_exposure"], asked)
            counted += 0 if found is None else found["devices"]
            await asyncio.sleep(_BETWEEN_SECONDS)
        async with self._pool.connection() as connection, connection.transaction():
            await execute(connection, _SQL["forget_exposure"], {"now": now})
            await execute(connection, _SQL["counted_all"], {"now": now})
        return counted

    async def pause_after_round(self) -> float:
        """A round, and how many seconds to wait before the next."""
        began = time.monotonic()
        counted = await self.round()
        took = time.monotonic() - began
        _log.info("Counted device-days", event_name="exposure_counted", devices=counted, seconds=round(took, 1))
        return max(_LEAST_PAUSE_SECONDS, took / _SHARE)
