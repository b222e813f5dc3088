"""A device of a few lines: hears its commands over the real broker, does each counter at most once, answers or not.

And the part of ingest that a command needs: an answer is stored and its waiting caller is woken. The whole of ingest
has tests of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
import psycopg
from psycopg.types.json import Jsonb

from fjarrkoll.services import Mosquitto
from fleet.codec import decode, encode
from fleet.messages import CommandMessage, Reply
from fleet.topics import Verb, topic, upward_filters

Answering = Callable[[CommandMessage], Reply | None]


def succeeding(result: dict[str, Any]) -> Answering:
    """Answers everything with this result."""
    return lambda command: Reply(
        ts=command.issued_at,
        boot=1,
        seq=command.counter,
        command_id=command.command_id,
        status="succeeded",
        result=result,
    )


@dataclass
class TinyDevice:
    """What it heard, as messages and as MQTT delivered them."""

    device_id: str
    answering: Answering | None
    heard: list[CommandMessage] = field(default_factory=list)
    raw: list[aiomqtt.Message] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_heard(self, commands: int) -> None:
        """Waits until so many commands have come."""
        while len(self.heard) < commands:
            await self.came.wait()
            self.came.clear()

    async def run(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            command = decode(message.payload, CommandMessage)
            known = command.counter <= max((earlier.counter for earlier in self.heard), default=0)
            self.heard.append(command)
            self.raw.append(message)
            self.came.set()
            reply = None if known or self.answering is None else self.answering(command)
            if reply is not None:
                await client.publish(topic(self.device_id, Verb.REPLY), encode(reply), qos=1)


def client_of(broker: Mosquitto, user: str, password: str) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host, broker.port, username=user, password=password, identifier=user, protocol=aiomqtt.ProtocolVersion.V5
    )


@asynccontextmanager
async def tiny_device(
    broker: Mosquitto, device_id: str, answering: Answering | None = None
) -> AsyncIterator[TinyDevice]:
    """A connected device for the length of the block; silent where no answering is given."""
    broker.add_credentials({device_id: f"password-of-{device_id}"})
    device = TinyDevice(device_id, answering)
    async with client_of(broker, device_id, f"password-of-{device_id}") as client:
        await client.subscribe(topic(device_id, Verb.COMMAND), qos=1)
        task = asyncio.create_task(device.run(client))
        try:
            yield device
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def storing_replies(broker: Mosquitto, password: str, database_url: str) -> AsyncIterator[None]:
    """Stores answers as ingest does and tells who waits."""
    async with (
        client_of(broker, "ingest", password) as client,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        for pattern in upward_filters():
            await client.subscribe(pattern, qos=1)
        task = asyncio.create_task(_store(client, connection))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _store(client: aiomqtt.Client, connection: psycopg.AsyncConnection[Any]) -> None:
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        reply = decode(message.payload, Reply)
        async with connection.transaction():
            await connection.execute(
                "UPDATE command SET state = %s, reason = %s, result = %s, answered_at = clock_timestamp()"
                " WHERE command_id = %s AND state IN ('queued', 'sent', 'delivered', 'running')",
                [reply.status, reply.reason, Jsonb(reply.result), reply.command_id],
            )
            await connection.execute("SELECT pg_notify('fjarrkoll_reply', %s)", [reply.command_id])
