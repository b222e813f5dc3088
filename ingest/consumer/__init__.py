"""MQTT 5 consumer with acknowledge-after-commit: one contract, two adapters (thin and paho), one supervisor."""

from ingest.consumer.backoff import BackOff
from ingest.consumer.contract import ConnectionReport, Consumer, ConsumerStatistics, Delivery, Outgoing
from ingest.consumer.errors import (
    BrokerUnreachable,
    ConnectionRefused,
    ConsumerError,
    Disconnected,
    ProtocolViolation,
    SubscriptionRefused,
)
from ingest.consumer.session import Connected, ConnectionLost, SessionEvent, SessionLost, Supervisor
from ingest.consumer.settings import ConsumerSettings
from ingest.consumer.thin import ThinConsumer

__all__ = [
    "BackOff",
    "BrokerUnreachable",
    "Connected",
    "ConnectionLost",
    "ConnectionRefused",
    "ConnectionReport",
    "Consumer",
    "ConsumerError",
    "ConsumerSettings",
    "ConsumerStatistics",
    "Delivery",
    "Disconnected",
    "Outgoing",
    "ProtocolViolation",
    "SessionEvent",
    "SessionLost",
    "SubscriptionRefused",
    "Supervisor",
    "ThinConsumer",
]
