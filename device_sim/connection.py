"""One simulated device on the broker: its own credentials, last will, subscriptions, reconnects with jittered back-off."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_sim.device import Outgoing, SimulatedDevice
from fleet.errors import RejectedMessageError
from fleet.plumbing.logs import get_logger
from fleet.topics import Verb, parse, topic

log = get_logger(room="device_sim")

RESEND_AFTER_SECONDS: Final = 3.0
_LONGEST_BACK_OFF_SECONDS: Final = 10.0
_SESSION_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """Where the broker is."""

    host: str
    port: int


@dataclass(slots=True)
class Connection:
    """Keeps one device connected until cancelled, sending what is put into its queue.

    Attributes:
        published: messages the broker took, re-sent ones included.
        held: while true nothing leaves the device; what happens meanwhile comes as a late burst.
    """

    device: SimulatedDevice
    password: str
    line: Line
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    published: int = 0
    held: bool = False
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: asyncio.Queue[Outgoing] = field(default_factory=asyncio.Queue)
    _random: Random = field(default_factory=Random)

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Queues messages; they leave in order."""
        for message in outgoing:
            self._waiting.put_nowait(message)

    @property
    def idle(self) -> bool:
        """Whether everything queued has left."""
        return self._waiting.empty()

    async def run(self) -> None:
        """Connects, serves, reconnects; ends only by cancellation."""
        failures = 0
        while True:
            try:
                async with self._client() as client:
                    failures = 0
                    await self._serve(client)
            except aiomqtt.MqttError as error:
                failures += 1
                log.debug("device lost its line", event_name="line_lost", device_id=self._id, error=str(error))
            finally:
                self.connected.clear()
            await asyncio.sleep(min(_LONGEST_BACK_OFF_SECONDS, 0.2 * 2**failures) * self._random.uniform(0.5, 1.0))

    @property
    def _id(self) -> str:
        return self.device.identity.device_id

    def _client(self) -> aiomqtt.Client:
        will = self.device.presence(self.clock(), online=False)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = _SESSION_SECONDS
        return aiomqtt.Client(
            self.line.host,
            self.line.port,
            identifier=self._id,
            username=self._id,
            password=self.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(topic(self._id, Verb.STATE), will.payload, qos=1, retain=True),
            clean_start=False,
            properties=properties,
            # 88 ms round trips become 0.8 ms (architecture.md 3).
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _serve(self, client: aiomqtt.Client) -> None:
        for verb in (Verb.COMMAND, Verb.STORED):
            await client.subscribe(topic(self._id, verb), qos=1)
        now = self.clock()
        for message in (self.device.birth(now), self.device.presence(now, online=True), *self.device.resend()):
            await self._publish(client, message)
        self.connected.set()
        tasks = [asyncio.create_task(work) for work in (self._listen(client), self._pump(client), self._remind())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await asyncio.gather(*tasks)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            _, verb = parse(message.topic.value)
            try:
                answers = self.device.receive(verb, bytes(message.payload), self.clock())
            except RejectedMessageError as error:
                log.warning("device could not read a message", event_name="unreadable", device_id=self._id, error=str(error))
                continue
            self.send(answers)

    async def _pump(self, client: aiomqtt.Client) -> None:
        while True:
            message = await self._waiting.get()
            while self.held:
                await asyncio.sleep(0.1)
            await self._publish(client, message)

    async def _remind(self) -> None:
        """Asks again for what was not confirmed in time, ever more patiently."""
        patience = RESEND_AFTER_SECONDS
        while True:
            before = len(self.device.outbox)
            await asyncio.sleep(patience * self._random.uniform(0.8, 1.2))
            if self.held or not before or not self.idle or len(self.device.outbox) < before:
                patience = RESEND_AFTER_SECONDS
                continue
            self.send(self.device.resend())
            patience = min(60.0, patience * 2)

    async def _publish(self, client: aiomqtt.Client, message: Outgoing) -> None:
        if self.device.silent:
            return
        await client.publish(topic(self._id, message.verb), message.payload, qos=1, retain=message.retain)
        self.published += 1

    async def publish_raw(self, verb: Verb, payload: bytes) -> None:
        """Puts bytes that no outbox knows on the device's topic: dirt."""
        self.send([Outgoing(verb, payload)])
