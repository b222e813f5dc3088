"""Drops whole chunks of time series, none of which goes before its roll-up is proved to hold it."""

from datetime import UTC, datetime

import psycopg
from psycopg import sql

from fleet.plumbing.store.keeping.held import keep_held
from fleet.plumbing.store.keeping.limits import Dropped, Retention
from fleet.plumbing.store.keeping.roll_up import days_between, read_progress, roll_up_hours
from fleet.plumbing.store.keeping.tables import Span, roll_up_table
from fleet.plumbing.store.tables import reading_table
from fleet.profile import DeviceProfile
from fleet.registry import Registry


def drop_chunks(
    connection: psycopg.Connection, registry: Registry, retention: Retention, now: datetime, *, dry_run: bool
) -> list[Dropped]:
    """Drops what is older than it is kept for of readings, roll-ups and events; an entry per table.

    Args:
        connection: as the owner, in autocommit.
        registry: the device classes.
        retention: the limits.
        now: the time, aware.
        dry_run: tell only.

    Raises:
        psycopg.errors.LockNotAvailable: a service held a chunk for too long; the next run goes on from there.
    """
    done = []
    for profile in registry:
        done.append(_readings(connection, profile, retention.cut("readings_days", now), dry_run=dry_run))
        for span in Span:
            cut = retention.cut(f"{span}_days", now)
            done.append(_roll_ups(connection, profile, span, cut, dry_run=dry_run))
    cut = retention.cut("events_days", now)
    events = _chunks(connection, "device_event", cut)
    for start, end in () if dry_run else events:
        with connection.transaction():
            keep_held(connection, "device_event", start, end)
            _drop(connection, "device_event", start, end)
    return [*done, Dropped("device_event", cut, chunks=len(events))]


def _readings(connection: psycopg.Connection, profile: DeviceProfile, cut: datetime, *, dry_run: bool) -> Dropped:
    """Drops chunks of raw readings, oldest first, and stops at the first whose roll-up does not hold all of it."""
    table = reading_table(profile.name)
    dropped, kept = 0, []
    for start, end in _chunks(connection, table, cut):
        why = _not_rolled_up(connection, profile, start, end, repair=not dry_run)
        if why is None and not dry_run:
            why = _drop_rolled_up(connection, profile, start, end)
        if why is not None:
            kept.append(f"{start:%Y-%m-%d}: {why}")
            break
        dropped += 1
    return Dropped(table, cut, chunks=dropped, kept=tuple(kept))


def _not_rolled_up(
    connection: psycopg.Connection, profile: DeviceProfile, start: datetime, end: datetime, *, repair: bool
) -> str | None:
    """Why a chunk must stay, None if its hours hold as many readings as it does; counted, not believed."""
    progress = read_progress(connection, profile)
    if progress is None or progress.hours_until < end:
        return "not rolled up yet"
    if progress.raw_from is not None and start < progress.raw_from:
        return None  # refilled by late readings, which were added to the hours; `_drop_rolled_up` asks for newer ones
    if _same_count(connection, profile, start, end):
        return None
    if repair:
        with connection.transaction():
            roll_up_hours(connection, profile, start, end)
        if _same_count(connection, profile, start, end):
            return None
    return "its hours do not hold all of its readings"


def _same_count(connection: psycopg.Connection, profile: DeviceProfile, start: datetime, end: datetime) -> bool:
    answer = connection.execute(
        sql.SQL(
            "SELECT (SELECT count(*) FROM {} WHERE ts >= %(start)s AND ts < %(end)s)"
            " = (SELECT coalesce(sum(readings), 0) FROM {} WHERE bucket >= %(start)s AND bucket < %(end)s)"
        ).format(sql.Identifier(reading_table(profile.name)), sql.Identifier(roll_up_table(Span.HOURLY, profile.name))),
        {"start": start, "end": end},
    ).fetchone()
    return answer is not None and bool(answer[0])


def _drop_rolled_up(
    connection: psycopg.Connection, profile: DeviceProfile, start: datetime, end: datetime
) -> str | None:
    """Shuts writers out of the chunk for a moment, looks whether anything came since it was counted, and drops it."""
    table = reading_table(profile.name)
    with connection.transaction():
        chunk = connection.execute(
            "SELECT chunk_schema, chunk_name FROM timescaledb_information.chunks"
            " WHERE hypertable_name = %s AND range_start = %s AND range_end = %s",
            [table, start, end],
        ).fetchone()
        if chunk is None:
            return None
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(*chunk)))
        newer = connection.execute(
            sql.SQL(
                "SELECT FROM {} WHERE ts >= %s AND ts < %s AND received_at >"
                " (SELECT received_until FROM roll_up_progress WHERE device_class = %s) LIMIT 1"
            ).format(sql.Identifier(table)),
            [start, end, profile.name],
        )
        if newer.rowcount:
            return "readings have just arrived"
        keep_held(connection, table, start, end)
        _drop(connection, table, start, end)
        connection.execute(
            "UPDATE roll_up_progress SET raw_from = greatest(raw_from, %s) WHERE device_class = %s",
            [end, profile.name],
        )
    return None


def _roll_ups(
    connection: psycopg.Connection, profile: DeviceProfile, span: Span, cut: datetime, *, dry_run: bool
) -> Dropped:
    """Drops chunks of hours whose days are made and hold as much, and of days by age alone."""
    table = roll_up_table(span, profile.name)
    dropped, kept = 0, []
    for start, end in _chunks(connection, table, cut):
        if span is Span.HOURLY and not _days_made(connection, profile, start, end):
            kept.append(f"{start:%Y-%m-%d}: its days do not hold all of its hours")
            break
        if not dry_run:
            _drop(connection, table, start, end)
        dropped += 1
    return Dropped(table, cut, chunks=dropped, kept=tuple(kept))


def _days_made(connection: psycopg.Connection, profile: DeviceProfile, start: datetime, end: datetime) -> bool:
    progress = read_progress(connection, profile)
    if progress is None or progress.days_until < end:
        return False
    first, last = days_between(profile, start, end)
    answer = connection.execute(
        sql.SQL(
            "SELECT (SELECT coalesce(sum(readings), 0) FROM {} WHERE bucket >= %(first)s AND bucket < %(last)s)"
            " = (SELECT coalesce(sum(readings), 0) FROM {} WHERE bucket >= %(first)s AND bucket < %(last)s)"
        ).format(*(sql.Identifier(roll_up_table(span, profile.name)) for span in Span)),
        {"first": first, "last": last},
    ).fetchone()
    return answer is not None and bool(answer[0])


def _chunks(connection: psycopg.Connection, table: str, cut: datetime) -> list[tuple[datetime, datetime]]:
    """Chunks that lie wholly before `cut`, oldest first."""
    rows = connection.execute(
        "SELECT range_start, range_end FROM timescaledb_information.chunks"
        " WHERE hypertable_name = %s AND range_end <= %s ORDER BY range_start",
        [table, cut],
    ).fetchall()
    return [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in rows]


def _drop(connection: psycopg.Connection, table: str, start: datetime, end: datetime) -> None:
    connection.execute(
        "SELECT drop_chunks(%s::regclass, older_than => %s::timestamptz, newer_than => %s::timestamptz)",
        [table, end, start],
    )
