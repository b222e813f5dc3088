"""The same contract on paho-mqtt, the client most people know: slower, and a second opinion on the thin one."""

import asyncio
import functools
from collections.abc import Sequence

from paho.mqtt.client import MQTT_ERR_SUCCESS
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.consumer.base import ConsumerBase, check_accepted, check_filters, check_granted, next_generation
from ingest.consumer.contract import ConnectionReport, Delivery, Outgoing
from ingest.consumer.errors import Disconnected
from ingest.consumer.outbound import encode
from ingest.consumer.paho_connection import PahoConnection, paho_keepalive


class PahoConsumer(ConsumerBase):
    """See `Consumer`: paho with manual acknowledgement, one client per connection so that nothing survives a loss."""

    _connection: PahoConnection | None = None

    async def connect(self) -> ConnectionReport:
        """See `Consumer.connect`."""
        await self.close()
        self._inbox.open()
        connection = PahoConnection(next_generation(), self._settings, self._inbox, self._statistics)
        try:
            async with asyncio.timeout(self._settings.connect_timeout_seconds):
                session_present, reason_code, properties = await connection.open()
            check_accepted(reason_code, getattr(properties, "ReasonString", None))
        except BaseException as error:
            await connection.close("connecting failed")
            self._inbox.fail(Disconnected(f"Not connected: {error}"))
            if isinstance(error, OSError | Disconnected):
                raise self.unreachable(error) from error
            raise
        self._connection = connection
        connection.broker_maximum = getattr(properties, "MaximumPacketSize", None)
        return self._report(connection, properties, session_present=session_present)

    async def subscribe(self, filters: Sequence[str]) -> None:
        """See `Consumer.subscribe`."""
        check_filters(filters)
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        connection = self._require_connection()
        request = functools.partial(connection.client.subscribe, [(name, options) for name in filters])
        check_granted(filters, await connection.ask_for(request))

    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        """See `Consumer.next_batch`."""
        batch = await self._inbox.next_batch(limit, linger)
        if self._connection is not None:
            self._connection.released()
        return batch

    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        """See `Consumer.acknowledge_batch`."""
        packet_ids = self._inbox.settle(batch)
        connection = self._connection
        if connection is None or connection.lost:
            return 0
        connection.released()
        for packet_id in packet_ids:
            connection.client.ack(packet_id, 1)
        self._statistics.acknowledged += len(packet_ids)
        return len(packet_ids)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See `Consumer.publish`."""
        connection = self._require_connection()
        for message in messages:
            encode(message, message.qos or None, connection.broker_maximum)  # for its checks: paho makes none of size
            information = connection.client.publish(
                message.topic, message.payload, message.qos, message.retain, _properties(message)
            )
            if information.rc != MQTT_ERR_SUCCESS:
                raise self._inbox.failure
            self._statistics.published += 1

    async def close(self) -> None:
        """See `Consumer.close`."""
        if self._connection is not None:
            await self._connection.close("close() was called")
            self._connection = None

    def _require_connection(self) -> PahoConnection:
        if self._connection is None or self._connection.lost:
            raise self._inbox.failure
        return self._connection

    def _report(
        self, connection: PahoConnection, properties: Properties | None, *, session_present: bool
    ) -> ConnectionReport:
        settings = self._settings
        return ConnectionReport(
            generation=connection.generation,
            session_present=session_present,
            receive_maximum=settings.receive_maximum,
            broker_receive_maximum=getattr(properties, "ReceiveMaximum", 65_535),
            broker_maximum_packet_size=connection.broker_maximum,
            keepalive_seconds=getattr(properties, "ServerKeepAlive", paho_keepalive(settings.keepalive_seconds)),
            session_expiry_seconds=getattr(properties, "SessionExpiryInterval", settings.session_expiry_seconds),
        )


def _properties(message: Outgoing) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho annotates no result here
    if message.content_type is not None:
        properties.ContentType = message.content_type
    if message.expires_seconds is not None:
        properties.MessageExpiryInterval = message.expires_seconds
    return properties
