"""Each device class's tables of hourly and daily values and their views by audience, made from the profile."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from fleet.errors import ConfigurationError
from fleet.plumbing.store.bootstrap import READER, role_name
from fleet.plumbing.store.tables import TableChange, audience_metrics, reading_table
from fleet.profile import DeviceProfile
from fleet.signals import Audience, Kind, Metric

_FIXED: Final[dict[str, LiteralString]] = {
    "device_no": "integer NOT NULL",
    "bucket": "timestamptz NOT NULL",
    "readings": "integer NOT NULL",
}


class Span(StrEnum):
    """The length of a bucket. A day is the class's Swedish local day."""

    HOURLY = "hourly"
    DAILY = "daily"

    @property
    def chunk(self) -> LiteralString:
        """The length of a chunk of its hypertable."""
        return "28 days" if self is Span.HOURLY else "364 days"


class Value(NamedTuple):
    """One rolled-up column.

    Attributes:
        gather: count, min, max, sum or last.
    """

    name: str
    column_type: LiteralString
    gather: str


@dataclass(frozen=True, slots=True)
class RollUpValues:
    """What is kept of one metric per bucket."""

    metric: Metric
    values: tuple[Value, ...]


def roll_up_table(span: Span, device_class: str) -> str:
    """The hypertable of a class's hourly or daily values."""
    return f"{span}_{device_class}"


def roll_up_view(span: Span, device_class: str, audience: Audience) -> str:
    """The view of them for one audience."""
    return f"{span}_{device_class}_{audience}"


def rolled_up(metric: Metric) -> RollUpValues:
    """Count, smallest, largest, sum and last of a metric; of a flag how often it was told and true, and the last.

    Two underscores part the metric from what is kept of it: `battery_soc__min` is no metric's own column, since a key
    that holds them would be refused by `shape_roll_ups`.
    """
    own: LiteralString = {Kind.NUMBER: "real", Kind.COUNT: "integer", Kind.FLAG: "boolean"}[metric.kind]
    values = [Value(f"{metric.column}__count", "integer", "count")]
    if metric.kind is not Kind.FLAG:
        values += [Value(f"{metric.column}__{name}", own, name) for name in ("min", "max")]
    values.append(Value(f"{metric.column}__sum", "double precision", "sum"))
    values.append(Value(f"{metric.column}__last", own, "last"))
    return RollUpValues(metric, tuple(values))


def shape_roll_ups(connection: psycopg.Connection, profile: DeviceProfile) -> tuple[TableChange, ...]:
    """Brings a class's roll-ups to what its profile says, by adding only, in the caller's transaction as the owner.

    Raises:
        ConfigurationError: a metric's name cannot be told from a rolled-up column.
    """
    for metric in profile.metrics:
        if "__" in metric.column or len(metric.column) > 56:  # 63 letters, less the longest ending
            raise ConfigurationError(
                f"profile {profile.name}: metric {metric.key} needs a name of at most 56 letters without '__'"
            )
    return tuple(_shape(connection, profile, span) for span in Span)


def index_arrival(connection: psycopg.Connection, profile: DeviceProfile) -> None:
    """Gives a class's readings the index by which what has arrived since a moment is found.

    A block range index: rows lie in the order in which they arrived, so a page range is one entry. Made chunk by chunk,
    each locked only while it is read; `connection` must be in autocommit. What an interrupted one left is made anew.

    Raises:
        psycopg.errors.LockNotAvailable: a running service holds a chunk; try again.
    """
    table = reading_table(profile.name)
    name = f"{table}_arrival"[:63]
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%s))", [name]
    ).fetchone()
    if row is not None and row[0]:
        return
    connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("CREATE INDEX {} ON {} USING brin (received_at) WITH (timescaledb.transaction_per_chunk)").format(
            sql.Identifier(name), sql.Identifier(table)
        )
    )


def _shape(connection: psycopg.Connection, profile: DeviceProfile, span: Span) -> TableChange:
    table = roll_up_table(span, profile.name)
    wanted = [value for metric in profile.metrics for value in rolled_up(metric).values]
    present = _columns(connection, table)
    added = [value for value in wanted if value.name not in present] if present else []
    if not present:
        _make_table(connection, profile, span, wanted)
    elif added:
        clauses = sql.SQL(", ").join(sql.SQL("ADD COLUMN {}").format(_column(value)) for value in added)
        connection.execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), clauses))
    views = _shape_views(connection, profile, span)
    return TableChange(table, not present, tuple(value.name for value in added), views)


def _make_table(connection: psycopg.Connection, profile: DeviceProfile, span: Span, wanted: Iterable[Value]) -> None:
    table = roll_up_table(span, profile.name)
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in _FIXED.items()]
    columns += [_column(value) for value in wanted]
    name = sql.Identifier(table)
    connection.execute(
        sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (device_no, bucket))").format(name, sql.SQL(", ").join(columns))
    )
    connection.execute(
        "SELECT create_hypertable(%s::regclass, by_range('bucket', %s::interval), create_default_indexes => false)",
        [table, span.chunk],
    )
    connection.execute(sql.SQL("CREATE INDEX ON {} USING brin (bucket)").format(name))  # days are made hour by hour
    text = f"{span.capitalize()} values of the class {profile.name}; readings: how many readings they are made of"
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(text)))
    _grant(connection, table, ("worker", "reader"))


def _column(value: Value) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(value.name), sql.SQL(value.column_type))


def _columns(connection: psycopg.Connection, relation: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname::text FROM pg_attribute"
        " WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [relation],
    )
    return [row[0] for row in rows.fetchall()]


def _shape_views(connection: psycopg.Connection, profile: DeviceProfile, span: Span) -> tuple[str, ...]:
    """As the readings' views: made where missing or different, dropped where an audience has no metric."""
    by_audience = audience_metrics(profile)
    made = []
    for audience in Audience:
        view = roll_up_view(span, profile.name, audience)
        values = [value.name for metric in by_audience.get(audience, ()) for value in rolled_up(metric).values]
        if _columns(connection, view) == (["device_id", "device_no", "bucket", *values] if values else []):
            continue
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(view)))
        if values:
            _make_view(connection, profile, span, audience, values)
            made.append(view)
    return tuple(made)


def _make_view(
    connection: psycopg.Connection, profile: DeviceProfile, span: Span, audience: Audience, values: list[str]
) -> None:
    """Only buckets that lie wholly in the open loan: one into which an earlier loan reached would tell of both.

    How many readings of any audience there were is left out; a bucket without one for this audience is no row.
    """
    view = sql.Identifier(roll_up_view(span, profile.name, audience))
    connection.execute(
        sql.SQL(
            "CREATE VIEW {view} WITH (security_barrier) AS SELECT d.device_id, r.device_no, r.bucket, {values}"
            " FROM {table} r JOIN device d USING (device_no)"
            " WHERE {audience} = ANY ((SELECT scope_audiences())::text[])"
            " AND ((SELECT scope_whole_life()) OR r.bucket >= d.loan_started_at) AND {told} > 0"
        ).format(
            view=view,
            values=sql.SQL(", ").join(sql.Identifier("r", name) for name in values),
            table=sql.Identifier(roll_up_table(span, profile.name)),
            audience=sql.Literal(str(audience)),
            told=_told(values),
        )
    )
    connection.execute(sql.SQL("ALTER VIEW {} OWNER TO {}").format(view, sql.Identifier(READER)))
    roles = ("api", "grafana") if audience is Audience.TECHNICAL else ("api",)
    _grant(connection, roll_up_view(span, profile.name, audience), roles)


def _told(values: Iterable[str]) -> sql.Composed:
    """How many of this audience's metrics have a last value: none means that nothing was told."""
    last = sql.SQL(", ").join(sql.Identifier("r", name) for name in values if name.endswith("__last"))
    return sql.SQL("num_nonnulls({})").format(last)


def _grant(connection: psycopg.Connection, relation: str, roles: Iterable[str]) -> None:
    names = sql.SQL(", ").join(sql.Identifier(role_name(role)) for role in roles)
    connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(relation), names))
