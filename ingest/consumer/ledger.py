"""Which messages of this connection are in hand and unacknowledged, and which PUBACKs may leave now: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.consumer.contract import Delivery


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one acknowledgement by the caller sets free.

    Attributes:
        packet_ids: to be sent as PUBACKs, in this order.
        freed_bytes: payload bytes that no longer count against the budget.
        foreign: messages of an older connection, or acknowledged before: nothing is sent for them.
    """

    packet_ids: list[int]
    freed_bytes: int
    foreign: int


class Ledger:
    """QoS 1 messages in order of arrival.

    Messages are known by identity, not by packet id: the broker uses a packet id again as soon as it is acknowledged,
    so an acknowledgement repeated by mistake would otherwise settle another message that is not yet stored.
    """

    def __init__(self) -> None:
        self._outstanding: list[Delivery] = []
        self._early: set[int] = set()  # identities settled by the caller ahead of an earlier message

    def __len__(self) -> int:
        """How many messages are unacknowledged."""
        return len(self._outstanding)

    def clear(self) -> None:
        """Forget everything: the connection is gone and its packet ids mean nothing any more."""
        self._outstanding.clear()
        self._early.clear()

    def arrived(self, deliveries: Sequence[Delivery]) -> None:
        """Note deliveries in order of arrival; QoS 0 ones are not noted, there is nothing to acknowledge."""
        self._outstanding.extend([delivery for delivery in deliveries if delivery.packet_id])

    def settle(self, batch: Sequence[Delivery]) -> Settlement:
        """Decide which PUBACKs may leave."""
        owed = [delivery for delivery in batch if delivery.packet_id]
        # Deliveries compare by identity, so this is one pass in C; the batch is nearly always the head of the queue.
        if not self._early and self._outstanding[: len(owed)] == owed:
            del self._outstanding[: len(owed)]
            return Settlement([delivery.packet_id for delivery in owed], payload_bytes(owed), 0)
        return self._settle_out_of_order(owed)

    def _settle_out_of_order(self, owed: list[Delivery]) -> Settlement:
        open_ones = {id(delivery) for delivery in self._outstanding} - self._early
        accepted: list[Delivery] = []
        for delivery in owed:
            if id(delivery) in open_ones:
                open_ones.discard(id(delivery))
                accepted.append(delivery)
        self._early.update(id(delivery) for delivery in accepted)
        return Settlement(self._release(), payload_bytes(accepted), len(owed) - len(accepted))

    def _release(self) -> list[int]:
        count = 0
        while count < len(self._outstanding) and id(self._outstanding[count]) in self._early:
            count += 1
        released = self._outstanding[:count]
        del self._outstanding[:count]
        self._early.difference_update(id(delivery) for delivery in released)
        return [delivery.packet_id for delivery in released]


def payload_bytes(deliveries: Sequence[Delivery]) -> int:
    """What these messages weigh against the byte budget."""
    return sum([len(delivery.payload) for delivery in deliveries])
