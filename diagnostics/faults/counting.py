"""The worker's part in the fleet's faults: groups them by model, and counts the device-days rates rest on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.faults.fleet_schemas import Period
from diagnostics.queries import Row, execute, fetch_all, room
from diagnostics.resources import Clock, server_clock
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger

SLICE: Final = 5_000
"""Devices read in one transaction, so that it stays short whatever the size of the fleet: a tenth of a second of one
core, which on two cores somebody may have to wait for."""
SHARE: Final = 0.25
"""A round works so large a share of its time, by one process of the database; the rest it waits."""
_LEAST_PAUSE_SECONDS: Final = 30.0
_SHARE_OF_ALL: Final = 0.05
_PERIODS: Final = [int(period) for period in Period]
_SQL: Final = room(__file__)
_KEY: Final = ("period_days", "payer_id", "legal_frame", "device_class", "model_key", "firmware")
_SUMS: Final = ("devices", "days", "late_days")
_log = get_logger(part="worker")


class FaultCount:
    """Keeps the groups of faults and the device-days of the periods that are shown, a slice at a time.

    Each slice is counted from what is stored, never added to what was counted before: nothing is counted twice, what
    comes late is in the next round, and a round that ended early is simply begun again.
    """

    def __init__(self, pool: Pool, clock: Clock = server_clock, share: float = SHARE) -> None:
        self._pool = pool
        self._clock = clock
        self._share = share

    async def round(self) -> int:
        """Counts everything up to now; returns how many models have faults."""
        now = self._clock()
        asked = {"now": now, "start": now - timedelta(days=max(_PERIODS)), "periods": _PERIODS}
        days = await self._device_days(asked)
        async with self._slice() as connection:
            models = [row["model_key"] for row in await fetch_all(connection, _SQL["models"], {})]
        for model in models:
            async with self._slice() as connection:
                await execute(connection, _SQL["group_faults"], {**asked, "model": model})
        async with self._slice() as connection:
            await _keep(connection, days, now)
        return len(models)

    async def pause_after_round(self) -> float:
        """A round, and how many seconds to wait before the next."""
        began = time.monotonic()
        models = await self.round()
        took = time.monotonic() - began
        _log.info("Counted the fleet's faults", event_name="faults_counted", models=models, seconds=round(took, 1))
        return max(_LEAST_PAUSE_SECONDS, took * self._share / _SHARE_OF_ALL)

    async def _device_days(self, asked: dict[str, Any]) -> list[Row]:
        """Device-days of every device, summed as they come: as many sums as payers and models, not devices."""
        sums: dict[tuple[Any, ...], Row] = {}
        async with self._slice() as connection:
            [row] = await fetch_all(connection, _SQL["last_device"], {})
        for after in range(0, row["last"], SLICE):
            async with self._slice() as connection:
                lived = await fetch_all(connection, _SQL["lived"], {**asked, "after": after, "through": after + SLICE})
            for part in lived:
                kept = sums.setdefault(tuple(part[name] for name in _KEY), {**part, **dict.fromkeys(_SUMS, 0)})
                for name in _SUMS:
                    kept[name] += part[name]
        return list(sums.values())

    @asynccontextmanager
    async def _slice(self) -> AsyncIterator[Connection]:
        """A transaction of one core, and then a pause in proportion to how long it took."""
        began = time.monotonic()
        async with self._pool.connection() as connection, connection.transaction():
            await execute(connection, _SQL["one_core"], {})
            yield connection
        await asyncio.sleep((time.monotonic() - began) * (1 / self._share - 1))


async def _keep(connection: Connection, days: list[Row], now: datetime) -> None:
    await execute(connection, _SQL["forget_days"], {})
    await execute(connection, _SQL["keep_days"], {name: [row[name] for row in days] for name in (*_KEY, *_SUMS)})
    await execute(connection, _SQL["counted_all"], {"now": now})
