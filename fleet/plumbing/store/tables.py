"""Each device class's typed hypertable and its views by audience, made and widened from the profile, never narrowed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from fleet.errors import ConfigurationError, ProfileError
from fleet.plumbing.store.bootstrap import READER, role_name
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.signals import Audience, Metric

# Names that every reading table has before its metrics; a metric may not take one of them.
_FIXED: Final[dict[str, LiteralString]] = {
    "device_no": "integer NOT NULL",
    "ts": "timestamptz NOT NULL",
    "received_at": "timestamptz NOT NULL",
    "boot": "integer NOT NULL",
    "seq": "bigint NOT NULL",
    "unknown": "jsonb",
    "clock_corrected": "boolean",
}
_SHOWN: Final = ("device_no", "ts", "received_at", "boot", "seq", "clock_corrected")
_LONGEST_NAME: Final = 63  # PostgreSQL cuts a longer one off without an error


@dataclass(frozen=True, slots=True)
class TableChange:
    """What was done to one class's table: made, or which columns were added, and which of its views were made anew."""

    table: str
    made: bool
    columns_added: tuple[str, ...]
    views_made: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the database already was as the profile wants it."""
        return not (self.made or self.columns_added or self.views_made)


def reading_table(device_class: str) -> str:
    """The hypertable of a class's readings."""
    return f"reading_{device_class}"


def reading_view(device_class: str, audience: Audience) -> str:
    """The view of a class's readings for one audience."""
    return f"reading_{device_class}_{audience}"


def metric_columns(profile: DeviceProfile) -> tuple[Metric, ...]:
    """The metrics in the order in which their columns are written: as declared."""
    return profile.metrics


def audience_metrics(profile: DeviceProfile) -> dict[Audience, tuple[Metric, ...]]:
    """The metrics of each audience that has any."""
    by_audience = {audience: tuple(m for m in profile.metrics if m.audience is audience) for audience in Audience}
    return {audience: metrics for audience, metrics in by_audience.items() if metrics}


def check_names(registry: Registry) -> None:
    """Refuses profiles whose tables, views or columns could not be told apart.

    Raises:
        ProfileError: a name is too long, taken by the table itself, or claimed twice; the message says by whom.
    """
    owners: dict[str, str] = {}
    for profile in registry:
        for name in (reading_table(profile.name), *(reading_view(profile.name, audience) for audience in Audience)):
            if len(name) > _LONGEST_NAME:
                raise ProfileError(
                    f"profile {profile.name}: {name} is longer than {_LONGEST_NAME} letters; shorten the class's name"
                )
            if name in owners:
                raise ProfileError(f"profiles {owners[name]} and {profile.name} both need the name {name}; rename one")
            owners[name] = profile.name
        for metric in profile.metrics:
            if metric.column in _FIXED or metric.column == "device_id" or len(metric.column) > _LONGEST_NAME:
                raise ProfileError(
                    f"profile {profile.name}: metric {metric.key} cannot have the column {metric.column!r}; rename it"
                )


def shape_table(connection: psycopg.Connection, profile: DeviceProfile) -> TableChange:
    """Brings a class's hypertable and views to what its profile says, by adding only.

    Runs in the caller's transaction, as the schema's owner.

    Raises:
        ConfigurationError: the database holds a metric that the profile lacks or types differently. Readings are never
            dropped.
    """
    table = reading_table(profile.name)
    present = _columns(connection, table)
    if present:
        _refuse_loss(profile, present)
        added = tuple(metric for metric in profile.metrics if metric.column not in present)
        _add_columns(connection, table, added)
    else:
        _make_table(connection, table, profile)
        added = ()
    views = _shape_views(connection, profile)
    return TableChange(table, not present, tuple(metric.column for metric in added), views)


def _columns(connection: psycopg.Connection, relation: str) -> dict[str, str]:
    """Column name to type of a table or view of ours; empty where there is none."""
    rows = connection.execute(
        "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [relation],
    )
    return dict(rows.fetchall())


def _refuse_loss(profile: DeviceProfile, present: dict[str, str]) -> None:
    wanted = {metric.column: metric.kind.column_type for metric in profile.metrics}
    for column in present.keys() - _FIXED.keys():
        if column not in wanted:
            raise ConfigurationError(
                f"profile {profile.name} lacks the metric of {column!r}, but its readings are in the database:"
                " put the metric back (a model without it names it in `missing`), or retire it by a migration"
            )
        if wanted[column] != present[column]:
            raise ConfigurationError(
                f"profile {profile.name} holds {column!r} as {wanted[column]}, but {reading_table(profile.name)} as"
                f" {present[column]}: give the metric a new key, or write a migration that converts it"
            )


def _make_table(connection: psycopg.Connection, table: str, profile: DeviceProfile) -> None:
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in _FIXED.items()]
    columns += [_column(metric) for metric in profile.metrics]
    name = sql.Identifier(table)
    # The key begins with the device, so that it also serves "one device, one period"; the time must be part of it.
    connection.execute(
        sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (device_no, ts, boot, seq))").format(
            name, sql.SQL(", ").join(columns)
        )
    )
    connection.execute(
        "SELECT create_hypertable(%s::regclass, by_range('ts', interval '7 days'), create_default_indexes => false)",
        [table],
    )
    _comment(connection, "TABLE", table, f"Readings of the class {profile.name} ({profile.title.sv})")
    _comment_columns(connection, table, profile.metrics)
    for roles, rights in ((("ingest",), "SELECT, INSERT"), (("worker", "reader"), "SELECT")):
        _grant(connection, table, roles, sql.SQL(rights))


def _add_columns(connection: psycopg.Connection, table: str, added: tuple[Metric, ...]) -> None:
    """Nullable and without a default, so that no row is rewritten and ingest waits for a moment only."""
    if added:
        clauses = sql.SQL(", ").join(sql.SQL("ADD COLUMN {}").format(_column(metric)) for metric in added)
        connection.execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), clauses))
        _comment_columns(connection, table, added)


def _column(metric: Metric) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(metric.column), sql.SQL(metric.kind.column_type))


def _shape_views(connection: psycopg.Connection, profile: DeviceProfile) -> tuple[str, ...]:
    """Makes the views that are missing or differ, drops those of audiences without metrics; returns the names made."""
    by_audience = audience_metrics(profile)
    made = []
    for audience in Audience:
        view = reading_view(profile.name, audience)
        metrics = by_audience.get(audience, ())
        wanted = ["device_id", *_SHOWN, *(metric.column for metric in metrics)] if metrics else []
        if list(_columns(connection, view)) == wanted:
            continue
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(view)))
        if metrics:
            _make_view(connection, profile, audience, metrics)
            made.append(view)
    return tuple(made)


def _make_view(
    connection: psycopg.Connection, profile: DeviceProfile, audience: Audience, metrics: tuple[Metric, ...]
) -> None:
    """A row is there when it says anything to this audience: that a clinical value was taken is no technical fact.

    The boundary of the loan is that of device_event_seen in migrations/sql/0001_row_security.sql: a hypertable with
    columnstore can have no policy, and the join with `device` brings that table's own row security.
    """
    view = reading_view(profile.name, audience)
    values = sql.SQL(", ").join(sql.Identifier("r", metric.column) for metric in metrics)
    connection.execute(
        sql.SQL(
            "CREATE VIEW {view} WITH (security_barrier) AS"
            " SELECT d.device_id, {shown}, {values} FROM {table} r JOIN device d USING (device_no)"
            " WHERE {audience} = ANY ((SELECT scope_audiences())::text[])"
            " AND ((SELECT scope_whole_life()) OR r.ts >= d.loan_started_at) AND num_nonnulls({values}) > 0"
        ).format(
            view=sql.Identifier(view),
            shown=sql.SQL(", ").join(sql.Identifier("r", name) for name in _SHOWN),
            values=values,
            table=sql.Identifier(reading_table(profile.name)),
            audience=sql.Literal(str(audience)),
        )
    )
    _comment(connection, "VIEW", view, f"Readings of the class {profile.name} for the audience {audience}")
    _comment_columns(connection, view, metrics)
    connection.execute(sql.SQL("ALTER VIEW {} OWNER TO {}").format(sql.Identifier(view), sql.Identifier(READER)))
    _grant(connection, view, ("api", "grafana") if audience is Audience.TECHNICAL else ("api",), sql.SQL("SELECT"))


def _grant(connection: psycopg.Connection, relation: str, roles: Iterable[str], rights: sql.SQL) -> None:
    names = sql.SQL(", ").join(sql.Identifier(role_name(role)) for role in roles)
    connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, sql.Identifier(relation), names))


def _comment(connection: psycopg.Connection, kind: LiteralString, relation: str, text: str) -> None:
    connection.execute(
        sql.SQL("COMMENT ON {} {} IS {}").format(sql.SQL(kind), sql.Identifier(relation), sql.Literal(text))
    )


def _comment_columns(connection: psycopg.Connection, relation: str, metrics: Iterable[Metric]) -> None:
    for metric in metrics:
        connection.execute(
            sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(relation, metric.column),
                sql.Literal(f"[{metric.unit}] {metric.title.sv} / {metric.title.en}"),
            )
        )
