"""The worker's part in recall: a device that is used again stops its case, an absence takes a proposal back."""

from datetime import datetime

from diagnostics.queries import Row, fetch_all
from diagnostics.recall.repository import SQL
from diagnostics.resources import Clock, server_clock
from fleet.clock import local_day
from fleet.plumbing.database import Pool
from fleet.plumbing.logs import get_logger

_log = get_logger(part="worker")


class RecallWatch:
    """Looks at every open case of devices that are still with their users.

    Two statements over the open cases alone; each is a transition like any other, with its line in the journal.
    """

    def __init__(self, pool: Pool, clock: Clock = server_clock) -> None:
        self._pool = pool
        self._clock = clock

    async def round(self) -> int:
        """Stops what must be stopped; how many cases that were."""
        now = self._clock()
        async with self._pool.connection() as connection, connection.transaction():
            woken = await fetch_all(connection, SQL["wake"], {"now": now})
            absent = await fetch_all(connection, SQL["withdraw_absent"], {"now": now, "today": local_day(now)})
        _tell("A device is used again; its recall stops", "recall_woken_up", woken, now)
        _tell("An absence is registered; the proposal is taken back", "recall_withdrawn", absent, now)
        return len(woken) + len(absent)


def _tell(sentence: str, event: str, rows: list[Row], now: datetime) -> None:
    for row in rows:
        _log.info(sentence, event_name=event, case_id=row["case_id"], device_no=row["device_no"], at=now.isoformat())
