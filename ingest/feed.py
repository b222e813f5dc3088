"""One durable session at the broker: what it subscribes to, its loop, and how far it has been worked off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final

from fleet.clock import from_milliseconds, to_milliseconds
from ingest.consumer import ConnectionReport, Consumer, ConsumerStatistics, Disconnected, Outgoing
from ingest.loop import Loop

MARK_SECONDS: Final = 2.0
"""Between two marks sent through the broker's queue, and at most between two writings of the watermark."""


@dataclass(slots=True, kw_only=True)
class Feed:
    """A session and what is done with it, over all its connections.

    Attributes:
        make_consumer: called once per connection.
        filters: what it subscribes to beside its own mark.
        mark: the topic of its mark.
        loop: serves it.
        expected: the broker must still have the session.
        now: the clock, aware.
        stored_until: everything that was published before, and came this way, is stored; None while that is not known.
    """

    make_consumer: Callable[[], Consumer]
    filters: tuple[str, ...]
    mark: str
    loop: Loop
    now: Callable[[], datetime]
    expected: bool = False
    stored_until: datetime | None = None
    _past: ConsumerStatistics = field(default_factory=ConsumerStatistics)
    _current: ConsumerStatistics = field(default_factory=ConsumerStatistics)

    async def run(self, consumer: Consumer, report: ConnectionReport) -> None:
        """Serves one connection, and sends marks over it meanwhile."""
        del report
        self._current = consumer.statistics
        try:
            async with beside(self._send_marks(consumer), self.loop.stop):
                await self.loop.run(consumer)
        finally:
            self._past, self._current = self.counted(), ConsumerStatistics()
            self.loop.figures.lines[self.mark] = False

    def counted(self) -> ConsumerStatistics:
        """What has gone over its lines, over all connections so far."""
        return summed(self._past, self._current)

    def marked(self, text: str) -> None:
        """Its mark has come back, with the moment it was sent, and is committed."""
        self.stored_until = from_milliseconds(int(text))

    async def _send_marks(self, consumer: Consumer) -> None:
        """Sends the time through the broker's queue to ourselves, for as long as the line stands.

        The queue is first in, first out: when a mark has come back and is committed, so is everything that was
        published before it. Nothing else would show a backlog that waits at the broker, and silence must not be judged
        while there is one.
        """
        with contextlib.suppress(Disconnected):
            while True:
                now = str(to_milliseconds(self.now())).encode()
                await consumer.publish([Outgoing(self.mark, now, qos=1)])
                await asyncio.sleep(MARK_SECONDS)


@contextlib.asynccontextmanager
async def beside(work: Coroutine[None, None, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Runs `work` beside the block and ends it with it. If it fails, `stop` is set, and the block's end says why."""

    def stop_if_failed(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            stop.set()

    task = asyncio.create_task(work)
    task.add_done_callback(stop_if_failed)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def together(works: list[Coroutine[None, None, None]], stop: asyncio.Event) -> None:
    """Runs until one ends; then `stop` is set, and the others end in their own time. The first failure is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def furthest(feeds: list[Feed]) -> datetime | None:
    """Up to when everything is stored that came by any of them; None while that is not known of one."""
    known = [feed.stored_until for feed in feeds if feed.stored_until is not None]
    return min(known) if len(known) == len(feeds) else None


def summed(one: ConsumerStatistics, other: ConsumerStatistics) -> ConsumerStatistics:
    """The counts of two lines together."""
    return ConsumerStatistics(
        **{entry.name: getattr(one, entry.name) + getattr(other, entry.name) for entry in fields(one)}
    )
