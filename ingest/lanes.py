"""Lanes into the database: a large batch is shared out over several connections, and a device keeps to its own.

One connection is one process of the server and fills one core at most, while broker and ingest leave the other half
idle. Each share is a transaction of its own; the batch is acknowledged when all of them are stored. Shares never speak
of the same device, so they neither wait for each other's rows nor change the order of what a device said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.accept import PLACE
from ingest.consumer import Delivery
from ingest.write.transaction import Stored
from ingest.write.writer import Prepared, Writer

Storing = asyncio.Task[list[Stored]]
"""What is on its way into the database."""


def shares(deliveries: Sequence[Delivery], lanes: int) -> list[list[Delivery]]:
    """A batch in so many parts, each in order of arrival; all that comes from one sender is in the same. Pure.

    Which part is a sender's is the same for as long as the process lives. Topics that are no device's go by what stands
    in their place, so that the very same ones meet in one part too.
    """
    found: list[list[Delivery]] = [[] for _ in range(lanes)]
    for delivery in deliveries:
        found[hash(delivery.topic[PLACE:].partition("/")[0]) % lanes].append(delivery)
    return found


@dataclass(slots=True)
class Lanes:
    """The connections that store.

    Attributes:
        writers: one for each lane.
        share_from: messages from which on a batch is worth two transactions.
    """

    writers: Sequence[Writer]
    share_from: int
    _last: list[Storing | None] = field(init=False)

    def __post_init__(self) -> None:
        """All lanes are free."""
        self._last = [None] * len(self.writers)

    def share(self, deliveries: Sequence[Delivery], *, alone: bool) -> list[Sequence[Delivery]]:
        """A batch as it is to be stored: in one share for each lane, or as a whole.

        Args:
            deliveries: the batch.
            alone: it must not be shared out.
        """
        if alone or len(deliveries) < self.share_from:
            return [deliveries]
        return [*shares(deliveries, len(self.writers))]

    def room(self) -> bool:
        """Whether a share could be on its way at once: not while every lane is storing one."""
        return len(self.writers) == 1 or len(self._storing()) < len(self.writers)

    async def some_stored(self) -> None:
        """Waits until one of those that are on their way is stored."""
        if storing := self._storing():
            await asyncio.wait(storing, return_when=asyncio.FIRST_COMPLETED)

    def _storing(self) -> set[Storing]:
        return {storing for storing in self._last if storing is not None and not storing.done()}

    async def send(self, prepared: Prepared, lane: int | None) -> Storing:
        """Puts a share on its way once what went before it there is stored; a whole batch waits for all lanes.

        Returns when there is time to decide the next: deciding takes milliseconds in which little else moves in this
        process, and the server would wait for us (measured: a third of its time).

        Args:
            prepared: what to store.
            lane: which; None for a whole batch.

        Raises:
            Exception: what went before could not be stored, nor put in quarantine.
        """
        await self.free(lane)
        under_way = asyncio.Event()
        storing = asyncio.create_task(_store(self.writers[lane or 0], prepared, under_way))
        if lane is None:
            self._last = [storing] * len(self.writers)
        else:
            self._last[lane] = storing
        await under_way.wait()
        return storing

    async def free(self, lane: int | None = None) -> None:
        """Waits until everything is stored that was sent on a lane; on all of them where none is named."""
        for storing in self._last if lane is None else [self._last[lane]]:
            if storing is not None:
                await storing

    def cancel(self) -> None:
        """Gives up what is on its way; it is not acknowledged and comes again."""
        for storing in self._last:
            if storing is not None:
                storing.cancel()


async def _store(writer: Writer, prepared: Prepared, under_way: asyncio.Event) -> list[Stored]:
    try:
        return await writer.write(prepared, under_way.set)
    finally:
        under_way.set()
