"""Makes hourly and daily values of readings, and corrects them where data came late; safe to repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from psycopg import sql
from psycopg.rows import class_row, scalar_row

from fleet.clock import FARTHEST_AHEAD, STOCKHOLM, local_day
from fleet.errors import ConfigurationError, FjarrkollError
from fleet.plumbing.store.keeping import statements
from fleet.plumbing.store.tables import reading_table
from fleet.profile import DeviceProfile

GRACE: Final = timedelta(minutes=10)
"""An hour is rolled up this long after it has ended; what arrives later corrects it, device by device."""
_HOUR: Final = timedelta(hours=1)
_STEP: Final = timedelta(hours=24)
_LOCK: Final = 0x666A0003  # any fixed number: two runs at once take turns
# A row lies in the table where it arrived. Nothing is believed to have happened later than this after its arrival.
_ARRIVES_FROM: Final = FARTHEST_AHEAD + timedelta(minutes=50)


class KeepingBusyError(FjarrkollError):
    """Another run is at work on the same database."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a class's roll-ups have come; the columns of roll_up_progress."""

    device_class: str
    received_until: datetime
    hours_until: datetime
    days_until: datetime
    raw_from: datetime | None
    day_starts_at_hour: int


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What one run did for a class.

    Attributes:
        hours, days: rows written, counted again where one was corrected.
        corrected: hours of devices to which late readings came.
        until: hours that began before then are rolled up; None where there are no readings, or no word from ingest.
    """

    device_class: str
    hours: int
    days: int
    corrected: int
    until: datetime | None


@contextmanager
def only_one(connection: psycopg.Connection) -> Iterator[None]:
    """Keeps other runs away within the block.

    Raises:
        KeepingBusyError: there is one.
    """
    taken = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    if taken is None or not taken[0]:
        raise KeepingBusyError("another `fjarrkoll keep run` is at work on this database: let it finish")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def stored_until(connection: psycopg.Connection) -> datetime | None:
    """Up to when every ingest shard has stored what it received; None where none has ever said so."""
    return connection.cursor(row_factory=scalar_row).execute("SELECT min(at) FROM ingest_watermark").fetchone()


def roll_up(connection: psycopg.Connection, profile: DeviceProfile) -> RolledUp:
    """Brings a class's roll-ups up to what ingest has stored.

    Everything received until the watermark is visible to a statement that begins after the watermark was read, so that
    no reading is passed over; hours are recomputed from all their readings, so that none counts twice.

    Args:
        connection: as the owner, in autocommit.
        profile: the class.

    Raises:
        ConfigurationError: the profile's day begins at another hour than that of the days already made.
    """
    until = stored_until(connection)
    progress = read_progress(connection, profile) or _begin(connection, profile)
    if until is None or progress is None:
        return RolledUp(profile.name, 0, 0, 0, None)
    _summarise(connection, profile)
    hours = days = corrected = 0
    if until > progress.received_until:
        progress, hours, days, corrected = _correct(connection, profile, progress, until)
    closed = _floor_hour(until - GRACE)
    while progress.hours_until < closed:
        upto = min(progress.hours_until + _STEP, closed)
        with connection.transaction():
            hours += roll_up_hours(connection, profile, progress.hours_until, upto)
            progress = replace(progress, hours_until=upto)
            made, day = _close_days(connection, profile, progress)
            days += made
            progress = replace(progress, days_until=day)
            _write(connection, progress)
    return RolledUp(profile.name, hours, days, corrected, progress.hours_until)


def read_progress(connection: psycopg.Connection, profile: DeviceProfile) -> Progress | None:
    """How far a class has come; None before its first run."""
    found = (
        connection.cursor(row_factory=class_row(Progress))
        .execute(
            "SELECT device_class, received_until, hours_until, days_until, nullif(raw_from, '-infinity') AS raw_from,"
            " day_starts_at_hour FROM roll_up_progress WHERE device_class = %s",
            [profile.name],
        )
        .fetchone()
    )
    if found is not None and found.day_starts_at_hour != profile.usage.day_starts_at_hour:
        raise ConfigurationError(
            f"profile {profile.name}: its day begins at {profile.usage.day_starts_at_hour}, but the daily values were"
            f" made with {found.day_starts_at_hour}: put it back, or write a migration that makes the days anew"
        )
    return found


def roll_up_hours(connection: psycopg.Connection, profile: DeviceProfile, start: datetime, end: datetime) -> int:
    """All devices' hours in [start, end), anew from all readings; returns how many rows were written."""
    limits = {"start": start, "end": end, "received": start - _ARRIVES_FROM}
    return connection.execute(statements.hours_of_everyone(profile), limits).rowcount


def days_between(profile: DeviceProfile, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The class's local days that lie wholly in [start, end): the beginning of the first and the end of the last."""
    hour = profile.usage.day_starts_at_hour
    first = _day_start(start, hour)
    if first < start:
        first = _day_start(first + timedelta(hours=36), hour)
    return first, max(first, _day_start(end, hour))


def _begin(connection: psycopg.Connection, profile: DeviceProfile) -> Progress | None:
    """Starts at the beginning of the oldest chunk; None while there is no reading."""
    oldest = (
        connection.cursor(row_factory=scalar_row)
        .execute(
            "SELECT min(range_start) FROM timescaledb_information.chunks WHERE hypertable_name = %s",
            [reading_table(profile.name)],
        )
        .fetchone()
    )
    if oldest is None:
        return None
    hour = profile.usage.day_starts_at_hour
    return Progress(profile.name, datetime(1970, 1, 1, tzinfo=UTC), oldest, _day_start(oldest, hour), None, hour)


def _correct(
    connection: psycopg.Connection, profile: DeviceProfile, progress: Progress, until: datetime
) -> tuple[Progress, int, int, int]:
    """Takes in what arrived since the last run and happened in hours already rolled up, in one transaction."""
    raw_from = progress.raw_from or datetime(1970, 1, 1, tzinfo=UTC)
    window = {"since": progress.received_until, "until": until}
    done = replace(progress, received_until=until)
    with connection.transaction():
        # Index look-ups device by device: a plan that reads all readings of the devices is always the wrong one here.
        connection.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        everything = {**window, "start": datetime(1970, 1, 1, tzinfo=UTC), "end": progress.hours_until}
        corrected = connection.execute(statements.mark_dirty(profile.name), everything).rowcount
        hours = days = 0
        if corrected:
            connection.execute("ANALYZE dirty_hour")
            for start, end in _dirty_chunks(connection, profile, raw_from, progress.hours_until):
                limits = {"start": start, "end": end}
                hours += connection.execute(statements.hours_of_the_dirty(profile), limits).rowcount
            if progress.raw_from is not None:
                limits = {**window, "end": min(raw_from, progress.hours_until)}
                hours += connection.execute(statements.hours_grown(profile), limits).rowcount
            days = connection.execute(statements.days_of_the_dirty(profile), {"end": progress.days_until}).rowcount
        _write(connection, done)
    return done, hours, days, corrected


def _dirty_chunks(
    connection: psycopg.Connection, profile: DeviceProfile, raw_from: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """The parts of [raw_from, until) by chunk that hold a dirty hour: each statement then plans for one chunk only."""
    rows = connection.execute(
        "SELECT greatest(range_start, %s), least(range_end, %s) FROM timescaledb_information.chunks"
        " WHERE hypertable_name = %s AND range_end > %s"
        " AND EXISTS (SELECT FROM dirty_hour WHERE bucket >= range_start AND bucket < range_end) ORDER BY 1",
        [raw_from, until, reading_table(profile.name), raw_from],
    ).fetchall()
    return [(start, end) for start, end in rows]


def _close_days(connection: psycopg.Connection, profile: DeviceProfile, progress: Progress) -> tuple[int, datetime]:
    """Makes the days that have ended; returns how many rows, and up to when."""
    end = _day_start(progress.hours_until, progress.day_starts_at_hour)
    if end <= progress.days_until:
        return 0, progress.days_until
    limits = {"start": progress.days_until, "end": end}
    return connection.execute(statements.days_of_everyone(profile), limits).rowcount, end


def _write(connection: psycopg.Connection, progress: Progress) -> None:
    connection.execute(
        "INSERT INTO roll_up_progress (device_class, received_until, hours_until, days_until, raw_from,"
        " day_starts_at_hour, ran_at) VALUES (%s, %s, %s, %s, coalesce(%s, '-infinity'::timestamptz), %s, now())"
        " ON CONFLICT (device_class) DO UPDATE SET received_until = excluded.received_until,"
        " hours_until = excluded.hours_until, days_until = excluded.days_until, ran_at = now()",
        [
            progress.device_class,
            progress.received_until,
            progress.hours_until,
            progress.days_until,
            progress.raw_from,
            progress.day_starts_at_hour,
        ],
    )


def _summarise(connection: psycopg.Connection, profile: DeviceProfile) -> None:
    """Has the arrival index take in the newest pages, which it otherwise does only at the next vacuum."""
    rows = connection.execute(
        "SELECT i.indexrelid::regclass::text FROM timescaledb_information.chunks c"
        " JOIN pg_index i ON i.indrelid = format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass"
        " JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_am a ON a.oid = k.relam"
        " WHERE c.hypertable_name = %s AND a.amname = 'brin'",
        [reading_table(profile.name)],
    ).fetchall()
    for (name,) in rows:
        connection.execute(sql.SQL("SELECT brin_summarize_new_values({}::regclass)").format(sql.Literal(name)))


def _floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day_start(moment: datetime, starts_at_hour: int) -> datetime:
    day = local_day(moment, starts_at_hour)
    return datetime(day.year, day.month, day.day, starts_at_hour, tzinfo=STOCKHOLM).astimezone(UTC)
