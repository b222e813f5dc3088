"""The walker: takes every ladder's next step when it is due, and finds other ways where a message did not arrive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from diagnostics.escalation.stepping import AT_ONCE, PERSONAL, step
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import execute, fetch_all, fetch_one, room
from fleet.plumbing.database import Pool
from fleet.plumbing.logs import get_logger

_SQL: Final = room(__file__)
TRIES_BEFORE_BYPASS: Final = 2
_log = get_logger(part="escalation")


@dataclass(slots=True)
class Walker:
    """Walks ladders. All it knows is in the database, by the database's clock: a restart loses no time-out.

    Args:
        channels: names of the channels that are set up.
    """

    pool: Pool
    channels: Sequence[str]
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)

    async def round(self) -> int:
        """Takes every step that is due; returns how many ladders moved or messages were sent another way."""
        moved = 0
        while True:
            async with self.pool.connection() as connection, connection.transaction():
                clock = await fetch_one(connection, _SQL["now"])
                now_moved = await step(connection, self.channels, clock["now"]) if clock else 0
            moved += now_moved
            if now_moved < AT_ONCE:
                return moved + await self._bypass()

    async def pulse(self, part: str) -> None:
        """Says that a part of the worker has finished a turn; `fjarrkoll watch` looks at it from outside."""
        async with self.pool.connection() as connection:
            await execute(connection, _SQL["pulse"], {"part": part})

    async def _bypass(self) -> int:
        parameters = {
            "channels": [name for name in self.channels if name in PERSONAL],
            "tries": TRIES_BEFORE_BYPASS,
        }
        async with self.pool.connection() as connection:
            lost = await fetch_all(connection, _SQL["bypass"], parameters)
        for row in lost:
            _log.warning("A message was sent another way", event_name="message_bypassed", **row)
        return len(lost)
