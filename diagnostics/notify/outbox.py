"""The outbox: claims what is due under a lease, sends it through the pipeline, records what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.channel import Accepted, Channel
from diagnostics.notify.links import LIVES, Links, hash_of
from diagnostics.notify.message import Receiver, Subject
from diagnostics.notify.pipeline import Delivery, Sent, Step, deliver, steps
from diagnostics.notify.retry import Again, GiveUp
from diagnostics.queries import Row, execute, fetch_all, room
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger
from fleet.plumbing.store.register import ROLE_AUDIENCES
from fleet.text import Text

_SQL: Final = room(__file__)
LEASE_SECONDS: Final = 7.0
"""Longer than any channel's time-out: a notification is tried by one worker at a time, and soon again after a crash."""
_AT_ONCE: Final = 16
STAGGER_SECONDS: Final = 0.05
"""The next message waits for the last one to be recorded, but no longer than this: while receivers are quick, a crash
leaves at most one message sent and not recorded, and a slow receiver does not hold up the others."""
_SUBJECT: Final = (
    "alarm_id",
    "device_id",
    "device_class",
    "rule",
    "severity",
    "safety",
    "happened_at",
    "raised_at",
    "cleared_at",
    "audience",
)
_log = get_logger(part="notify")


@dataclass(slots=True)
class Outbox:
    """Sends what is due. At least once: after a crash before recording it is sent again, with the same key.

    Args:
        api_url: for links that need a login.
        links: makes the links that need none; None where they are not set up.
    """

    pool: Pool
    channels: Mapping[str, Channel]
    api_url: str
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    links: Links | None = None

    async def round(self) -> int:
        """Sends everything that is due now, each channel by itself; returns how many attempts that took."""
        return sum(await asyncio.gather(*(self.round_of(name) for name in self.channels)))

    async def round_of(self, channel: str) -> int:
        """The same for one channel, so that a slow one holds up no other."""
        attempts = 0
        while True:
            parameters = {"lease": LEASE_SECONDS, "channels": [channel], "limit": _AT_ONCE}
            async with self.pool.connection() as connection, connection.transaction():
                claimed = await fetch_all(connection, _SQL["claim"], parameters)
                deliveries = await self._with_links(connection, claimed)
            if not claimed:
                return attempts
            await self._send(deliveries)
            attempts += len(claimed)

    async def _send(self, deliveries: Sequence[Delivery]) -> None:
        through = steps(self.channels, self.api_url)
        async with asyncio.TaskGroup() as sending:
            for delivery in deliveries:
                task = sending.create_task(self._one(delivery, through))
                await asyncio.wait({task}, timeout=STAGGER_SECONDS)

    async def _one(self, delivery: Delivery, through: Sequence[Step]) -> None:
        await self._record(await deliver(delivery, through))

    async def _with_links(self, connection: Connection, claimed: Sequence[Row]) -> list[Delivery]:
        """The claimed messages with their links, of which the database keeps the hashes before anything is sent."""
        links = self.links
        if links is None:
            return [_delivery(row, "") for row in claimed]
        linked = [row for row in claimed if row["kind"] == "raised"]
        tokens = {row["notification_id"]: links.token(row["notification_id"]) for row in linked}
        made = {
            "hashes": [hash_of(token) for token in tokens.values()],
            "alarms": [row["alarm_id"] for row in linked],
            "recipients": [row["recipient_id"] for row in linked],
            "lives": LIVES,
        }
        await execute(connection, _SQL["link"], made)
        pages = {number: links.link(token) for number, token in tokens.items()}
        return [_delivery(row, pages.get(row["notification_id"], "")) for row in claimed]

    async def _record(self, delivery: Delivery) -> None:
        identity = {"notification_id": delivery.notification_id}
        async with self.pool.connection() as connection:
            match delivery.outcome:
                case Sent():
                    outcome = "sent"
                    await execute(connection, _SQL["sent"], {**identity, **self._receipt(delivery)})
                case Again(after):
                    outcome = "failed"
                    reason = delivery.failure.reason if delivery.failure else ""
                    await execute(connection, _SQL["again"], {**identity, "after": after, "reason": reason})
                case GiveUp(reason):
                    outcome = "given_up"
                    await execute(connection, _SQL["give_up"], {**identity, "reason": reason})
                case None:
                    return
        self.metrics.notifications.labels(delivery.channel, outcome).inc()
        told = _log.info if outcome == "sent" else _log.warning
        told(
            "Tried to notify",
            event_name=f"notification_{outcome}",
            alarm_id=delivery.subject.alarm_id,
            kind=delivery.kind,
            channel=delivery.channel,
            attempts=delivery.attempts,
            reason=delivery.failure.reason if delivery.failure else "",
        )

    def _receipt(self, delivery: Delivery) -> dict[str, Any]:
        """By what name and how soon the provider's receipt is awaited."""
        channel = self.channels.get(delivery.channel)
        accepted = delivery.accepted
        return {
            "reference": accepted.reference if isinstance(accepted, Accepted) else None,
            "receipts_within": getattr(channel, "receipts_within", None),
        }


def _delivery(row: Row, link: str) -> Delivery:
    role = row["role"]
    return Delivery(
        notification_id=row["notification_id"],
        kind=row["kind"],
        channel=row["channel"],
        attempts=row["attempts"],
        age=row["age"],
        call_no=row["call_no"],
        subject=Subject(
            **{name: row[name] for name in _SUBJECT},
            title=Text(row["title_sv"], row["title_en"]),
            class_title=Text(row["class_sv"], row["class_en"]),
        ),
        receiver=Receiver(
            recipient_id=row["recipient_id"],
            audiences=frozenset() if role is None else frozenset(ROLE_AUDIENCES[role]),
            language=row["language"] or "sv",
            address=row["address"] or "",
            link=link,
        ),
    )
