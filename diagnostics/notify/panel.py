"""The wall panel channel: an open alarm stands retained on the panel's own topic until it has ended."""

import ssl
from datetime import timedelta
from typing import Final

import aiomqtt

from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from fleet.errors import TopicError
from fleet.plumbing.settings import Settings
from fleet.topics import panel_topic

TIMEOUT_SECONDS: Final = 5.0


class Panel:
    """Publishes to panels over MQTT 5, QoS 1, as the same account that sends commands.

    A panel that comes back after a power cut finds the alarms that are open; one that ended is told so once and then
    taken away.
    """

    name = "panel"
    receipts_within: timedelta | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def close(self) -> None:
        """Nothing is kept open."""

    async def send(self, message: Message) -> Failure | None:
        """Publishes once; None when the broker has taken it."""
        try:
            topic = panel_topic(message.address, "-".join(message.key.split("-")[:2]))
        except TopicError:
            return Failure(reason="the panel's name does not fit the contract")
        try:
            async with self._client() as client:
                over = message.kind == "cleared"
                await client.publish(topic, message.body, qos=1, retain=not over, timeout=TIMEOUT_SECONDS)
                if over:
                    await client.publish(topic, b"", qos=1, retain=True, timeout=TIMEOUT_SECONDS)
        except (OSError, aiomqtt.MqttError) as error:
            return Failure(reason=f"the broker could not be reached ({type(error).__name__})")
        return None

    def _client(self) -> aiomqtt.Client:
        settings = self._settings
        tls = None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=str(settings.mqtt_tls_ca))
        return aiomqtt.Client(
            settings.mqtt_host,
            settings.mqtt_port,
            username=settings.need("mqtt_username"),
            password=settings.need("mqtt_password"),
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=tls,
            timeout=TIMEOUT_SECONDS,
        )
