"""The worker's connection to the broker for commands: each published once, with an expiry, never retained."""

import math
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fleet.codec import encode
from fleet.messages import JSON_CONTENT, CommandMessage
from fleet.plumbing.settings import Settings
from fleet.topics import Verb, topic

_PUBLISH_SECONDS: Final = 5.0
# Without it a round trip takes 88 ms instead of 0.8 (ecosystem.md 0.2).
_NO_DELAY: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class CommandBroker:
    """Publishes commands."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> None:
        """Hands a command to the broker, which drops it when its time is over.

        Raises:
            aiomqtt.MqttError: the broker did not take it.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, math.ceil(seconds_left))
        properties.ContentType = JSON_CONTENT
        properties.ResponseTopic = topic(device_id, Verb.REPLY)
        properties.CorrelationData = message.command_id.encode()
        await self._client.publish(
            topic(device_id, Verb.COMMAND),
            encode(message),
            qos=1,
            retain=False,
            properties=properties,
            timeout=_PUBLISH_SECONDS,
        )


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[CommandBroker]:
    """A connection for the length of the block.

    Raises:
        aiomqtt.MqttError: the broker cannot be reached or refuses us.
        ConfigurationError: the account is not set.
    """
    tls = None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=str(settings.mqtt_tls_ca))
    client = aiomqtt.Client(
        settings.mqtt_host,
        settings.mqtt_port,
        username=settings.need("mqtt_username"),
        password=settings.need("mqtt_password"),
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls,
        socket_options=[_NO_DELAY],
        timeout=_PUBLISH_SECONDS,
    )
    async with client:
        yield CommandBroker(client)
