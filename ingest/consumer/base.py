"""What both adapters share: settings, the inbox, the counts, and the form `async with`."""

import abc
import itertools
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from ingest.consumer.contract import ConnectionReport, ConsumerStatistics, Delivery, Outgoing
from ingest.consumer.errors import BrokerUnreachable, ConnectionRefused, SubscriptionRefused
from ingest.consumer.inbox import Inbox
from ingest.consumer.settings import ConsumerSettings

# Unique within the process, not within a consumer: a supervisor makes a new consumer per connection, and a delivery of
# the old one must never be acknowledged on the new one.
_GENERATIONS = itertools.count(1)


class ConsumerBase(abc.ABC):
    """The half of the contract that does not depend on who speaks MQTT.

    Args:
        settings: the consumer's identity and limits.
    """

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._statistics = ConsumerStatistics()
        self._inbox = Inbox(
            receive_maximum=settings.receive_maximum,
            buffer_bytes=settings.buffer_bytes,
            statistics=self._statistics,
            urgent=settings.urgent,
            batch_bytes=settings.batch_bytes,
        )

    @property
    def statistics(self) -> ConsumerStatistics:
        """See `Consumer.statistics`."""
        return self._statistics

    @property
    def held_bytes(self) -> int:
        """Payload bytes in hand and not acknowledged."""
        return self._inbox.held_bytes

    @property
    def unacknowledged(self) -> int:
        """QoS 1 messages in hand and not acknowledged."""
        return self._inbox.unacknowledged

    @abc.abstractmethod
    async def connect(self) -> ConnectionReport:
        """See `Consumer.connect`."""

    @abc.abstractmethod
    async def subscribe(self, filters: Sequence[str]) -> None:
        """See `Consumer.subscribe`."""

    @abc.abstractmethod
    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        """See `Consumer.acknowledge_batch`."""

    @abc.abstractmethod
    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See `Consumer.publish`."""

    @abc.abstractmethod
    async def close(self) -> None:
        """See `Consumer.close`."""

    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        """See `Consumer.next_batch`."""
        return await self._inbox.next_batch(limit, linger)

    def interrupt(self) -> None:
        """See `Consumer.interrupt`."""
        self._inbox.interrupt()

    def unreachable(self, error: Exception) -> BrokerUnreachable:
        """The error for a broker that does not answer."""
        address = f"{self._settings.host}:{self._settings.port}"
        reason = str(error) or f"no answer within {self._settings.connect_timeout_seconds:g} s"
        return BrokerUnreachable(
            f"No MQTT 5 broker answers at {address} ({reason}). Check that it runs, the address, the port, and whether "
            "the port expects TLS."
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()


def next_generation() -> int:
    """A number no other connection of this process has."""
    return next(_GENERATIONS)


def check_filters(filters: Sequence[str]) -> None:
    """Refuse what would lose messages or mean nothing.

    Raises:
        ValueError: no filter, or a shared subscription (`$share`): messages a dead member holds are lost (measured,
            reliability.md E3). Use one fixed client id per topic shard.
    """
    if not filters:
        raise ValueError("subscribe() was given no topic filter.")
    for topic_filter in filters:
        if topic_filter.startswith("$share/"):
            raise ValueError(
                f"{topic_filter!r} is a shared subscription, which loses messages when a member dies. "
                "Use one durable consumer with a fixed client id per topic shard."
            )


def check_accepted(reason_code: int, detail: str | None) -> None:
    """Refuse a refusal.

    Raises:
        ConnectionRefused: the broker's reason code says no.
    """
    if reason_code >= 0x80:
        raise ConnectionRefused(reason_code, detail)


def check_granted(filters: Sequence[str], reason_codes: Sequence[int]) -> None:
    """Refuse anything below QoS 1.

    Raises:
        SubscriptionRefused: names each filter and the broker's reason.
    """
    refused = {name: code for name, code in zip(filters, reason_codes, strict=True) if code not in (1, 2)}
    if refused:
        raise SubscriptionRefused(refused)
