"""Counts the broker's PUBACKs by reason, at the price of one comparison per read while all is well. Pure."""

import struct
from collections import Counter
from typing import Final

import mqtt5

from fleet.errors import FjarrkollError

LAST_PACKET_ID: Final = 65_535
_SIZE: Final = 4
SUCCESS: Final = "SUCCESS"
# PUBACK with reason "success" is four bytes (MQTT 5, 3.4.2.1): here for every packet id in order, and the whole cycle
# twice, so that no read runs past its end.
_PUBACKS: Final = [0x4002_0000 | number for number in range(1, LAST_PACKET_ID + 1)]
_CYCLE: Final = struct.pack(f">{LAST_PACKET_ID}I", *_PUBACKS) * 2
READ_BYTES: Final = LAST_PACKET_ID * _SIZE
"""No single read may be larger."""


class GeneratorError(FjarrkollError):
    """The generator could not do its part; the measurement says nothing."""


def packet_id(position: int) -> int:
    """The packet id of the message sent as number `position`, from 0."""
    return position % LAST_PACKET_ID + 1


class Acknowledgements:
    """PUBACKs of messages that were sent with the packet ids 1, 2, 3 …; the broker answers in that order (MQTT 5, 4.6).

    Attributes:
        total: how many came.
        reasons: reason code's name to how many.
    """

    def __init__(self) -> None:
        self.total = 0
        self.reasons: Counter[str] = Counter()
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Counts what one read of at most `READ_BYTES` brought.

        Raises:
            GeneratorError: the broker hung up, answered out of order, or said something that has no place here.
        """
        place = self.total % LAST_PACKET_ID * _SIZE
        if not self._rest and len(data) % _SIZE == 0 and _CYCLE.startswith(data, place):
            self.total += len(data) // _SIZE
            self.reasons[SUCCESS] += len(data) // _SIZE
        else:
            self._take_one_by_one(data)

    def _take_one_by_one(self, data: bytes) -> None:
        view = memoryview(self._rest + data)
        offset = 0
        try:
            while offset < len(view):
                packet, size = mqtt5.read(view[offset:])
                self._count(packet)
                offset += size
        except IndexError:  # the codec's word for an incomplete packet
            pass
        self._rest = bytes(view[offset:])

    def _count(self, packet: mqtt5.Packet) -> None:
        if not isinstance(packet, mqtt5.PubAckPacket):
            raise GeneratorError(f"the broker sent {packet!r} where only acknowledgements were expected")
        if packet.packet_id != packet_id(self.total):
            raise GeneratorError(f"the broker acknowledged {packet.packet_id} where {packet_id(self.total)} was next")
        self.total += 1
        self.reasons[packet.reason_code.name] += 1
