"""One connection's work: take a batch, decide while another commits, commit, acknowledge, tell the devices."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fleet import codec
from fleet.messages import Receipt
from fleet.topics import Verb, topic
from ingest.accept import unheard
from ingest.consumer import Consumer, Delivery, Disconnected, Outgoing
from ingest.figures import Figures, Timings
from ingest.receipts import Receipts
from ingest.register import Register
from ingest.write.side import Side
from ingest.write.writer import Prepared, Writer

FORGET_SECONDS: Final = 900.0
"""After this long the register in memory is filled afresh, so that changes made by others are met."""


Storing = asyncio.Task[None] | None
"""A batch on its way into the database; None before the first."""


@dataclass(slots=True, kw_only=True)
class Loop:
    """What all connections of a process share.

    Attributes:
        batch: most messages in one transaction.
        linger_seconds: how long a batch waits to be filled.
        writer, side: the two connections to the database.
        register: what is known of devices.
        figures, timings: what is counted.
        aside: told of messages that are not from devices, when everything before them is committed: topic and text.
        now: the clock, aware.
        stop: set to end; the batches in hand are finished.
    """

    batch: int
    linger_seconds: float
    writer: Writer
    side: Side
    register: Register
    figures: Figures
    timings: Timings
    aside: Callable[[str, str], None]
    now: Callable[[], datetime]
    stop: asyncio.Event
    receipts: Receipts = field(default_factory=Receipts)
    _forget_at: float = field(default_factory=lambda: time.monotonic() + FORGET_SECONDS)

    async def run(self, consumer: Consumer) -> None:
        """Serves one connection until `stop` is set.

        Raises:
            Disconnected: the line is lost; what was received is committed all the same and will be found when it comes
                again.
        """
        storing: Storing = None
        try:
            while not self.stop.is_set():
                deliveries = await consumer.next_batch(self.batch, self.linger_seconds)
                if not deliveries:
                    continue
                prepared, alone = await self._prepare(deliveries, storing)
                await _finished(storing)
                # Only when the server has its work do we turn to the next batch: deciding one takes milliseconds in
                # which little else moves here, and the server would wait for us (measured: a third of its time).
                under_way = asyncio.Event()
                storing = asyncio.create_task(self._store(consumer, deliveries, prepared, under_way))
                await (storing if alone else under_way.wait())
        except asyncio.CancelledError:
            if storing is not None:
                storing.cancel()
            raise
        finally:
            await _finished(storing)

    async def _prepare(self, deliveries: Sequence[Delivery], before: Storing) -> tuple[Prepared, bool]:
        """Decides a batch while the one before is being committed; says whether it must have the way for itself."""
        received_at = self.now()
        if time.monotonic() >= self._forget_at:
            await _finished(before)  # what is looked up again must include what is being committed
            self.register.forget()
            self._forget_at = time.monotonic() + FORGET_SECONDS
        spoken_of = unheard(deliveries, self.register)
        unknown = self.register.to_look_up((device_id for device_id, _ in spoken_of), time.monotonic())
        if unknown:
            self.register.add(await self.side.look_up(unknown))
        # A birth changes how its device is read. Should a batch have to be read once more, no other may have been read
        # in between with what it changed.
        alone = any(verb == Verb.BIRTH for _, verb in spoken_of)
        if alone:
            await _finished(before)
        return await self.writer.prepare(deliveries, received_at), alone

    async def _store(
        self, consumer: Consumer, deliveries: Sequence[Delivery], prepared: Prepared, under_way: asyncio.Event
    ) -> None:
        try:
            parts = await self.writer.write(prepared, under_way.set)
        finally:
            under_way.set()
        await consumer.acknowledge_batch(deliveries)
        self.figures.stored(len(deliveries), parts)
        self.figures.devices = len(self.register)
        self.timings.batch.observe(len(deliveries))
        self.timings.commit.observe((self.now() - prepared.received_at).total_seconds())
        for name, text in prepared.asides.items():
            self.aside(name, text)
        await self._send_receipts(consumer, prepared)

    async def _send_receipts(self, consumer: Consumer, prepared: Prepared) -> None:
        """Notes what is safe now, repeated and refused messages included, and answers the devices that asked."""
        self.receipts.stored(prepared.safe)
        for runs in prepared.runs:
            self.receipts.stored_runs(zip(*runs, strict=True))
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


async def _finished(storing: Storing) -> None:
    if storing is not None:
        await storing
