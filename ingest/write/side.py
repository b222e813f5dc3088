"""A connection beside those that store: looks devices up and writes the watermark while they commit."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

import psycopg
from psycopg.types.json import Jsonb

from fleet.errors import ConfigurationError
from fleet.plumbing.logs import get_logger
from fleet.plumbing.store.tables import metric_columns, reading_table
from fleet.registry import Registry
from ingest.register import DeviceRow
from ingest.write.connection import Connection, connect
from ingest.write.statements import statement
from ingest.write.verdict import said

_SHORTEST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 2.0
_log = get_logger(room="ingest")


class Side:
    """One connection, made when it is needed and again when it is lost; one statement at a time.

    Args:
        address: of the database, with ingest's role.
        name: of this process, for the server's list of connections.
    """

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def look_up(self, device_ids: Sequence[str]) -> list[DeviceRow]:
        """What the register says of device ids; strangers are left out. Waits while the database is away."""
        seconds = _SHORTEST_WAIT
        while True:
            try:
                rows = await self._fetch("look_up_devices", [list(device_ids)])
            except psycopg.Error as error:
                _log.warning("Devices cannot be looked up; ingest waits.", event_name="look_up_held", error=said(error))
                await asyncio.sleep(seconds)
                seconds = min(_LONGEST_WAIT, 2 * seconds)
            else:
                return [DeviceRow(*row) for row in rows]

    async def served_before(self, shard: str) -> bool:
        """Whether this shard has ever stored anything.

        Raises:
            psycopg.Error: the database does not answer.
        """
        return bool(await self._fetch("served_before", [shard]))

    async def check_tables(self, registry: Registry) -> None:
        """Makes sure that every reading this release may store has its column.

        Raises:
            ConfigurationError: the database is behind this release; the sentence says what to do.
            psycopg.Error: the database does not answer.
        """
        tables = {reading_table(profile.name): profile for profile in registry}
        found = set(await self._fetch("reading_columns", [list(tables)]))
        for table, profile in tables.items():
            for metric in metric_columns(profile):
                if (table, metric.column) not in found:
                    raise ConfigurationError(
                        f"the database has no column {table}.{metric.column}: "
                        "run this release's `fjarrkoll migrate` first"
                    )

    async def write_watermark(
        self, shard: str, at: datetime | None, now: datetime, statistics: dict[str, object], outbox_most: int
    ) -> bool:
        """Writes how far this shard has come, and what it did since it last said so into the row of this minute.

        Args:
            shard: its name.
            at: up to when everything received is stored; None while that is not known.
            now: the time, aware.
            statistics: `Figures.as_json`.
            outbox_most: most stored messages that one device still kept when it asked, since the last writing.

        Returns:
            Whether there is a row of this minute: none is written before it is known how far the shard has come.

        Raises:
            psycopg.Error: the database does not answer.
        """
        async with self._lock:
            connection = await self._ready()
            parameters = {
                "shard": shard,
                "at": at,
                "now": now,
                "statistics": Jsonb(statistics),
                "outbox_most": outbox_most,
            }
            cursor = await connection.execute(statement("watermark"), parameters)
            return cursor.rowcount > 0

    async def _fetch(self, name: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        async with self._lock:
            cursor = await (await self._ready()).execute(statement(name), parameters)
            return cast("list[tuple[Any, ...]]", await cursor.fetchall())

    async def _ready(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._address, self._name)
        return self._connection
