"""Messages out: packet ids and the broker's Receive Maximum for QoS 1, encoding for both qualities. Pure."""

import mqtt5

from ingest.consumer.contract import Outgoing

_LAST_PACKET_ID = 65_535


class OutboundWindow:
    """Packet ids under way to the broker. Nothing is kept for a resend: receipts are cumulative, a later one will do.

    Args:
        receive_maximum: QoS 1 messages the broker takes before it has acknowledged one.
    """

    def __init__(self, receive_maximum: int) -> None:
        self._receive_maximum = min(receive_maximum, _LAST_PACKET_ID - 1)  # one is left for SUBSCRIBE
        self._under_way: set[int] = set()
        self._last = 0

    @property
    def full(self) -> bool:
        """No further QoS 1 message may leave now."""
        return len(self._under_way) >= self._receive_maximum

    def take(self) -> int:
        """A packet id that is not under way; ask only where the window is not full."""
        while True:
            self._last = self._last % _LAST_PACKET_ID + 1
            if self._last not in self._under_way:
                self._under_way.add(self._last)
                return self._last

    def acknowledged(self, packet_id: int) -> None:
        """The broker has it."""
        self._under_way.discard(packet_id)


def encode(message: Outgoing, packet_id: int | None, broker_maximum: int | None) -> bytes:
    """The PUBLISH packet of a message.

    Args:
        message: what to send.
        packet_id: None for QoS 0.
        broker_maximum: bytes the broker takes in one packet, or None for any number; a larger one would cost the line.

    Raises:
        ValueError: the topic is empty or holds a wildcard, the QoS is neither 0 nor 1, or the packet is too large.
    """
    if message.qos not in (0, 1):
        raise ValueError(f"QoS {message.qos} is not offered: publish at QoS 0 or 1.")
    packet = mqtt5.PublishPacket(
        message.topic,
        message.payload,
        qos=mqtt5.QoS.AT_LEAST_ONCE if message.qos else mqtt5.QoS.AT_MOST_ONCE,
        retain=message.retain,
        packet_id=packet_id,
        content_type=message.content_type,
        message_expiry_interval=message.expires_seconds,
    ).write()
    if broker_maximum is not None and len(packet) > broker_maximum:
        raise ValueError(
            f"The message for {message.topic!r} takes {len(packet)} bytes; the broker takes {broker_maximum}."
        )
    return packet
