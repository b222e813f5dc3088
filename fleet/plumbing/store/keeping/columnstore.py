"""TimescaleDB's columnstore, used where the server has it; no query of ours differs with it or without."""

from datetime import datetime
from typing import Final

import psycopg
from psycopg import sql

from fleet.plumbing.store.tables import reading_table
from fleet.registry import Registry

# As a device is asked for: its rows together, in time. received_at is in the order only so that each packet of rows
# carries its bounds, by which the search for what arrived late passes it over.
_SEGMENT: Final = "device_no"
_ORDER: Final = "ts DESC, received_at, boot, seq"


def has_columnstore(connection: psycopg.Connection) -> bool:
    """Whether this server offers it: the Community edition under its own licence, from 2.18 on."""
    row = connection.execute(
        "SELECT current_setting('timescaledb.license', true), to_regproc('convert_to_columnstore') IS NOT NULL"
    ).fetchone()
    return row is not None and row[0] == "timescale" and bool(row[1])


def to_columnstore(connection: psycopg.Connection, registry: Registry, before: datetime) -> int:
    """Turns chunks of readings that ended before a moment into columns; returns how many, 0 where it is not offered.

    Args:
        connection: as the owner, in autocommit.
        registry: the device classes.
        before: aware; late readings for newer chunks are common, and cheaper to take in while they are rows.
    """
    if not has_columnstore(connection):
        return 0
    turned = 0
    for profile in registry:
        table = sql.Identifier(reading_table(profile.name))
        connection.execute(
            sql.SQL(
                "ALTER TABLE {} SET (timescaledb.enable_columnstore,"
                " timescaledb.segmentby = {}, timescaledb.orderby = {})"
            ).format(table, sql.Literal(_SEGMENT), sql.Literal(_ORDER))
        )
        rows = connection.execute(
            "SELECT format('%%I.%%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks"
            " WHERE hypertable_name = %s AND NOT is_compressed AND range_end < %s",
            [reading_table(profile.name), before],
        ).fetchall()
        for (name,) in rows:
            connection.execute(sql.SQL("CALL convert_to_columnstore({}::regclass)").format(sql.Literal(name)))
            turned += 1
    return turned
