"""Messages between the line and the caller: takes in what arrived, hands it out in batches, limits what is in hand."""

import asyncio
from collections.abc import Sequence
from itertools import accumulate

from ingest.consumer.contract import ConsumerStatistics, Delivery
from ingest.consumer.errors import Disconnected
from ingest.consumer.ledger import Ledger, payload_bytes


class Inbox:
    """One per consumer, emptied with every connection. Costs one future and one timer per batch, none per message.

    Args:
        batch_bytes: payload bytes from which on a batch takes no further message; 0: as many as are in hand.
        urgent: ending of topics that somebody waits for: one of them ends a batch's linger. Order stays as it is.
    """

    def __init__(
        self,
        *,
        receive_maximum: int,
        buffer_bytes: int,
        statistics: ConsumerStatistics,
        urgent: str = "",
        batch_bytes: int = 0,
    ) -> None:
        self._urgent = urgent
        self._hurry = False
        self._receive_maximum = receive_maximum
        self._buffer_bytes = buffer_bytes
        self._batch_bytes = batch_bytes or buffer_bytes
        self._statistics = statistics
        self._ledger = Ledger()
        self._waiting: list[Delivery] = []
        self._waiting_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._wanted = 0
        self._interrupted = False
        self._failure: Disconnected | None = Disconnected("Not connected yet: call connect() first.")
        self.received_bytes = 0
        self.released_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Payload bytes in hand: waiting here, or with the caller and not yet acknowledged."""
        return self.received_bytes - self.released_bytes

    @property
    def over_budget(self) -> bool:
        """Reading from the line should pause until the caller acknowledges.

        More than the Receive Maximum is not treated as the violation it is: Mosquitto sends up to twice as many after
        some reconnects (seen with 2.0.11), and closing the line for that would repeat for ever. Not reading is enough
        to keep memory bounded.
        """
        return self.held_bytes >= self._buffer_bytes or len(self._ledger) > self._receive_maximum

    @property
    def failure(self) -> Disconnected:
        """Why there is no line."""
        return (self._failure or Disconnected("The line is being closed.")).with_traceback(None)

    @property
    def unacknowledged(self) -> int:
        """QoS 1 messages in hand."""
        return len(self._ledger)

    def open(self) -> None:
        """Begin a new connection with nothing in hand."""
        self._empty()
        self._failure = None

    def fail(self, failure: Disconnected) -> None:
        """End the connection: whoever waits is told now; what was not handed out is dropped, it will come again."""
        if self._failure is not None:
            return
        self._statistics.dropped_at_disconnect += len(self._waiting)
        self._empty()
        self._failure = failure
        self._wake()

    def put(self, deliveries: list[Delivery]) -> None:
        """Take in what one read brought, in order of arrival."""
        self._statistics.received += len(deliveries)
        self._statistics.redelivered += sum([delivery.redelivered for delivery in deliveries])
        self._ledger.arrived(deliveries)
        self._waiting.extend(deliveries)
        arrived = payload_bytes(deliveries)
        self._waiting_bytes += arrived
        self.received_bytes += arrived
        if self._urgent and any([delivery.topic.endswith(self._urgent) for delivery in deliveries]):  # noqa: C419 - a list is quicker here
            self._hurry = True
        if self._waiter is not None and self._enough(self._wanted):
            self._wake()

    def settle(self, batch: Sequence[Delivery]) -> list[int]:
        """Packet ids whose PUBACKs may leave now, in order of arrival."""
        settlement = self._ledger.settle(batch)
        self.released_bytes += settlement.freed_bytes
        self._statistics.stale_acknowledgements += settlement.foreign
        return settlement.packet_ids

    def interrupt(self) -> None:
        """Make the waiting, or else the next, `next_batch` return at once."""
        self._interrupted = True
        self._wake()

    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        """See `Consumer.next_batch`."""
        if limit < 1:
            raise ValueError(f"limit is {limit}: ask for at least one message.")
        if not self._waiting:
            await self._until(1, None)
        if linger > 0:
            await self._until(limit, linger)
        if self._failure is not None:
            raise self.failure
        self._interrupted = False
        return self._take(limit)

    def _take(self, limit: int) -> list[Delivery]:
        count = min(limit, len(self._waiting))
        if self._waiting_bytes > self._batch_bytes:
            count = min(count, _up_to(self._waiting, self._batch_bytes))
        batch = self._waiting[:count]
        self._waiting = self._waiting[count:]
        self._waiting_bytes -= payload_bytes(batch)
        self._hurry = self._hurry and bool(self._waiting)
        self.released_bytes += payload_bytes([delivery for delivery in batch if not delivery.packet_id])
        return batch

    def _enough(self, wanted: int) -> bool:
        waiting = len(self._waiting)
        if waiting >= wanted or (self._hurry and waiting > 0):
            return True
        if self._waiting_bytes >= self._batch_bytes:
            return waiting > 0
        return waiting > 0 and (len(self._ledger) >= self._receive_maximum or self.over_budget)

    async def _until(self, wanted: int, seconds: float | None) -> None:
        if self._interrupted or self._failure is not None or self._enough(wanted):
            return
        if self._waiter is not None:
            raise RuntimeError("next_batch is called twice at the same time: give each consumer one reader.")
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        self._wanted = wanted
        timer = None if seconds is None else loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _empty(self) -> None:
        self._ledger.clear()
        self._waiting = []
        self._waiting_bytes = 0
        self._hurry = False
        self.received_bytes = self.released_bytes = 0


def _up_to(deliveries: Sequence[Delivery], most_bytes: int) -> int:
    """How many of the first messages it takes to reach so many bytes, or to come to the end."""
    reached = accumulate(len(delivery.payload) for delivery in deliveries)
    return next((count for count, total in enumerate(reached, 1) if total >= most_bytes), len(deliveries))
