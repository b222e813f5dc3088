"""How far keeping has come, asked of the database: for people, and for Prometheus."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from fleet.plumbing.store.keeping.tables import Span, roll_up_table
from fleet.plumbing.store.tables import reading_table
from fleet.registry import Registry


@dataclass(frozen=True, slots=True)
class KeepingStatus:
    """One device class.

    Attributes:
        rolled_up_until: hours that began before then are rolled up; None before the first run.
        raw_from: older raw readings have been dropped; None while none have.
        chunks: of raw readings.
        readings_bytes, roll_ups_bytes: on disk, indexes included.
    """

    device_class: str
    rolled_up_until: datetime | None
    ran_at: datetime | None
    raw_from: datetime | None
    chunks: int
    readings_bytes: int
    roll_ups_bytes: int


def keeping_status(connection: psycopg.Connection, registry: Registry) -> list[KeepingStatus]:
    """Of every class; `connection` as the owner."""
    cursor = connection.cursor(row_factory=class_row(KeepingStatus))
    found = []
    for profile in registry:
        row = cursor.execute(
            "SELECT %(name)s::text AS device_class, p.hours_until AS rolled_up_until, p.ran_at,"
            " nullif(p.raw_from, '-infinity') AS raw_from,"
            " (SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = %(table)s) AS chunks,"
            " hypertable_size(%(table)s::text::regclass) AS readings_bytes,"
            " hypertable_size(%(hourly)s::text::regclass) + hypertable_size(%(daily)s::text::regclass)"
            " AS roll_ups_bytes"
            " FROM (SELECT) one LEFT JOIN roll_up_progress p ON p.device_class = %(name)s",
            {
                "name": profile.name,
                "table": reading_table(profile.name),
                "hourly": roll_up_table(Span.HOURLY, profile.name),
                "daily": roll_up_table(Span.DAILY, profile.name),
            },
        ).fetchone()
        if row is not None:
            found.append(row)
    return found
