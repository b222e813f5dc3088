"""The outbox: claims what is due under a lease, sends it through the pipeline, records what became of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.channel import Accepted, Channel
from diagnostics.notify.lanes import INSTALLATION, MOST, Lanes
from diagnostics.notify.links import LIVES, Links, hash_of
from diagnostics.notify.message import Receiver, Subject
from diagnostics.notify.pipeline import Delivery, Sent, Step, deliver, steps
from diagnostics.notify.retry import Again, GiveUp
from diagnostics.queries import Row, execute, fetch_one, room
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger
from fleet.plumbing.store.register import ROLE_AUDIENCES
from fleet.text import Text

_SQL: Final = room(__file__)
LEASE_SECONDS: Final = 7.0
"""Longer than any channel's time-out: a notification is tried by one worker at a time, and soon again after a crash."""
STAGGER_SECONDS: Final = 0.05
"""The next message waits for the last one to be recorded, but no longer than this: another receiver's may go beside."""
LOOK_SECONDS: Final = 0.1
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

    async def round_of(self, channel: str, seconds: float | None = None) -> int:
        """The same for one channel, so that a slow one holds up no other.

        Args:
            channel: its name.
            seconds: begin nothing new after so long, so that a round ends though messages keep coming; None for no end.
        """
        lanes, attempts, began = Lanes(), 0, time.monotonic()
        through = steps(self.channels, self.api_url)
        try:
            while seconds is None or time.monotonic() - began < seconds:
                delivery = await self._claim(channel, lanes.closed()) if len(lanes) < MOST else None
                if delivery is not None:
                    attempts += 1
                    lanes.begin(delivery.receiver.recipient_id or INSTALLATION, self._one(delivery, through))
                elif not lanes:
                    return attempts
                await lanes.look(LOOK_SECONDS if delivery is None else STAGGER_SECONDS)
            await lanes.drain()
        finally:
            await lanes.abandon()
        return attempts

    async def _claim(self, channel: str, closed: Sequence[int]) -> Delivery | None:
        """The next message that may go, with its link; one at a time: a crash leaves no others behind a lease."""
        parameters = {
            "lease": LEASE_SECONDS,
            "channels": [channel],
            "closed": list(closed),
        }
        async with self.pool.connection() as connection, connection.transaction():
            claimed = await fetch_one(connection, _SQL["claim"], parameters)
            return None if claimed is None else await self._with_link(connection, claimed)

    async def _one(self, delivery: Delivery, through: Sequence[Step]) -> None:
        await self._record(await deliver(delivery, through))

    async def _with_link(self, connection: Connection, row: Row) -> Delivery:
        """The claimed message with its link, of which the database keeps the hash before anything is sent."""
        if self.links is None or row["kind"] != "raised":
            return _delivery(row, "")
        token = self.links.token(row["notification_id"])
        made = {
            "hash": hash_of(token),
            "alarm_id": row["alarm_id"],
            "recipient_id": row["recipient_id"],
            "lives": LIVES,
        }
        await execute(connection, _SQL["link"], made)
        return _delivery(row, self.links.link(token))

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
