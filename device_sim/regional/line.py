"""A line to the broker that many devices share, without thread or task of its own: bytes out, packets in, back-off."""

import socket
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final

import mqtt5

from device_sim.regional.accounts import Account
from device_sim.regional.pace import Pace
from device_sim.regional.plan import device_id
from fleet.topics import Verb, topic

KEEPALIVE_SECONDS: Final = 60
PING_AFTER_SECONDS: Final = 25.0
SILENT_AFTER_SECONDS: Final = 55.0
ANSWER_WITHIN_SECONDS: Final = 30.0
"""For connecting and subscribing; in a storm the broker takes its time."""
SHORTEST_BACK_OFF_SECONDS: Final = 0.5
LONGEST_BACK_OFF_SECONDS: Final = 30.0
LAST_PACKET_ID: Final = 65_535
WINDOW: Final = 1000
FILTERS_AT_ONCE: Final = 200
READ_BYTES: Final = 1 << 18
_PING: Final = mqtt5.PingReqPacket().write()
_REFUSED: Final = 0x80
_OF_SUPPLIER: Final = "fk/v1/+/stored"


@dataclass(slots=True, eq=False)
class SharedLine:
    """One of them. Its owner calls `begin`, `write_out` and `read_in` when the socket is ready for it.

    Attributes:
        hears: whether it subscribes to receipts; of a supplier's lines only the first does.
        up: connected and subscribed.
        in_flight: messages sent and not acknowledged by the broker.
        behind: devices with something that has to go again, in turn.
        under_way: stored-up messages sent and not confirmed as stored.
        trouble: why it was lost last.
    """

    account: Account
    client_id: str
    hears: bool
    seed: int
    pace: Pace = field(default_factory=Pace)
    wire: socket.socket | None = None
    up: bool = False
    in_flight: int = 0
    window: int = WINDOW
    behind: deque[int] = field(default_factory=deque)
    under_way: int = 0
    lost: int = 0
    made: int = 0
    refused: int = 0
    acknowledged: int = 0
    try_at: float = 0.0
    trouble: str = ""
    out: bytearray = field(default_factory=bytearray)
    _rest: bytes = b""
    _packet_id: int = 0
    _failures: int = 0
    _wrote_at: float = 0.0
    _heard_at: float = 0.0
    _began_at: float = 0.0
    _subscriptions: int = 0
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Prepares its share of chance."""
        self._random = Random(f"{self.seed}/{self.client_id}")

    # -- its life -----------------------------------------------------------------------------------------------------

    def begin(self, address: tuple[str, int], now: float) -> socket.socket:
        """Makes a socket and says CONNECT; it counts as up when the broker has answered all.

        Raises:
            OSError: nobody listens.
        """
        made = socket.create_connection(address, timeout=5.0)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        self.wire, self._rest, self._packet_id = made, b"", 0
        self._wrote_at = self._heard_at = self._began_at = now
        account = self.account
        self.out = bytearray(
            mqtt5.ConnectPacket(
                self.client_id,
                username=account.name,
                password=account.password.encode(),
                clean_start=True,
                keep_alive=KEEPALIVE_SECONDS,
            ).write()
        )
        return made

    def lose(self, why: str, now: float) -> None:
        """Closes it; the next try comes after a wait drawn by lot, longer with every failure."""
        if self.wire is not None:
            self.wire.close()
        self.lost += self.up
        self._failures = 0 if self.up else self._failures + 1
        self.wire, self.up, self.trouble = None, False, why
        self.in_flight = self.under_way = 0
        self.behind.clear()
        self.out = bytearray()
        longest = min(LONGEST_BACK_OFF_SECONDS, SHORTEST_BACK_OFF_SECONDS * 2.0 ** min(self._failures, 10))
        self.try_at = now + longest * self._random.uniform(0.5, 1.0)

    def tick(self, now: float) -> str | None:
        """Says PING where it has been still; returns why the line must be given up, if it must."""
        if not self.up:
            return "the broker does not let it in" if now - self._began_at > ANSWER_WITHIN_SECONDS else None
        if now - self._heard_at > SILENT_AFTER_SECONDS:
            return "the broker gives no sign of life"
        if now - self._wrote_at > PING_AFTER_SECONDS or now - self._heard_at > PING_AFTER_SECONDS:
            self.out += _PING
            self._wrote_at = now
        return None

    # -- what goes out ------------------------------------------------------------------------------------------------

    @property
    def room(self) -> bool:
        """Whether another message may be in flight."""
        return self.up and self.in_flight < self.window

    def publish(self, address: str, payload: bytes) -> None:
        """Adds a message at QoS 1 to what goes out."""
        self._packet_id = self._packet_id % LAST_PACKET_ID + 1
        self.out += mqtt5.PublishPacket(
            address, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet_id
        ).write()
        self.in_flight += 1

    def write_out(self, now: float) -> None:
        """Hands to the operating system what it takes.

        Raises:
            OSError: the line is gone.
        """
        if self.wire is None or not self.out:
            return
        try:
            sent = self.wire.send(self.out)
        except BlockingIOError:
            return
        del self.out[:sent]
        self._wrote_at = now

    # -- what comes in ------------------------------------------------------------------------------------------------

    def read_in(self, now: float) -> list[tuple[str, bytes]]:
        """Takes in what has come; returns receipts as topic and payload.

        Raises:
            OSError: the line is gone, or the broker refuses.
        """
        if self.wire is None:
            return []
        try:
            data = self.wire.recv(READ_BYTES)
        except BlockingIOError:
            return []
        if not data:
            raise ConnectionResetError("the broker hung up")
        self._heard_at = now
        view, offset, heard = memoryview(self._rest + data), 0, []
        try:
            while offset < len(view):
                packet, size = mqtt5.read(view[offset:])
                offset += size
                if isinstance(packet, mqtt5.PubAckPacket):
                    self._acknowledged(packet)
                elif isinstance(packet, mqtt5.PublishPacket):
                    self._confirm(packet)
                    heard.append((packet.topic, packet.payload))
                else:
                    self._take(packet)
        except IndexError:  # the codec's word for a packet that is not complete yet
            pass
        self._rest = bytes(view[offset:])
        return heard

    def _acknowledged(self, packet: mqtt5.PubAckPacket) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.acknowledged += 1
        self.refused += int(packet.reason_code) >= _REFUSED

    def _confirm(self, packet: mqtt5.PublishPacket) -> None:
        if packet.packet_id is not None:
            self.out += mqtt5.PubAckPacket(packet.packet_id).write()

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnAckPacket():
                if int(packet.reason_code) >= _REFUSED:
                    raise ConnectionRefusedError(f"the broker refuses: {packet.reason_code.name}")
                self.window = min(WINDOW, packet.receive_max)
                self._subscribe()
            case mqtt5.SubAckPacket():
                if any(int(code) >= _REFUSED for code in packet.reason_codes):
                    raise ConnectionRefusedError("the broker refuses to tell of receipts")
                self._subscriptions -= 1
                self._perhaps_up()
            case mqtt5.DisconnectPacket():
                raise ConnectionResetError(f"the broker hung up: {packet.reason_code.name}")
            case _:
                pass  # PINGRESP: that bytes came is all that counts

    def _subscribe(self) -> None:
        filters = self._filters() if self.hears else []
        groups = [filters[start : start + FILTERS_AT_ONCE] for start in range(0, len(filters), FILTERS_AT_ONCE)]
        self._subscriptions = len(groups)
        for number, group in enumerate(groups, 1):
            wanted = [mqtt5.TopicFilter(name, max_qos=mqtt5.QoS.AT_MOST_ONCE) for name in group]
            self.out += mqtt5.SubscribePacket(number, wanted).write()
        self._perhaps_up()

    def _filters(self) -> list[str]:
        if self.account.whole_fleet:
            return [_OF_SUPPLIER]
        return [topic(device_id(device), Verb.STORED) for device in range(*self.account.devices)]

    def _perhaps_up(self) -> None:
        if self._subscriptions == 0:
            self.up = True
            self.made += 1
            self._failures = 0
