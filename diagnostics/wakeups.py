"""Database notifications as wake-ups: they only shorten a wait, polling makes it right."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fleet.plumbing.logs import get_logger

_RECONNECT_SECONDS: Final = 1.0
_log = get_logger(part="wakeups")


class Wakeups:
    """Listens on some channels with a connection of its own; wakes whoever waits for a channel or one payload of it."""

    def __init__(self, dsn: str, channels: Iterable[str]) -> None:
        self._dsn = dsn
        self._channels = tuple(channels)
        self._waiting: dict[str, dict[str, set[asyncio.Event]]] = defaultdict(lambda: defaultdict(set))
        self.listening = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Wakeups"]:
        """Listens for the length of the block; a lost connection is made again."""
        task = asyncio.create_task(self._run(), name="wakeups")
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def expecting(self, channel: str, payload: str = "") -> AsyncIterator[asyncio.Event]:
        """An event that is set by a notification: any of the channel's, or the ones with this payload.

        Enter before looking at the database, so that nothing falls between the look and the wait.
        """
        event = asyncio.Event()
        self._waiting[channel][payload].add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[channel][payload]
            waiting.discard(event)
            if not waiting:
                del self._waiting[channel][payload]

    def wake(self, channel: str, payload: str = "") -> None:
        """Wakes who waits for the channel and who waits for this payload of it; without a payload, everyone."""
        by_payload = self._waiting[channel]
        for key in {"", payload} if payload else set(by_payload):
            for event in by_payload.get(key, ()):
                event.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                _log.warning(
                    "Lost the connection for wake-ups; polling goes on",
                    event_name="wakeups_lost",
                    reason=type(error).__name__,
                )
            self.listening.clear()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        # A line that is cut without a word is noticed after half a minute, not after two hours.
        dsn = make_conninfo(self._dsn, keepalives_idle=15, keepalives_interval=5, keepalives_count=3)
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            for channel in self._channels:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self.listening.set()
            for channel in self._channels:  # what came while nobody listened
                self.wake(channel)
            async for notification in connection.notifies():
                self.wake(notification.channel, notification.payload)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Waits at most so long; whether the event came. It is cleared for the next wait."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
