"""What lives, wear and versions rest on: sums over a large fleet, kept by the worker, or made for one answer."""

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Composable
from psycopg.types.json import Jsonb

from diagnostics.queries import Row, execute, fetch_all, fetch_one, formatted, room
from diagnostics.resources import Clock, server_clock
from fleet.clock import local_day
from fleet.passport import WEAR_METRICS
from fleet.plumbing.database import Connection, Pool
from fleet.plumbing.logs import get_logger

KEPT: Final = timedelta(hours=6)
"""An older count is not told any more: the worker stands still, and the answer counts for itself."""
LIVE_UP_TO: Final = 20_000
"""So many devices are counted while one waits; only of more does an answer take the worker's count, and say so."""
SAMPLE: Final = 300
_SHARE_OF_ALL: Final = 0.01
_LEAST_PAUSE_SECONDS: Final = 60.0
_WORKERS_STATE: Final = SQL(
    "(SELECT device_no, present_values(metric_values, told) AS metric_values FROM device_state)"
)
_SQL: Final = room(__file__)
_log = get_logger(part="worker")

Sums = dict[str, list[Row]]
"""Rows by the query that found them: models, lives, repairs, watched, counters."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The fleet's sums.

    Attributes:
        sums: of every model.
        since: the first repair that was ever written down; None: none was, and how often they are needed is unknown.
        on: the day that lives are reckoned to.
        at: when the worker counted; None: counted for this answer.
    """

    sums: Sums
    since: date | None
    on: date
    at: datetime | None = None


async def count(connection: Connection, today: date, state: Composable | str = "device_state_seen") -> Counted:
    """Counts every device and repair that the connection sees.

    Args:
        connection: one that sees the whole fleet.
        today: the day that lives are reckoned to.
        state: where the devices' counters are read: the view of whoever serves people, or the worker's table.
    """
    first = await fetch_one(connection, _SQL["repairs_since"])
    since = None if first is None else first["since"]
    asked = {"today": today, "since": since, "keys": list(WEAR_METRICS), "sample": SAMPLE}
    sums: Sums = {name: await fetch_all(connection, _SQL[name], asked) for name in ("models", "lives", "repairs")}
    sums["watched"] = [] if since is None else await fetch_all(connection, _SQL["watched"], asked)
    sums["counters"] = await fetch_all(connection, formatted(_SQL["counters"], state=state), asked)
    return Counted(sums, since, today)


async def counted(connection: Connection, now: datetime) -> Counted:
    """The worker's last count; one of this very moment where there is none that is fresh enough, or none is needed."""
    row = await fetch_one(connection, _SQL["counted"], {"since": now - KEPT})
    if row is None or sum(model["devices"] for model in row["sums"]["models"]) <= LIVE_UP_TO:
        return await count(connection, local_day(now))
    since = row["sums"].pop("since")
    return Counted(
        row["sums"], None if since is None else date.fromisoformat(since), row["counted_on"], row["counted_at"]
    )


class WearCount:
    """Keeps the count fresh, in one process and a hundredth of its time.

    Each count is made from what is stored: nothing is added to an earlier one, so nothing is counted twice.
    """

    def __init__(self, pool: Pool, clock: Clock = server_clock) -> None:
        self._pool = pool
        self._clock = clock

    async def round(self) -> Counted:
        """Counts everything as it is now and keeps it."""
        now = self._clock()
        async with self._pool.connection() as connection, connection.transaction():
            await execute(connection, _SQL["one_core"])
            found = await count(connection, local_day(now), state=_WORKERS_STATE)
            told = {**{name: _plain(rows) for name, rows in found.sums.items()}, "since": _word(found.since)}
            await execute(connection, _SQL["keep"], {"sums": Jsonb(told), "on": found.on, "at": now})
            await execute(connection, _SQL["forget_versions"])
            await execute(connection, _SQL["keep_versions"])
        return found

    async def pause_after_round(self) -> float:
        """A round, and how many seconds to wait before the next."""
        began = time.monotonic()
        found = await self.round()
        took = time.monotonic() - began
        _log.info("Counted lives", event_name="lives_counted", models=len(found.sums["models"]), seconds=round(took, 1))
        return max(_LEAST_PAUSE_SECONDS, took / _SHARE_OF_ALL)


def _plain(rows: list[Row]) -> list[Row]:
    """Rows as JSON can hold them; an exact number becomes its digits."""
    return [{name: _word(value) for name, value in row.items()} for row in rows]


def _word(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
