"""The watch's loop: looks, judges, tells; and lets the canary fly once a day. It outlives whatever it watches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import psycopg

from diagnostics.notify.channel import Channel
from fjarrkoll.watch.canary import fly, is_due, last_flight
from fjarrkoll.watch.judging import Memory, Trouble, judge
from fjarrkoll.watch.looking import look
from fjarrkoll.watch.telling import ping, tell
from fleet.plumbing.logs import get_logger
from fleet.plumbing.settings import Settings

PING_SECONDS: Final = 60.0
ROTA_EVERY: Final = timedelta(hours=24)
LOOK_LIMIT_SECONDS: Final = 15.0
_log = get_logger(part="watch")


@dataclass(slots=True)
class Watch:
    """A watch over one installation.

    Args:
        channels: its own, each with the address it speaks to.
    """

    settings: Settings
    channels: Sequence[tuple[Channel, str]]
    memory: Memory = field(default_factory=Memory)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _rota_at: datetime | None = None
    _rota_wrong: bool = False

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._looking(), name="looking")
            tasks.create_task(self._pinging(), name="pinging")
            tasks.create_task(self._flying(), name="flying")

    async def once(self) -> set[Trouble]:
        """One look, told where it must be; the troubles there are."""
        now = datetime.now(UTC)
        rota = self._rota_at is None or now - self._rota_at >= ROTA_EVERY
        url = self.settings.need("worker_database_url")
        try:
            async with asyncio.timeout(LOOK_LIMIT_SECONDS):
                seen = await asyncio.to_thread(look, url, rota=rota)
            troubles = judge(seen, self._began, timedelta(seconds=self.settings.watch_stale_seconds))
        except TimeoutError:
            rota, troubles = False, {Trouble.DATABASE}
        if rota and Trouble.DATABASE not in troubles:
            self._rota_at, self._rota_wrong = now, Trouble.ROTA in troubles
        if self._rota_wrong:
            troubles.add(Trouble.ROTA)
        begun, over = self.memory.due(troubles, now)
        if (begun or over) and await tell(self.channels, begun, over, now):
            self.memory.remember(begun, over, now)
        return troubles

    async def _looking(self) -> None:
        while True:
            try:
                await self.once()
            except Exception:  # a watch that ends is none  # noqa: BLE001
                _log.exception("A look failed", event_name="watch_look_failed")
            await asyncio.sleep(self.settings.watch_look_seconds)

    async def _pinging(self) -> None:
        if self.settings.watch_ping_url is None:
            return
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                await ping(self.settings.watch_ping_url, client)
                await asyncio.sleep(PING_SECONDS)

    async def _flying(self) -> None:
        if self.settings.canary_device_id is None:
            _log.warning("No canary is set up: the whole way is not proven daily", event_name="canary_missing")
            return
        while True:
            try:
                if is_due(datetime.now(UTC), self.settings.canary_hour, await last_flight(self.settings)):
                    await fly(self.settings)
            except (OSError, psycopg.Error):
                _log.exception("The canary did not fly", event_name="canary_failed")
            await asyncio.sleep(PING_SECONDS)
