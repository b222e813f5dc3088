"""Readings of the probe as ingest stores them, and the truth of its roll-ups worked out in Python."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from fleet.clock import local_day
from fleet.plumbing.store.keeping.roll_up import RolledUp, roll_up
from fleet.plumbing.store.keeping.tables import Span
from tests.fixtures.database import Database
from tests.integration.store.probe import PROBE

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of reading_probe; what is None was not measured."""

    device_no: int
    ts: datetime
    received_at: datetime
    seq: int
    battery: float | None = None
    doses: int | None = None
    lid: bool | None = None


def store(database: Database, readings: Sequence[Reading], watermark: datetime | None = None) -> None:
    """Inserts readings and moves the watermark of one shard, as one batch of ingest and what follows it."""
    with psycopg.connect(database.ingest, autocommit=True) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc, dose_count, lid_open)"
                " VALUES (%s, %s, %s, 1, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [(r.device_no, r.ts, r.received_at, r.seq, r.battery, r.doses, r.lid) for r in readings],
            )
        if watermark is not None:
            connection.execute(
                "INSERT INTO ingest_watermark (shard, at) VALUES ('test', %s)"
                " ON CONFLICT (shard) DO UPDATE SET at = excluded.at",
                [watermark],
            )


def roll_up_probe(database: Database) -> RolledUp:
    """One run for the probe, as the owner."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        return roll_up(connection, PROBE)


def table(database: Database, span: Span) -> dict[tuple[int, datetime], Row]:
    """Device and bucket to what is kept: readings, then battery, doses and lid as in `truth`."""
    columns = [f"battery_soc__{name}" for name in ("count", "min", "max", "sum", "last")]
    columns += [f"dose_count__{name}" for name in ("count", "min", "max", "sum", "last")]
    columns += [f"lid_open__{name}" for name in ("count", "sum", "last")]
    query = sql.SQL("SELECT device_no, bucket, readings, {} FROM {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(f"{span}_probe")
    )
    with psycopg.connect(database.owner) as connection:
        rows = connection.execute(query).fetchall()
    return {(row[0], row[1].astimezone(UTC)): tuple(row[2:]) for row in rows}


def truth(readings: Iterable[Reading], span: Span, until: datetime) -> dict[tuple[int, datetime], Row]:
    """What the table must hold of buckets that began before `until`."""
    buckets: dict[tuple[int, datetime], list[Reading]] = defaultdict(list)
    for reading in readings:
        start = _start(reading.ts, span)
        if start < until:
            buckets[reading.device_no, start].append(reading)
    return {key: _row(sorted(found, key=lambda r: (r.ts, r.seq))) for key, found in buckets.items()}


def _start(moment: datetime, span: Span) -> datetime:
    if span is Span.HOURLY:
        return moment.replace(minute=0, second=0, microsecond=0)
    day = local_day(moment, PROBE.usage.day_starts_at_hour)
    naive = datetime(day.year, day.month, day.day, PROBE.usage.day_starts_at_hour, tzinfo=UTC)
    candidates = (naive - timedelta(hours=hours) for hours in (1, 2))  # Sweden is one or two hours ahead
    return next(c for c in candidates if local_day(c) == day and local_day(c - timedelta(seconds=1)) != day)


def _row(found: Sequence[Reading]) -> Row:
    row: list[Any] = [len(found)]
    for numbers in ([r.battery for r in found], [r.doses for r in found]):
        told = [value for value in numbers if value is not None]
        row += [len(told), *((min(told), max(told), float(sum(told)), told[-1]) if told else (None,) * 4)]
    lids = [r.lid for r in found if r.lid is not None]
    row += [len(lids), float(sum(lids)) if lids else None, lids[-1] if lids else None]
    return tuple(row)
