"""The statements that make roll-ups from readings, and days from hours: composed from the profile."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from psycopg import sql

from fleet.plumbing.store.keeping.tables import Span, Value, roll_up_table, rolled_up
from fleet.plumbing.store.tables import reading_table
from fleet.profile import DeviceProfile
from fleet.signals import Kind

# Two readings of one moment: the later message is the last one. Device clocks tell milliseconds, so that the
# microseconds are free to say which, and the same readings always give the same value.
_ORDER: Final = sql.SQL("r.ts + (r.seq %% 1000) * interval '1 microsecond'")
_HOUR: Final = sql.SQL("time_bucket('1 hour', r.ts)")

# Each takes parameters by name: `start` and `end` limit the time of what is read, `received` the time of its arrival.
_WHOLE: Final = sql.SQL(
    "FROM {source} r WHERE r.ts >= %(start)s AND r.ts < %(end)s AND r.received_at >= %(received)s GROUP BY 1, 2"
)
_DIRTY: Final = sql.SQL(
    "FROM dirty_hour d JOIN {source} r ON r.device_no = d.device_no AND r.ts >= d.bucket"
    " AND r.ts < d.bucket + interval '1 hour' WHERE r.ts >= %(start)s AND r.ts < %(end)s GROUP BY 1, 2"
)
_NEW: Final = sql.SQL(
    "FROM {source} r WHERE r.received_at > %(since)s AND r.received_at <= %(until)s AND r.ts < %(end)s GROUP BY 1, 2"
)


def mark_dirty(device_class: str) -> sql.Composed:
    """The hours of devices with readings that arrived after `since` and until `until`, and happened in [start, end)."""
    return sql.SQL(
        "CREATE TEMPORARY TABLE dirty_hour ON COMMIT DROP AS"
        " SELECT DISTINCT r.device_no, {hour} AS bucket FROM {source} r"
        " WHERE r.received_at > %(since)s AND r.received_at <= %(until)s AND r.ts >= %(start)s AND r.ts < %(end)s"
    ).format(hour=_HOUR, source=sql.Identifier(reading_table(device_class)))


def hours_of_everyone(profile: DeviceProfile) -> sql.Composed:
    """All devices' hours in [start, end), of readings that arrived at `received` or later."""
    return _hours(profile, _WHOLE, replaced)


def hours_of_the_dirty(profile: DeviceProfile) -> sql.Composed:
    """The hours in the temporary table dirty_hour that lie in [start, end), anew from all their readings."""
    return _hours(profile, _DIRTY, replaced)


def hours_grown(profile: DeviceProfile) -> sql.Composed:
    """Adds readings of before `end` that arrived after `since` and until `until` to hours whose others are gone.

    Exactly once: the caller moves `since` in the same transaction.
    """
    return _hours(profile, _NEW, merged)


def days_of_everyone(profile: DeviceProfile) -> sql.Composed:
    """All devices' days made of the hours in [start, end)."""
    source = sql.SQL("FROM {} r WHERE r.bucket >= %(start)s AND r.bucket < %(end)s GROUP BY 1, 2").format(
        sql.Identifier(roll_up_table(Span.HOURLY, profile.name))
    )
    return _days(profile, source)


def days_of_the_dirty(profile: DeviceProfile) -> sql.Composed:
    """The days before `end` that hold an hour of dirty_hour, anew from all their hours."""
    hour = profile.usage.day_starts_at_hour
    source = sql.SQL(
        "FROM (SELECT DISTINCT device_no, {day} AS day FROM dirty_hour WHERE bucket < %(end)s) d"
        " JOIN {source} r ON r.device_no = d.device_no AND r.bucket >= d.day AND r.bucket < {next} GROUP BY 1, 2"
    ).format(
        day=day_start(sql.SQL("bucket"), hour),
        next=_next_day(sql.SQL("d.day")),
        source=sql.Identifier(roll_up_table(Span.HOURLY, profile.name)),
    )
    return _days(profile, source)


def day_start(moment: sql.Composable, starts_at_hour: int) -> sql.Composed:
    """When the Swedish local day of a moment begins; the SQL of `fleet.clock.local_day`."""
    return sql.SQL(
        "(date_trunc('day', {moment} AT TIME ZONE 'Europe/Stockholm' - {hour}) + {hour})"
        " AT TIME ZONE 'Europe/Stockholm'"
    ).format(moment=moment, hour=sql.Literal(f"{starts_at_hour} hours") + sql.SQL("::interval"))


def replaced(value: Value) -> sql.Composed:
    """What stands there gives way: it was made of fewer readings."""
    return sql.SQL("excluded.{}").format(sql.Identifier(value.name))


def merged(value: Value) -> sql.Composed:
    """What stands there and what is new together; the last value stays, for what comes so late is rarely the last."""
    name = sql.Identifier(value.name)
    templates = {
        "count": "t.{0} + excluded.{0}",
        "min": "least(t.{0}, excluded.{0})",
        "max": "greatest(t.{0}, excluded.{0})",
        "sum": "coalesce(t.{0} + excluded.{0}, t.{0}, excluded.{0})",
        "last": "coalesce(t.{0}, excluded.{0})",
    }
    return sql.SQL(templates[value.gather]).format(name)


def _next_day(day: sql.Composable) -> sql.Composed:
    """A day has 23 to 25 hours: counted on the wall clock."""
    template = "({} AT TIME ZONE 'Europe/Stockholm' + interval '1 day') AT TIME ZONE 'Europe/Stockholm'"
    return sql.SQL(template).format(day)


def _hours(profile: DeviceProfile, source: sql.SQL, kept: Callable[[Value], sql.Composed]) -> sql.Composed:
    rows = source.format(source=sql.Identifier(reading_table(profile.name)))
    return _upsert(profile, Span.HOURLY, [_HOUR, sql.SQL("count(*)"), *_of_readings(profile)], rows, kept)


def _days(profile: DeviceProfile, source: sql.Composed) -> sql.Composed:
    day = day_start(sql.SQL("r.bucket"), profile.usage.day_starts_at_hour)
    return _upsert(profile, Span.DAILY, [day, sql.SQL("sum(r.readings)"), *_of_hours(profile)], source, replaced)


def _upsert(
    profile: DeviceProfile,
    span: Span,
    chosen: Iterable[sql.Composable],
    rows: sql.Composed,
    kept: Callable[[Value], sql.Composed],
) -> sql.Composed:
    values = [value for metric in profile.metrics for value in rolled_up(metric).values]
    everything = [Value("readings", "integer", "count"), *values]
    return sql.SQL(
        "INSERT INTO {table} AS t (device_no, bucket, {names}) SELECT r.device_no, {chosen} {rows}"
        " ON CONFLICT (device_no, bucket) DO UPDATE SET {kept}"
    ).format(
        table=sql.Identifier(roll_up_table(span, profile.name)),
        names=sql.SQL(", ").join(sql.Identifier(value.name) for value in everything),
        chosen=sql.SQL(", ").join(chosen),
        rows=rows,
        kept=sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(value.name), kept(value)) for value in everything
        ),
    )


def _of_readings(profile: DeviceProfile) -> Iterator[sql.Composed]:
    for metric in profile.metrics:
        column = sql.Identifier("r", metric.column)
        summed = sql.SQL("{}::integer") if metric.kind is Kind.FLAG else sql.SQL("{}::double precision")
        templates = {
            "count": sql.SQL("count({0})"),
            "min": sql.SQL("min({0})"),
            "max": sql.SQL("max({0})"),
            "sum": sql.SQL("sum({1})"),
            "last": sql.SQL("last({0}, {2}) FILTER (WHERE {0} IS NOT NULL)"),
        }
        for value in rolled_up(metric).values:
            yield templates[value.gather].format(column, summed.format(column), _ORDER)


def _of_hours(profile: DeviceProfile) -> Iterator[sql.Composed]:
    templates = {
        "count": sql.SQL("sum({0})"),
        "min": sql.SQL("min({0})"),
        "max": sql.SQL("max({0})"),
        "sum": sql.SQL("sum({0})"),
        "last": sql.SQL("last({0}, r.bucket) FILTER (WHERE {0} IS NOT NULL)"),
    }
    for metric in profile.metrics:
        for value in rolled_up(metric).values:
            yield templates[value.gather].format(sql.Identifier("r", value.name))
