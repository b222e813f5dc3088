"""Sends queued commands in each device's order, and ends those nobody answered; a silent device holds up nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from diagnostics.commands.gatekeeping import stopped_because
from diagnostics.commands.repository import GRACE, SQL
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import Row, execute, fetch_all
from fleet.clock import to_milliseconds
from fleet.commands import Level
from fleet.messages import CommandMessage
from fleet.plumbing.database import Connection, Pool, in_few_messages
from fleet.plumbing.logs import get_logger

_AT_ONCE: Final = 100
_log = get_logger(part="commands")

Clock = Callable[[], datetime]


class Publisher(Protocol):
    """Hands a command to a device."""

    def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> Awaitable[None]:
        """Publishes once, or raises aiomqtt.MqttError."""


@dataclass(slots=True)
class Dispatcher:
    """Moves commands from the database to the broker."""

    pool: Pool
    clock: Clock
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)

    async def send_queued(self, publisher: Publisher) -> int:
        """Sends everything that is queued; returns how many commands that were.

        The rows stay locked while the broker takes them. A crash in between sends them again with the same counter, and
        a device executes each counter at most once.

        That a reading was sent is committed without waiting for the disk, since its answer waits for these rows. A
        server that crashes within the next half second may have forgotten it, which is the same as a crash in between:
        it is sent again, and to read twice does nothing. An answer that is stored proves that it was sent: the log is
        written in order, and the answer's commit waits for the disk. What does more than read could be taken back as
        not sent after such a crash; its commit waits.

        Raises:
            aiomqtt.MqttError: the broker took none of a batch; they stay queued.
        """
        sent = 0
        while True:
            async with self.pool.connection() as connection, in_few_messages(connection):
                found = await fetch_all(connection, SQL["next_queued"], {"limit": _AT_ONCE})
                rows = [row for row in found if not await self._stopped(connection, row)]
                results = await asyncio.gather(*(self._publish(publisher, row) for row in rows), return_exceptions=True)
                pairs = zip(rows, results, strict=True)
                taken = [row["command_id"] for row, result in pairs if not isinstance(result, BaseException)]
                if taken and len(rows) == len(found) and all(row["level"] == Level.READ for row in rows):
                    await execute(connection, SQL["without_waiting"])
                if taken:
                    await execute(connection, SQL["sent"], {"commands": taken})
            sent += len(taken)
            self.metrics.commands.labels("sent").inc(len(taken))
            if len(taken) < len(rows):
                raise next(result for result in results if isinstance(result, BaseException))
            if not found:
                return sent

    async def expire(self) -> int:
        """Ends commands whose time is over, and wakes who waits for them; returns how many."""
        async with self.pool.connection() as connection:
            ended = await fetch_all(connection, SQL["expire"], {**GRACE, "limit": _AT_ONCE})
        for row in ended:
            _log.info(
                "A command expired",
                event_name="command_expired",
                command_id=str(row["command_id"]),
                reason=row["reason"],
            )
        for row in ended:
            self.metrics.commands.labels(row["state"]).inc()
        return len(ended)

    async def _stopped(self, connection: Connection, row: Row) -> bool:
        """Whether a command must not be sent any more; then it is ended here, with the reason."""
        reason = stopped_because(row)
        if reason is None:
            return False
        await execute(connection, SQL["stop"], {"command_id": row["command_id"], "reason": reason})
        _log.warning(
            "A command was stopped before it was sent",
            event_name="command_stopped",
            command_id=str(row["command_id"]),
            reason=reason,
        )
        self.metrics.commands.labels("stopped").inc()
        return True

    async def _publish(self, publisher: Publisher, row: Row) -> None:
        now = self.clock()
        await publisher.publish(row["device_id"], _message(row, now), (row["expires_at"] - now).total_seconds())


def _message(row: Row, now: datetime) -> CommandMessage:
    parameters: dict[str, float | str] = row["parameters"]
    return CommandMessage(
        command_id=str(row["command_id"]),
        name=row["name"],
        counter=row["counter"],
        issued_at=to_milliseconds(now),
        not_after=to_milliseconds(row["expires_at"]),
        parameters=parameters,
    )
