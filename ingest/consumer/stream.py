"""Bytes off the line to MQTT 5 packets: a receive buffer that is read into in place, and cut by the `mqtt5` codec."""

import mqtt5

from ingest.consumer.errors import ProtocolViolation

READ_BYTES = 128 * 1024  # one read brings at most this much; a larger packet makes the buffer grow while it lasts


class PacketStream:
    """The receive buffer of one connection; no byte is moved twice.

    Args:
        maximum_packet_size: bytes; a larger packet is a violation, since this size was announced in CONNECT.
    """

    def __init__(self, maximum_packet_size: int, read_bytes: int = READ_BYTES) -> None:
        self._maximum = maximum_packet_size
        self._read_bytes = read_bytes
        self._view = memoryview(bytearray(read_bytes))
        self._filled = 0

    def space(self) -> memoryview:
        """Where the next read writes to; never empty."""
        return self._view[self._filled :]

    def advance(self, count: int) -> list[mqtt5.Packet]:
        """Note that `count` bytes were written to `space()`, and return the packets that are complete now.

        Raises:
            ProtocolViolation: not MQTT 5, or a packet larger than agreed.
        """
        self._filled += count
        packets: list[mqtt5.Packet] = []
        append, read = packets.append, mqtt5.read
        window, offset, filled = self._view[: self._filled], 0, self._filled
        try:
            while offset < filled:
                packet, size = read(window[offset:])
                append(packet)
                offset += size
        except IndexError:  # the codec's word for an incomplete packet, said from its header in half a microsecond
            pass
        except ValueError as error:
            raise ProtocolViolation(f"The broker sent what is not MQTT 5: {error}.") from error
        self._keep_rest(offset)
        return packets

    def _keep_rest(self, offset: int) -> None:
        rest = self._view[offset : self._filled]
        self._filled = len(rest)
        needed = packet_length(rest)
        if needed > self._maximum:
            raise ProtocolViolation(f"The broker sent a packet of {needed} bytes; {self._maximum} were agreed.")
        capacity = max(self._read_bytes, needed)
        if capacity != len(self._view):
            # A new buffer, not a resized one: the event loop may still hold a view of the old one.
            self._view = memoryview(bytearray(capacity))
        elif offset == 0:
            return
        self._view[: len(rest)] = rest


def packet_length(head: memoryview) -> int:
    """Bytes of the packet that starts with `head`, or 0 where its fixed header is not complete (MQTT 5, 2.1.4)."""
    remaining = 0
    for position, byte in enumerate(head[1:5]):
        remaining |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return 2 + position + remaining
    return 0
