"""The outbox: claims what is due under a lease, sends it through the pipeline, records what became of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.channel import Channel
from diagnostics.notify.message import Subject
from diagnostics.notify.pipeline import Delivery, Sent, deliver, steps
from diagnostics.notify.retry import Again, GiveUp
from diagnostics.queries import Row, execute, fetch_all, room
from fleet.plumbing.database import Pool
from fleet.plumbing.logs import get_logger

_SQL: Final = room(__file__)
LEASE_SECONDS: Final = 10.0
"""Longer than any channel's time-out: a notification is tried by one worker at a time, and soon again after a crash."""
_AT_ONCE: Final = 32
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
)
_log = get_logger(part="notify")


@dataclass(slots=True)
class Outbox:
    """Sends what is due. At least once: after a crash before recording it is sent again, with the same key."""

    pool: Pool
    channels: Mapping[str, Channel]
    api_url: str
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)

    async def round(self) -> int:
        """Sends everything that is due now; returns how many attempts that took."""
        attempts = 0
        while True:
            parameters = {"lease": LEASE_SECONDS, "channels": list(self.channels), "limit": _AT_ONCE}
            async with self.pool.connection() as connection:
                claimed = await fetch_all(connection, _SQL["claim"], parameters)
            if not claimed:
                return attempts
            through = steps(self.channels, self.api_url)
            done = await asyncio.gather(*(deliver(_delivery(row), through) for row in claimed))
            for delivery in done:
                await self._record(delivery)
            attempts += len(done)

    async def _record(self, delivery: Delivery) -> None:
        identity = {"notification_id": delivery.notification_id}
        async with self.pool.connection() as connection:
            match delivery.outcome:
                case Sent():
                    outcome = "sent"
                    await execute(connection, _SQL["sent"], identity)
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


def _delivery(row: Row) -> Delivery:
    return Delivery(
        notification_id=row["notification_id"],
        kind=row["kind"],
        channel=row["channel"],
        attempts=row["attempts"],
        age=row["age"],
        call_no=row["call_no"],
        subject=Subject(**{name: row[name] for name in _SUBJECT}),
    )
