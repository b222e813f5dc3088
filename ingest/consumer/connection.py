"""One MQTT 5 connection from CONNECT to its loss: everything that must not outlive it is kept here."""

import asyncio
import socket
from typing import TypeVar

import mqtt5
from mqtt5 import PublishPacket, QoS

from ingest.consumer.contract import ConsumerStatistics, Delivery
from ingest.consumer.errors import Disconnected, ProtocolViolation
from ingest.consumer.inbox import Inbox
from ingest.consumer.line import Line
from ingest.consumer.outbound import OutboundWindow
from ingest.consumer.settings import ConsumerSettings
from ingest.consumer.stream import PacketStream

T = TypeVar("T")
_EXACTLY_ONCE = QoS.EXACTLY_ONCE
_QOS2 = (
    "The broker sent a message at QoS 2, which this consumer never subscribes to. Another program must have used the "
    "session under this client id: connect once with clean_start, or choose another client id."
)


class Connection:
    """What the packets of one connection mean.

    Args:
        generation: its number; every delivery carries it.
        settings: the consumer's identity and limits.
        inbox: takes the deliveries, and the news of the loss.
        statistics: counts over all connections.
    """

    line: Line

    def __init__(
        self, generation: int, settings: ConsumerSettings, inbox: Inbox, statistics: ConsumerStatistics
    ) -> None:
        self.generation = generation
        self.lost = True
        self.window = OutboundWindow(1)
        self.broker_maximum: int | None = None
        self._settings = settings
        self._inbox = inbox
        self._statistics = statistics
        self._room = asyncio.Event()
        self._connack: asyncio.Future[mqtt5.ConnAckPacket] = asyncio.get_running_loop().create_future()
        self._subacks: dict[int, asyncio.Future[mqtt5.SubAckPacket]] = {}

    async def open(self) -> mqtt5.ConnAckPacket:
        """Connect, say CONNECT and wait for the answer.

        Raises:
            OSError: nothing listens, or TLS failed.
            Disconnected: the other side hung up before it answered.
        """
        settings = self._settings
        transport, self.line = await asyncio.get_running_loop().create_connection(
            self._make_line, settings.host, settings.port, ssl=settings.tls
        )
        self.lost = self.line.closed.is_set()
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(settings.tcp_nodelay))
        self.line.write(connect_packet(settings))
        connack = await self._connack
        self.window = OutboundWindow(connack.receive_max)
        self.broker_maximum = connack.max_packet_size
        if connack.server_keep_alive:
            self.line.use_keepalive(min(connack.server_keep_alive, settings.keepalive_seconds))
        return connack

    async def ask_for(self, topic_filters: list[mqtt5.TopicFilter]) -> mqtt5.SubAckPacket:
        """Say SUBSCRIBE and wait for the answer."""
        packet_id = self.window.take()
        answer: asyncio.Future[mqtt5.SubAckPacket] = asyncio.get_running_loop().create_future()
        self._subacks[packet_id] = answer
        self.line.write(mqtt5.SubscribePacket(packet_id, topic_filters).write())
        try:
            return await answer
        finally:
            del self._subacks[packet_id]
            self.window.acknowledged(packet_id)

    async def wait_for_room(self) -> None:
        """Wait until one more QoS 1 message may leave, or the line is lost."""
        while self.window.full and not self.lost:
            self._room.clear()
            await self._room.wait()

    async def close(self, why: str) -> None:
        """Say DISCONNECT, if the broker has accepted us, and wait until the line is gone."""
        if self.lost:
            return
        failure = Disconnected(f"The line was closed here: {why}.")
        if self._connack.done():
            self.line.finish(mqtt5.DisconnectReasonCode.NORMAL_DISCONNECTION, failure)
        else:
            self.line.abort(failure)
        await self.line.closed.wait()

    def _make_line(self) -> Line:
        return Line(
            PacketStream(self._settings.maximum_packet_size),
            keepalive_seconds=self._settings.keepalive_seconds,
            rest_seconds=self._settings.read_rest_seconds,
            on_packets=self._on_packets,
            on_lost=self._on_lost,
        )

    def _on_packets(self, packets: list[mqtt5.Packet]) -> None:
        # The hot path: every line of the loop runs 50,000 times a second. Nothing in it may await or log.
        deliveries: list[Delivery] = []
        append, generation = deliveries.append, self.generation
        for packet in packets:
            if type(packet) is PublishPacket:
                if packet.qos == _EXACTLY_ONCE:
                    raise ProtocolViolation(_QOS2)
                append(
                    Delivery(
                        packet.topic,
                        packet.payload,
                        packet.content_type,
                        packet.duplicate,
                        packet.retain,
                        packet.packet_id or 0,
                        generation,
                    )
                )
            else:
                self._on_control(packet)
        if deliveries:
            self._inbox.put(deliveries)
            self._statistics.read_pauses += self.line.hold(held=self._inbox.over_budget)

    def _on_control(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                self.window.acknowledged(packet.packet_id)
                self._statistics.publish_refused += int(packet.reason_code) >= 0x80
                self._room.set()
            case mqtt5.PingRespPacket():
                pass  # that bytes arrived is all the watch wants to know
            case mqtt5.SubAckPacket() if packet.packet_id in self._subacks:
                _answer(self._subacks[packet.packet_id], packet)
            case mqtt5.ConnAckPacket() if not self._connack.done():
                self._connack.set_result(packet)
            case mqtt5.DisconnectPacket():
                self.line.abort(_disconnected(packet))
            case _:
                raise ProtocolViolation(f"The broker sent {type(packet).__name__}, which has no place here.")

    def _on_lost(self, failure: Disconnected) -> None:
        self.lost = True
        self._inbox.fail(failure)
        self._room.set()
        refuse(self._connack, failure)
        for answer in self._subacks.values():
            refuse(answer, failure)


def refuse(waiting: asyncio.Future[T], failure: Exception) -> None:
    """Let whoever waits for an answer have the failure instead."""
    if not waiting.done():
        waiting.set_exception(failure)
        waiting.exception()  # counts as seen, so that nobody is warned where no one waits any more


def connect_packet(settings: ConsumerSettings) -> bytes:
    """CONNECT for a durable session under the settings' client id."""
    return mqtt5.ConnectPacket(
        settings.client_id,
        username=settings.username,
        password=None if settings.password is None else settings.password.encode(),
        clean_start=settings.clean_start,
        keep_alive=settings.keepalive_seconds,
        session_expiry_interval=settings.session_expiry_seconds,
        receive_max=settings.receive_maximum,
        max_packet_size=settings.maximum_packet_size,
    ).write()


def _answer(waiting: asyncio.Future[mqtt5.SubAckPacket], packet: mqtt5.SubAckPacket) -> None:
    if not waiting.done():
        waiting.set_result(packet)


def _disconnected(packet: mqtt5.DisconnectPacket) -> Disconnected:
    words = f" Its words: {packet.reason_str!r}." if packet.reason_str else ""
    reason = f"{packet.reason_code.name}, 0x{int(packet.reason_code):02X}"
    return Disconnected(f"The broker ended the connection ({reason}).{words}", int(packet.reason_code))
