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
from ingest.accept import places
from ingest.consumer import Consumer, Delivery, Disconnected, Outgoing
from ingest.figures import Figures, Timings
from ingest.receipts import Receipts
from ingest.register import Register
from ingest.write.side import Side
from ingest.write.writer import Prepared, Writer

FORGET_SECONDS: Final = 900.0
"""After this long the register in memory is filled afresh, so that changes made by others are met."""

Ready = asyncio.Queue[tuple[Sequence[Delivery], Prepared] | None]
"""At most one batch that is decided and waits for its turn, with what is to be acknowledged for it; None ends it."""


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
        ready: Ready = asyncio.Queue(maxsize=1)
        reading = asyncio.create_task(self._read(consumer, ready), name="ingest reads")
        storing = asyncio.create_task(self._store(consumer, ready), name="ingest stores")
        try:
            await asyncio.wait({reading, storing}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and (reading.exception() is None or isinstance(reading.exception(), Disconnected)):
                await asyncio.wait({storing})
        finally:
            for task in (reading, storing):
                task.cancel()
            await asyncio.gather(reading, storing, return_exceptions=True)
        for task in (storing, reading):
            if not task.cancelled():
                task.result()

    async def _read(self, consumer: Consumer, ready: Ready) -> None:
        try:
            while not self.stop.is_set():
                deliveries = await consumer.next_batch(self.batch, self.linger_seconds)
                if deliveries:
                    await self._prepare(deliveries, ready)
        except Disconnected:
            await ready.put(None)
            raise
        await ready.put(None)

    async def _prepare(self, deliveries: Sequence[Delivery], ready: Ready) -> None:
        received_at = self.now()
        if time.monotonic() >= self._forget_at:
            await ready.join()  # what is looked up again must include what is being committed
            self.register.forget()
            self._forget_at = time.monotonic() + FORGET_SECONDS
        spoken_of = places(deliveries)
        unknown = self.register.to_look_up((device_id for device_id, _ in spoken_of), time.monotonic())
        if unknown:
            self.register.add(await self.side.look_up(unknown))
        # A birth changes how its device is read. Should a batch have to be read once more, no other may have been read
        # in between with what it changed; so a batch with births in it has the way for itself.
        alone = any(verb == Verb.BIRTH for _, verb in spoken_of)
        if alone:
            await ready.join()
        await ready.put((deliveries, await self.writer.prepare(deliveries, received_at)))
        if alone:
            await ready.join()

    async def _store(self, consumer: Consumer, ready: Ready) -> None:
        while (entry := await ready.get()) is not None:
            deliveries, prepared = entry
            parts = await self.writer.write(prepared)
            await consumer.acknowledge_batch(deliveries)
            self.figures.stored(len(deliveries), parts)
            self.figures.devices = len(self.register)
            self.timings.batch.observe(len(deliveries))
            self.timings.commit.observe((self.now() - prepared.received_at).total_seconds())
            for name, text in prepared.asides.items():
                self.aside(name, text)
            await self._send_receipts(consumer, prepared)
            ready.task_done()

    async def _send_receipts(self, consumer: Consumer, prepared: Prepared) -> None:
        """Notes what is safe now, repeated and refused messages included, and answers the devices that asked."""
        self.receipts.stored(prepared.safe)
        messages = []
        for (number, boot), (device_id, outbox_from) in prepared.asked.items():
            through = self.receipts.through(number, boot, outbox_from)
            if through is not None:
                receipt = codec.encode(Receipt(boot=boot, seq=through))
                messages.append(Outgoing(topic(device_id, Verb.STORED), receipt))
        if messages:
            self.figures.receipts += len(messages)
            with contextlib.suppress(Disconnected):  # `next_batch` says the same; the devices will ask again
                await consumer.publish(messages)
