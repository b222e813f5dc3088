"""What an incident hold keeps from retention: rows of held devices are copied before their chunk goes."""

from datetime import datetime
from typing import Final, LiteralString

import psycopg
from psycopg import sql

_HELD: Final[LiteralString] = "SELECT device_no FROM incident_hold WHERE lifted_at IS NULL"

NOT_HELD: Final[LiteralString] = (
    "NOT EXISTS (SELECT FROM incident_hold h WHERE h.device_no = t.device_no AND h.lifted_at IS NULL)"
)
"""A condition on a table `t` with a device: its rows may go."""


def keep_held(connection: psycopg.Connection, table: str, start: datetime, end: datetime) -> int:
    """Copies the rows of held devices in a period of a hypertable to `held_row`; returns how many were new.

    In the transaction in which the chunk is dropped, or before it: copied twice is kept once. A hold that is placed in
    between is too late for what is dropped in that moment, since nobody held the device when it was old enough to go.

    Args:
        connection: as the owner.
        table: a hypertable with device_no, ts, boot and seq.
        start: first moment of the chunk.
        end: the moment after it.
    """
    statement = sql.SQL(
        "INSERT INTO held_row (device_no, source, ts, boot, seq, content)"
        " SELECT t.device_no, {source}, t.ts, t.boot, t.seq, to_jsonb(t) FROM {table} t"
        " WHERE t.ts >= %(start)s AND t.ts < %(end)s AND t.device_no IN ({held})"
        " ON CONFLICT DO NOTHING"
    ).format(source=sql.Literal(table), table=sql.Identifier(table), held=sql.SQL(_HELD))
    return connection.execute(statement, {"start": start, "end": end}).rowcount
