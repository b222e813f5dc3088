"""One paho client for the length of one connection: its callbacks run on paho's network thread and only hand over."""

import asyncio
import contextlib
import functools
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeAlias

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.consumer.connection import refuse
from ingest.consumer.contract import ConsumerStatistics, Delivery
from ingest.consumer.errors import Disconnected, ProtocolViolation
from ingest.consumer.inbox import Inbox
from ingest.consumer.settings import ConsumerSettings

_WATCH_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_NEVER_SUBSCRIBED = "fjarrkoll/never-subscribed"
P = ParamSpec("P")
Method: TypeAlias = Callable[Concatenate["PahoConnection", P], None]


def guarded(callback: Method[P]) -> Method[P]:
    """A callback that raises would end paho's network thread without a word; here it ends the connection with one."""

    def call(self: "PahoConnection", /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # whatever it is, it must reach the caller and not paho
            self.hand_over(self.lose, ProtocolViolation(f"A message could not be taken in: {error!r}."))

    return call


class PahoConnection:
    """See `Connection`; the same job with paho.

    Args:
        generation: its number; every delivery carries it.
        settings: the consumer's identity and limits.
        inbox: belongs to the event loop; this class touches it there only, but for reading one counter.
        statistics: counts over all connections.
    """

    def __init__(
        self, generation: int, settings: ConsumerSettings, inbox: Inbox, statistics: ConsumerStatistics
    ) -> None:
        self.generation = generation
        self.lost = False
        self._closing = False
        self.broker_maximum: int | None = None
        self._settings = settings
        self._inbox = inbox
        self._statistics = statistics
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None
        self._arrived: deque[Delivery] = deque()
        self._collecting = False
        self._received_bytes = 0
        self._budget = threading.Condition()
        self._watch: asyncio.TimerHandle | None = None
        self._connack: asyncio.Future[tuple[bool, int, Properties | None]] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[list[int]]] = {}
        self.client = self._make_client()

    async def open(self) -> tuple[bool, int, Properties | None]:
        """Connect and wait for the answer: session present, reason code, properties.

        Raises:
            OSError: nothing listens, or TLS failed.
            Disconnected: the other side hung up before it answered.
        """
        settings = self._settings
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates no result here
        properties.SessionExpiryInterval = settings.session_expiry_seconds
        properties.ReceiveMaximum = settings.receive_maximum
        properties.MaximumPacketSize = settings.maximum_packet_size
        connect = functools.partial(
            self.client.connect,
            settings.host,
            settings.port,
            keepalive=paho_keepalive(settings.keepalive_seconds),
            clean_start=settings.clean_start,
            properties=properties,
        )
        await asyncio.to_thread(connect)
        self.client.loop_start()
        answer = await self._connack
        self._watch = self._loop.call_later(_WATCH_SECONDS, self._check_thread)
        return answer

    async def ask_for(self, request: Callable[[], tuple[int, int | None]]) -> list[int]:
        """Send SUBSCRIBE or UNSUBSCRIBE and wait for its reason codes."""
        code, packet_id = request()
        if code or packet_id is None:
            raise self._inbox.failure
        answer: asyncio.Future[list[int]] = self._loop.create_future()
        self._answers[packet_id] = answer
        try:
            return await answer
        finally:
            del self._answers[packet_id]

    async def close(self, why: str) -> None:
        """Say DISCONNECT, once the broker has read every PUBACK, and end the network thread."""
        self._closing = True
        self.released()
        if not self.lost and self._connack.done():
            await self._wait_until_read()
        self.lose(Disconnected(f"The line was closed here: {why}."))
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def _wait_until_read(self) -> None:
        # paho closes the socket with DISCONNECT; Line.finish tells what that may cost. The broker answers in order, so
        # an answer to a harmless question proves that it has read what was sent before.
        with contextlib.suppress(Disconnected, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.ask_for(functools.partial(self.client.unsubscribe, _NEVER_SUBSCRIBED))

    def lose(self, failure: Disconnected) -> None:
        """The connection is over; on the event loop only, and harmless when repeated."""
        if self.lost:
            return
        self.lost = True
        if self._watch is not None:
            self._watch.cancel()
        self._inbox.fail(failure)
        self.released()
        refuse(self._connack, failure)
        for answer in self._answers.values():
            refuse(answer, failure)

    def released(self) -> None:
        """Tell the network thread that there may be room in the byte budget again."""
        with self._budget:
            self._budget.notify_all()

    def hand_over(self, act: Callable[..., None], *args: object) -> None:
        """Run something on the event loop, from the network thread."""
        try:
            self._loop.call_soon_threadsafe(act, *args)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            self.lost = True

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            protocol=MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.username_pw_set(settings.username, settings.password)
        if settings.tls is not None:
            client.tls_set_context(settings.tls)
        client.connect_timeout = settings.connect_timeout_seconds * 0.9  # ours, around it, comes second
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_subscribe = client.on_unsubscribe = self._on_answer
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    # On paho's network thread.

    @guarded
    def _on_socket_open(self, _client: Client, _userdata: object, sock: Any) -> None:  # noqa: ANN401  # socket or TLS socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(self._settings.tcp_nodelay))

    @guarded
    def _on_connect(
        self, _client: Client, _userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._thread = threading.current_thread()
        self.hand_over(_answer, self._connack, (flags.session_present, reason.value, properties))

    @guarded
    def _on_answer(
        self,
        _client: Client,
        _userdata: object,
        packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self.hand_over(self._answered, packet_id, [reason.value for reason in reasons])

    @guarded
    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if message.qos == 2:  # paho has sent PUBREC already and keeps the message in memory only: never safe
            raise ValueError("the broker sent QoS 2, which this consumer never subscribes to")
        self._received_bytes += len(message.payload)
        self._arrived.append(_delivery(message, self.generation))
        if not self._collecting:
            self._collecting = True
            self.hand_over(self._collect)
        self._wait_for_budget()

    @guarded
    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            failure = Disconnected(
                f"The broker ended the connection ({reason.getName()}, 0x{reason.value:02X}).", reason.value
            )
        else:
            failure = Disconnected(f"The line to the broker is lost ({reason.getName()}).")
        self.hand_over(self.lose, failure)

    def _wait_for_budget(self) -> None:
        # Nothing is read, and no ping is sent, while this waits: the one way to make paho stop reading. A wait beyond
        # 1.5 keep-alives costs the connection, which is safe: everything unacknowledged comes again.
        if self._received_bytes - self._inbox.released_bytes < self._settings.buffer_bytes:
            return
        self._statistics.read_pauses += 1
        with self._budget:
            self._budget.wait_for(
                lambda: (
                    self._closing
                    or self.lost
                    or self._received_bytes - self._inbox.released_bytes < self._settings.buffer_bytes
                )
            )

    # On the event loop.

    def _collect(self) -> None:
        self._collecting = False  # before the queue is emptied: what arrives in between orders another round
        deliveries: list[Delivery] = []
        while self._arrived:
            deliveries.append(self._arrived.popleft())
        if deliveries and not self.lost:
            self._inbox.put(deliveries)

    def _answered(self, packet_id: int, reasons: list[int]) -> None:
        if packet_id in self._answers:
            _answer(self._answers[packet_id], reasons)

    def _check_thread(self) -> None:
        # paho's thread ends without calling back when a packet confuses it (seen: an unknown reason code).
        if self._thread is not None and not self._thread.is_alive():
            self.lose(ProtocolViolation("paho's network thread has ended on a packet it does not understand."))
        else:
            self._watch = self._loop.call_later(_WATCH_SECONDS, self._check_thread)


def paho_keepalive(seconds: int) -> int:
    """Seconds to ask of paho: it notices a dead line after two intervals, and we promise one and a half."""
    return max(1, seconds * 2 // 3 - 1)


def _delivery(message: MQTTMessage, generation: int) -> Delivery:
    content_type: str | None = getattr(message.properties, "ContentType", None)
    packet_id = message.mid if message.qos else 0
    return Delivery(
        message.topic, bytes(message.payload), content_type, message.dup, message.retain, packet_id, generation
    )


def _answer(waiting: asyncio.Future[Any], value: object) -> None:
    if not waiting.done():
        waiting.set_result(value)
