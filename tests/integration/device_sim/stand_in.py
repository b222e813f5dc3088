"""What the simulator's tests share: a stand-in for ingest that records and confirms, and devices with accounts."""

import asyncio
import contextlib
import itertools
import json
import math
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_sim.connection import Connection, Line
from device_sim.fleet_file import FleetEntry
from device_sim.ledger import Ledger
from device_sim.swarm import Plan, Swarm, build_swarm
from fjarrkoll.services import Mosquitto
from fleet import codec
from fleet.messages import Receipt
from fleet.registry import load_registry
from fleet.topics import UPWARD, Verb, parse, topic

_numbers = itertools.count(1)
_ANSWER_SECONDS = 3.0
NUMBERED = (Verb.TELEMETRY, Verb.EVENT, Verb.REPLY)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as a subscriber got it."""

    device_id: str
    verb: Verb
    payload: bytes
    retain: bool

    @property
    def body(self) -> Any:
        """The payload as JSON."""
        return json.loads(self.payload)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The readings of an array, or the one message."""
        return self.body if isinstance(self.body, list) else [self.body]


@dataclass
class StandIn:
    """Ingest in small: a durable session, every number kept, a receipt for the unbroken run where one is asked for."""

    broker: Mosquitto
    password: str
    confirms: bool = True
    heard: list[Heard] = field(default_factory=list)
    stored: set[tuple[str, int, int]] = field(default_factory=set)
    arrivals: int = 0
    receipts: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    client_id: str = field(default_factory=lambda: f"stand-in-{secrets.token_hex(4)}")

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["StandIn"]:
        """Records for the length of the block; the session stays, so that the broker queues in between."""
        task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(10):
                await self.ready.wait()
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.ready.clear()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with account(self.broker, "ingest", self.password, self.client_id) as client:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        await client.subscribe([(f"fk/v1/+/{verb}", 1) for verb in UPWARD])
                    self.ready.set()
                    async for message in client.messages:
                        await self._take(client, message)
            await asyncio.sleep(0.05)

    async def _take(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        device_id, verb = parse(message.topic.value)
        heard = Heard(device_id, verb, bytes(message.payload), message.retain)
        self.heard.append(heard)
        if verb not in NUMBERED:
            return
        try:
            numbers = [(device_id, int(part["boot"]), int(part["seq"])) for part in heard.parts]
            asked = heard.parts[-1].get("outbox_from")
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            return
        self.arrivals += len(numbers)
        self.stored.update(numbers)
        if asked is not None and self.confirms:
            await self._confirm(client, device_id, numbers[-1][1], asked)

    async def _confirm(self, client: aiomqtt.Client, device_id: str, boot: int, asked: int) -> None:
        upto = asked - 1
        while (device_id, boot, upto + 1) in self.stored:
            upto += 1
        self.receipts += 1
        async with asyncio.timeout(_ANSWER_SECONDS):
            await client.publish(topic(device_id, Verb.STORED), codec.encode(Receipt(boot=boot, seq=upto)), qos=1)

    def of(self, device_id: str, *verbs: Verb) -> list[Heard]:
        """What one device said, in order of arrival."""
        return [heard for heard in self.heard if heard.device_id == device_id and heard.verb in (verbs or UPWARD)]

    def numbers_of(self, device_id: str) -> set[tuple[int, int]]:
        return {(boot, seq) for identity, boot, seq in self.stored if identity == device_id}


def account(broker: Mosquitto, user: str, password: str, client_id: str | None = None) -> aiomqtt.Client:
    """A client that shares no code with the simulator; durable where it is given an id."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates no result here
    properties.SessionExpiryInterval = 600 if client_id else 0
    return aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=client_id,
        username=user,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=client_id is None,
        timeout=math.inf,  # its own limit may swallow a cancellation until Python 3.12
        properties=properties,
    )


async def retained(broker: Mosquitto, password: str, device_id: str) -> dict[Verb, dict[str, Any]]:
    """What a newcomer with the observer's account finds about a device."""
    found: dict[Verb, dict[str, Any]] = {}
    async with account(broker, "observer", password) as client:
        await client.subscribe(f"fk/v1/{device_id}/#", qos=1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                async for message in client.messages:
                    if message.retain:
                        found[parse(message.topic.value)[1]] = json.loads(bytes(message.payload))
    return found


def entries(broker: Mosquitto, *models: tuple[str, str]) -> list[FleetEntry]:
    """Devices with fresh ids and accounts at the broker; the session's broker is shared by many tests."""
    made = [
        FleetEntry(
            device_id=f"sim-{next(_numbers):04d}-{secrets.token_hex(3)}",
            password=secrets.token_urlsafe(12),
            device_class=device_class,
            model=model,
            firmware="2.0.0",
        )
        for device_class, model in models
    ]
    broker.add_credentials({entry.device_id: entry.password for entry in made})
    return made


def swarm_of(
    broker: Mosquitto, made: Sequence[FleetEntry], plan: Plan | None = None, ledger: Ledger | None = None
) -> Swarm:
    return build_swarm(made, load_registry(), Line(broker.host, broker.port), plan or Plan(), ledger or Ledger(), {})


def device_of(swarm: Swarm) -> tuple[Connection, str]:
    """The first device and its id."""
    connection = swarm.connections[0]
    return connection, connection.device.identity.device_id


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)
