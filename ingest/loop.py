"""One connection's work: take a batch, decide while another commits, commit, acknowledge, tell the devices."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fleet import codec
from fleet.messages import Receipt
from fleet.topics import Verb, topic
from ingest.accept import unheard
from ingest.consumer import Consumer, Delivery, Disconnected, Outgoing
from ingest.figures import Figures, Timings
from ingest.hints import Hints
from ingest.lanes import Lanes, Storing
from ingest.receipts import Receipts
from ingest.register import SHARES, Register
from ingest.write.side import Side
from ingest.write.writer import Prepared

FORGET_SECONDS: Final = 900.0
"""Within this long every device is looked up afresh, a share at a time, so that changes made by others are met."""
LOOKED_UP_AT_ONCE: Final = 1000
"""The answer is ten times what is kept of it."""
PATIENCE_SECONDS: Final = 1.0
"""How long a batch waits to be full, at most, while no lane has room for it."""

Sent = tuple[Prepared, Storing]
"""A share of a batch, and its way into the database."""
Done = asyncio.Task[None] | None
"""A batch until it is acknowledged; None before the first."""


@dataclass(slots=True, kw_only=True)
class Loop:
    """What all connections of a session share.

    Attributes:
        batch: most messages in one batch.
        linger_seconds: how long a batch waits to be filled.
        lanes, side: the connections to the database.
        register: what is known of devices.
        figures, timings: what is counted.
        aside: told of messages that are not from devices, when everything before them is committed: topic and text.
        born: told which devices' births are committed.
        now: the clock, aware.
        stop: set to end; the batches in hand are finished.
    """

    batch: int
    linger_seconds: float
    lanes: Lanes
    side: Side
    register: Register
    figures: Figures
    timings: Timings
    aside: Callable[[str, str], None]
    born: Callable[[Iterable[str]], None]
    now: Callable[[], datetime]
    stop: asyncio.Event
    receipts: Receipts
    hints: Hints
    _forget_at: float = field(default_factory=lambda: time.monotonic() + FORGET_SECONDS / SHARES)

    async def run(self, consumer: Consumer) -> None:
        """Serves one connection until `stop` is set.

        Raises:
            Disconnected: the line is lost; what was received is committed all the same and will be found when it comes
                again.
        """
        done: Done = None
        try:
            while not self.stop.is_set():
                deliveries = await self._next(consumer)
                if not deliveries:
                    continue
                received_at = self.now()
                born = await self._meet(deliveries)
                sent = await self._send(deliveries, received_at, alone=bool(born))
                done = asyncio.create_task(self._finish(consumer, deliveries, sent, done))
                del deliveries, sent  # megabytes, which would stay until the next batch is on its way
                if born:
                    await done
                    self.born(born)
        except asyncio.CancelledError:
            self.lanes.cancel()
            raise
        finally:
            if done is not None:
                await done
            await self.lanes.free()

    async def _next(self, consumer: Consumer) -> list[Delivery]:
        """The next batch; while no lane has room for it, only when it is full.

        Taken before that it would wait, and without what arrives meanwhile: the larger a batch is, the more messages of
        the same device are in it, and its present and its use are written once for all of them.
        """
        if self.lanes.room():
            return await consumer.next_batch(self.batch, self.linger_seconds)
        ending = asyncio.create_task(self._interrupt_when_there_is_room(consumer))
        try:
            return await consumer.next_batch(self.batch, PATIENCE_SECONDS)
        finally:
            ending.cancel()

    async def _interrupt_when_there_is_room(self, consumer: Consumer) -> None:
        await self.lanes.some_stored()
        consumer.interrupt()

    async def _meet(self, deliveries: Sequence[Delivery]) -> set[str]:
        """Looks devices up that are not known yet; says whose births are here: such a batch has the way for itself."""
        if time.monotonic() >= self._forget_at:
            await self.lanes.free()  # what is looked up again must include what is being committed
            self.register.forget_some()
            self._forget_at = time.monotonic() + FORGET_SECONDS / SHARES
        spoken_of = unheard(deliveries, self.register)
        unknown = self.register.to_look_up((device_id for device_id, _ in spoken_of), time.monotonic())
        for first in range(0, len(unknown), LOOKED_UP_AT_ONCE):
            self.register.add(await self.side.look_up(unknown[first : first + LOOKED_UP_AT_ONCE]))
        # A birth changes how its device is read. Should a batch have to be read once more, no other may have been read
        # in between with what it changed.
        born = {device_id for device_id, verb in spoken_of if verb == Verb.BIRTH}
        if born:
            await self.lanes.free()
        return born

    async def _send(self, deliveries: Sequence[Delivery], received_at: datetime, *, alone: bool) -> list[Sent]:
        """Decides a batch, share by share, while what went before is being committed, and puts it on its way."""
        shares = self.lanes.share(deliveries, alone=alone)
        sent = []
        for lane, share in enumerate(shares):
            prepared = await self.lanes.writers[lane].prepare(share, received_at)
            self.hints.sent(prepared.runs)
            sent.append((prepared, await self.lanes.send(prepared, lane if len(shares) > 1 else None)))
        return sent

    async def _finish(
        self, consumer: Consumer, deliveries: Sequence[Delivery], sent: Sequence[Sent], before: Done
    ) -> None:
        """Acknowledges a batch when all of it is stored, and the one before it is acknowledged."""
        try:
            await self._acknowledge(consumer, deliveries, sent, before)
        finally:  # whatever became of the line, nothing of it is under way any more
            for prepared, _ in sent:
                self.hints.arrived(prepared.runs)

    async def _acknowledge(
        self, consumer: Consumer, deliveries: Sequence[Delivery], sent: Sequence[Sent], before: Done
    ) -> None:
        stored = await asyncio.gather(*(storing for _, storing in sent))
        if before is not None:
            await before
        await consumer.acknowledge_batch(deliveries)
        self.figures.stored(len(deliveries), stored)
        self.timings.batch.observe(len(deliveries))
        self.timings.commit.observe((self.now() - sent[0][0].received_at).total_seconds())
        for prepared, _ in sent:
            for name, text in prepared.asides.items():
                self.aside(name, text)
            await self._send_receipts(consumer, prepared)

    async def _send_receipts(self, consumer: Consumer, prepared: Prepared) -> None:
        """Notes what is safe now, repeated and refused messages included, and answers the devices that asked."""
        self.receipts.stored(prepared.safe)
        for runs in prepared.runs:
            self.receipts.stored_runs(runs.singly())
        messages, kept = [], []
        for (number, boot), (device_id, outbox_from) in prepared.asked.items():
            through = self.receipts.through(number, boot, outbox_from)
            if through is not None:
                kept.append(through - outbox_from + 1)
                self.timings.outbox.observe(kept[-1])
                receipt = codec.encode(Receipt(boot=boot, seq=through))
                messages.append(Outgoing(topic(device_id, Verb.STORED), receipt))
        if messages:
            self.figures.asked(kept)
            self.figures.receipts += len(messages)
            with contextlib.suppress(Disconnected):  # `next_batch` says the same; the devices will ask again
                await consumer.publish(messages)
