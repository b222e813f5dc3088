"""The worker's part in the idle verdict: a run now and then, in a thread of its own, on a connection of its own."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg

from diagnostics.idle.run import Ran, refresh
from diagnostics.resources import Clock, server_clock
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry

SHORTEST_PAUSE: Final = 20.0
_SHARE: Final = 0.02  # of the time, so that a region's runs leave the machine to others
_log = get_logger(part="worker")


@dataclass(slots=True)
class VerdictRounds:
    """Runs of verdicts over the database at an address, as the worker."""

    url: str
    registry: Registry
    clock: Clock = field(default=server_clock)
    _connection: psycopg.Connection | None = None

    async def round(self) -> float:
        """One run; returns how long to wait until the next. Cancelling it stops the database's part at once."""
        began = time.monotonic()
        try:
            ran = await asyncio.to_thread(self._run, self.clock())
        except asyncio.CancelledError:
            if self._connection is not None:
                self._connection.cancel()
            raise
        took = time.monotonic() - began
        _log.info(
            "Verdicts are up to date",
            event_name="verdicts_done",
            devices=ran.devices,
            written=ran.written,
            seconds=took,
        )
        return max(SHORTEST_PAUSE, took / _SHARE)

    def _run(self, now: datetime) -> Ran:
        with psycopg.connect(self.url, application_name="fjarrkoll-verdicts") as connection:
            self._connection = connection
            try:
                return refresh(connection, self.registry, now)
            finally:
                self._connection = None
