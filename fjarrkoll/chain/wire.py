"""What can be told from bytes on a line without taking part: MQTT packets counted, a COMMIT recognised."""

import re
from dataclasses import dataclass
from typing import Final

_PUBLISH: Final = 3
_PUBACK: Final = 4
_DUPLICATE: Final = 0x08

# PostgreSQL protocol 3 (documentation, 53.7): Query and Parse carry the statement as text, CommandComplete its tag.
_ASKED: Final = re.compile(rb"Q\x00\x00\x00\x0bCOMMIT\x00|P\x00\x00\x00.[^\x00]*\x00COMMIT\x00", re.DOTALL)
_ANSWERED: Final = b"C\x00\x00\x00\x0bCOMMIT\x00"


def asks_commit(data: bytes) -> bool:
    """Whether a client's bytes hold a COMMIT; one cut in two by the network is missed, and the next one met."""
    return _ASKED.search(data) is not None


def answers_commit(data: bytes) -> bool:
    """Whether a server's bytes say that a COMMIT was carried out."""
    return _ANSWERED in data


@dataclass(slots=True)
class MqttTally:
    """Counts packets in one direction of one MQTT connection, from their fixed headers (MQTT 5, 2.1).

    Attributes:
        published: PUBLISH packets.
        redelivered: of these, with the DUP flag.
        acknowledged: PUBACK packets.
    """

    published: int = 0
    redelivered: int = 0
    acknowledged: int = 0
    _skip: int = 0
    _head: bytes = b""

    def take(self, data: bytes) -> None:
        """Counts the packets that begin in `data`, the next bytes of the stream."""
        place = 0
        while place < len(data):
            if self._skip:
                step = min(self._skip, len(data) - place)
                self._skip -= step
                place += step
                continue
            self._head += data[place : place + 1]
            place += 1
            if len(self._head) > 1 and self._head[-1] < 0x80:
                self._begin()

    def _begin(self) -> None:
        first, *length = self._head
        self._head = b""
        self._skip = sum((byte & 0x7F) << (7 * position) for position, byte in enumerate(length))
        kind = first >> 4
        self.published += kind == _PUBLISH
        self.redelivered += kind == _PUBLISH and bool(first & _DUPLICATE)
        self.acknowledged += kind == _PUBACK
