"""One MQTT 5 connection of a device over the `mqtt5` codec: publish, subscribe, receive, leave tidily or be cut."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

import mqtt5

from fleet.errors import FjarrkollError

KEEPALIVE_SECONDS: Final = 60
_ANSWER_SECONDS: Final = 5.0
_LEAVE_SECONDS: Final = 2.0
_PING: Final = mqtt5.PingReqPacket().write()
_REFUSED: Final = 0x80
_Reason = mqtt5.ConnAckReasonCode | mqtt5.SubAckReasonCode | mqtt5.PubAckReasonCode | mqtt5.DisconnectReasonCode


class LineLostError(FjarrkollError):
    """The connection to the broker was refused or lost; the message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the broker.

    Attributes:
        retained: it is the broker's copy, sent because we subscribed.
    """

    topic: str
    payload: bytes
    retained: bool
    content_type: str | None


class Wire(asyncio.Protocol):
    """The connection from CONNECT to its loss. What comes is acknowledged at once: a device that dies loses it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._connack: asyncio.Future[_Reason] = loop.create_future()
        self._answers: dict[int, asyncio.Future[_Reason]] = {}
        self._heard: asyncio.Queue[Message | None] = asyncio.Queue()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._failure = LineLostError("the line was closed")
        self._last_id = 0
        self._pong_due = False
        self._ticker: asyncio.TimerHandle | None = None

    # -- what its owner calls -----------------------------------------------------------------------------------------

    async def connect(self, packet: mqtt5.ConnectPacket) -> None:
        """Says CONNECT and returns when the broker has accepted.

        Raises:
            LineLostError: it refused, hung up or did not answer.
        """
        self._write(packet.write())
        await self._answered(self._connack, "CONNECT")

    async def subscribe(self, addresses: Iterable[str]) -> None:
        """Subscribes with QoS 1.

        Raises:
            LineLostError: the broker refused, hung up or did not answer.
        """
        filters = [
            mqtt5.TopicFilter(address, max_qos=mqtt5.QoS.AT_LEAST_ONCE, retain_as_published=False)
            for address in addresses
        ]
        packet_id = self._next_id()
        await self._ask(packet_id, mqtt5.SubscribePacket(packet_id, filters).write(), "SUBSCRIBE")

    async def publish(self, address: str, payload: bytes, *, retain: bool = False) -> None:
        """Publishes with QoS 1 and returns when the broker has acknowledged.

        Raises:
            LineLostError: the broker refused, hung up or did not answer.
        """
        packet_id = self._next_id()
        packet = mqtt5.PublishPacket(address, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=retain, packet_id=packet_id)
        await self._ask(packet_id, packet.write(), address)

    async def receive(self) -> Message:
        """The next message.

        Raises:
            LineLostError: the line is gone, and every message that came over it was received.
        """
        message = await self._heard.get()
        if message is None:
            self._heard.put_nowait(None)
            raise self._failure
        return message

    async def leave(self) -> None:
        """Says DISCONNECT, which withholds the last will, and lets the broker hang up, waiting not for long."""
        if self._transport is not None:
            self._write(mqtt5.DisconnectPacket().write())
            await asyncio.wait({self._closed}, timeout=_LEAVE_SECONDS)
        self.cut()

    def cut(self) -> None:
        """Ends the connection without a word, as a dead gateway does; the broker then sends the last will."""
        if self._transport is not None:
            self._transport.abort()

    # -- what the event loop calls ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins the watch over the line."""
        self._transport = cast("asyncio.Transport", transport)
        self._ticker = self._loop.call_later(KEEPALIVE_SECONDS / 2, self._tick)

    def data_received(self, data: bytes) -> None:
        """Cuts what came into packets."""
        self._pong_due = False
        view, offset = memoryview(self._rest + data), 0
        packets: list[mqtt5.Packet] = []
        try:
            while offset < len(view):
                packet, size = mqtt5.read(view[offset:])
                packets.append(packet)
                offset += size
        except IndexError:
            pass  # the codec's word for a packet that is not complete yet
        except ValueError as error:
            self._give_up(f"the broker sent what is not MQTT 5: {error}")
        self._rest = bytes(view[offset:])
        for packet in packets:
            self._take(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells everybody who waits."""
        if exc is not None:
            self._failure = LineLostError(f"the line was lost: {exc}")
        if self._ticker is not None:
            self._ticker.cancel()
        self._transport = None
        for waiting in (self._connack, *self._answers.values()):
            if not waiting.done():
                waiting.set_exception(self._failure)
                waiting.exception()  # counts as seen, where no one waits any more
        self._heard.put_nowait(None)
        self._closed.set_result(None)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PublishPacket():
                if packet.packet_id is not None:
                    self._write(mqtt5.PubAckPacket(packet.packet_id).write())
                message = Message(packet.topic, packet.payload, packet.retain, packet.content_type)
                self._heard.put_nowait(message)
            case mqtt5.PubAckPacket():
                _settle(self._answers.get(packet.packet_id), packet.reason_code)
            case mqtt5.SubAckPacket():
                _settle(self._answers.get(packet.packet_id), max(packet.reason_codes, key=int))
            case mqtt5.ConnAckPacket():
                _settle(self._connack, packet.reason_code)
            case mqtt5.DisconnectPacket():
                self._give_up(f"the broker hung up: {_said(packet.reason_code)}")
            case _:
                pass  # PINGRESP: that bytes came is all the watch wants to know

    async def _ask(self, packet_id: int, data: bytes, what: str) -> None:
        answer: asyncio.Future[_Reason] = self._loop.create_future()
        self._answers[packet_id] = answer
        try:
            self._write(data)
            await self._answered(answer, what)
        finally:
            del self._answers[packet_id]

    async def _answered(self, answer: asyncio.Future[_Reason], what: str) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reason = await answer
        except TimeoutError:
            raise LineLostError(f"the broker does not answer {what}") from None
        if int(reason) >= _REFUSED:
            raise LineLostError(f"the broker refuses {what}: {_said(reason)}")

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            raise self._failure
        self._transport.write(data)

    def _next_id(self) -> int:
        """A packet id that is not in use (1 to 65,535)."""
        while True:
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self._answers:
                return self._last_id

    def _tick(self) -> None:
        """Asks for a sign of life; one that is not given within half a keep-alive ends the line."""
        if self._pong_due:
            self._give_up("the broker gives no sign of life")
            return
        self._pong_due = True
        self._write(_PING)
        self._ticker = self._loop.call_later(KEEPALIVE_SECONDS / 2, self._tick)

    def _give_up(self, why: str) -> None:
        self._failure = LineLostError(why)
        self.cut()


def _settle(waiting: "asyncio.Future[_Reason] | None", reason: _Reason) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(reason)


def _said(reason: _Reason) -> str:
    """The broker's reason in words, by the names that MQTT 5 gives (section 2.4)."""
    return reason.name.replace("_", " ").capitalize()
