"""A command whose time is over does not reach its device: the real broker drops it, for a device that was away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from diagnostics.commands.broker import connected
from fjarrkoll.services import Mosquitto
from fleet.codec import decode, encode
from fleet.messages import CommandMessage
from fleet.topics import Verb, topic
from tests.integration.diagnostics import test_commands
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town
from tests.integration.diagnostics.test_commands import QUICK, Chain, ask, settings_of
from tests.integration.diagnostics.tiny_device import client_of

chain, worker_pool, short_lived = test_commands.chain, test_commands.worker_pool, test_commands.short_lived  # fixtures


def lasting(broker: Mosquitto, device_id: str) -> aiomqtt.Client:
    """A device whose session the broker keeps while it is away."""
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    kept.SessionExpiryInterval = 600
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=device_id,
        password=f"password-of-{device_id}",
        identifier=device_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=kept,
    )


async def leave_a_session(broker: Mosquitto, device_id: str) -> None:
    """The device subscribes and goes away; from now on the broker queues its commands."""
    broker.add_credentials({device_id: f"password-of-{device_id}"})
    async with lasting(broker, device_id) as client:
        await client.subscribe(topic(device_id, Verb.COMMAND), qos=1)


@asynccontextmanager
async def come_back(broker: Mosquitto, device_id: str) -> AsyncIterator[AsyncIterator[CommandMessage]]:
    """The device is there again; what the broker has for it, in order."""

    async def commands(client: aiomqtt.Client) -> AsyncIterator[CommandMessage]:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            yield decode(message.payload, CommandMessage)

    async with lasting(broker, device_id) as client, asyncio.timeout(10):
        yield commands(client)


def numbered(counter: int) -> CommandMessage:
    return CommandMessage(command_id=f"c-{counter}", name="read_faults", counter=counter, issued_at=1, not_after=2)


async def test_the_broker_drops_a_command_whose_time_is_over_and_delivers_the_same_without_an_expiry(
    town: Town, chain: Chain
) -> None:
    """Number 2 is the control: sent as 1 was and as long waited for, but without an expiry; 3 ends the waiting."""
    device_id = town.chair.device_id
    await leave_a_session(chain.broker, device_id)
    settings = settings_of(chain.broker, chain.credentials)
    async with connected(settings) as publisher:
        await publisher.publish(device_id, numbered(1), 1)
    async with client_of(chain.broker, "diagnostics", chain.credentials["diagnostics"]) as plain:
        await plain.publish(topic(device_id, Verb.COMMAND), encode(numbered(2)), qos=1)
    async with connected(settings) as publisher:
        await publisher.publish(device_id, numbered(3), 60)
    await asyncio.sleep(2.5)
    async with come_back(chain.broker, device_id) as commands:
        heard = [(await anext(commands)).counter for _ in range(2)]
    assert heard == [2, 3], "in the order they were sent, so the first would have come before them"


@pytest.mark.usefixtures("short_lived")
async def test_a_command_that_expired_while_its_device_was_away_never_reaches_it(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    """From the API's wish to the device's line; the next wish, with time left, is the first that it hears."""
    device_id, token = town.chair.device_id, make_token("technician")
    store.heard(town.chair.device_no)
    await leave_a_session(chain.broker, device_id)
    async with chain.running():
        missed = await ask(api, token, device_id, QUICK.name)
        assert (missed.status_code, missed.json()["code"]) == (504, "device_silent")
        later = await ask(api, token, device_id, wait=0)
        assert later.status_code == 202
        for _ in range(200):
            if store.all("SELECT state FROM command WHERE name = 'read_faults'") == [("sent",)]:
                break
            await asyncio.sleep(0.05)
        async with come_back(chain.broker, device_id) as commands:
            first = await anext(commands)
    assert (first.name, first.counter) == ("read_faults", 2)
    assert store.all("SELECT state, reason FROM command ORDER BY counter")[0] == ("expired", "no_answer")
