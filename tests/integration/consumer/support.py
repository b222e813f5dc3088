"""What the consumer's tests share: an independent publisher, and ways to take messages in."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fjarrkoll.services import Mosquitto
from ingest.consumer import ConsumerSettings, Delivery
from ingest.consumer.base import ConsumerBase

PASSWORDS = {"ingest": "secret of ingest", "feeder": "secret of feeder"}
EXTRA_ACL = "user ingest\ntopic readwrite test/#\n\nuser feeder\ntopic readwrite test/#\n"
TOPIC = "test/a/telemetry"
FILTER = "test/+/telemetry"

T = TypeVar("T")
MakeConsumer = Callable[..., ConsumerBase]


def settings_for(broker: Mosquitto, **overrides: object) -> ConsumerSettings:
    values: dict[str, object] = {
        "host": broker.host,
        "port": broker.port,
        "username": "ingest",
        "password": PASSWORDS["ingest"],
        **overrides,
    }
    return ConsumerSettings(**values)  # type: ignore[arg-type]  # each test names what matters to it


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


def feeder(broker: Mosquitto) -> aiomqtt.Client:
    """A publisher that shares no code with the consumers."""
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username="feeder",
        password=PASSWORDS["feeder"],
        protocol=aiomqtt.ProtocolVersion.V5,
    )


async def feed(  # a publisher has that many sides
    broker: Mosquitto,
    payloads: Iterable[bytes],
    *,
    topic: str = TOPIC,
    qos: int = 1,
    retain: bool = False,
    content_type: str | None = None,
) -> None:
    """Publish, and return when the broker has acknowledged all of it."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho annotates no result here
    if content_type is not None:
        properties.ContentType = content_type
    async with feeder(broker) as client:
        client.pending_calls_threshold = 200
        pending = [
            client.publish(topic, payload, qos=qos, retain=retain, properties=properties) for payload in payloads
        ]
        for start in range(0, len(pending), 100):
            await asyncio.gather(*pending[start : start + 100])


async def take(consumer: ConsumerBase, count: int, *, acknowledge: bool = True, seconds: float = 20) -> list[Delivery]:
    """Exactly `count` messages; fails when they do not come in time."""
    taken: list[Delivery] = []
    async with asyncio.timeout(seconds):
        while len(taken) < count:
            batch = await consumer.next_batch(count - len(taken), 0.05)
            taken += batch
            if acknowledge:
                await consumer.acknowledge_batch(batch)
    return taken


async def take_until_quiet(consumer: ConsumerBase, seconds: float = 0.5) -> list[Delivery]:
    """All that comes without being acknowledged."""
    taken: list[Delivery] = []
    try:
        while True:
            taken += await asyncio.wait_for(consumer.next_batch(1000, 0), seconds)
    except TimeoutError:
        return taken


async def nothing_comes(consumer: ConsumerBase, seconds: float = 0.4) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await consumer.next_batch(1, 0)
    except TimeoutError:
        return True
    return False


async def timed(work: Awaitable[T]) -> tuple[T, float]:
    began = time.monotonic()
    result = await work
    return result, time.monotonic() - began


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in other processes
            await asyncio.sleep(0.01)


def payloads(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [delivery.payload for delivery in deliveries]
