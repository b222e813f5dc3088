"""Writes what the profiles say into the reference tables, for SQL to join with; unchanged rows stay untouched."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

from fleet.profile import DeviceProfile
from fleet.registry import Registry

Row = Mapping[str, Any]

# Table -> its key. The order satisfies the foreign keys.
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "device_class": ("name",),
    "idle_policy": ("device_class", "name"),
    "device_model": ("model_key",),
    "metric": ("device_class", "key"),
    "event_kind": ("device_class", "name"),
    "fault_code": ("code",),
    "fault_native": ("device_class", "system", "code"),
    "usage_measure": ("device_class", "measure"),
    "usage_clause": ("device_class", "measure"),
    "alarm_rule": ("device_class", "name"),
}
# A row that a profile dropped must go where it would still decide something. The others stay: history refers to them.
_EXACT: Final = ("fault_native", "usage_clause", "alarm_rule")


def project(connection: psycopg.Connection, registry: Registry) -> dict[str, int]:
    """Brings the reference tables to what the registry says. Runs in the caller's transaction, as owner.

    Returns:
        Rows written or removed per table; empty when nothing had changed.
    """
    changed = {}
    for table, key in _KEYS.items():
        rows = [row for profile in registry for row in _ROWS[table](profile)]
        times = _upsert(connection, table, key, rows)
        if table in _EXACT:
            times += _remove_others(connection, table, key, rows, [profile.name for profile in registry])
        changed[table] = times
    changed["model_price"] = _first_prices(connection, registry)
    return {table: times for table, times in changed.items() if times}


def _upsert(connection: psycopg.Connection, table: str, key: tuple[str, ...], rows: list[Row]) -> int:
    if not rows:
        return 0
    columns = list(rows[0])
    values = [column for column in columns if column not in key]
    update: sql.Composable = sql.SQL("DO NOTHING")
    if values:
        update = sql.SQL("DO UPDATE SET {assignments} WHERE ({old}) IS DISTINCT FROM ({new})").format(
            assignments=sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in values
            ),
            old=sql.SQL(", ").join(sql.Identifier(table, column) for column in values),
            new=sql.SQL(", ").join(sql.Identifier("excluded", column) for column in values),
        )
    statement = sql.SQL("INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT ({key}) {update}").format(
        table=sql.Identifier(table),
        columns=_names(columns),
        places=sql.SQL(", ").join(sql.Placeholder(column) for column in columns),
        key=_names(key),
        update=update,
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return cursor.rowcount


def _remove_others(
    connection: psycopg.Connection, table: str, key: tuple[str, ...], rows: list[Row], classes: list[str]
) -> int:
    """Removes what the profiles in hand no longer name; a class without a profile here is left alone."""
    kept = {tuple(row[column] for column in key) for row in rows}
    found = connection.execute(
        sql.SQL("SELECT {} FROM {} WHERE device_class = ANY(%s)").format(_names(key), sql.Identifier(table)), [classes]
    ).fetchall()
    gone = [row for row in found if row not in kept]
    if gone:
        match = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in key)
        with connection.cursor() as cursor:
            cursor.executemany(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), match), gone)
    return len(gone)


def _first_prices(connection: psycopg.Connection, registry: Registry) -> int:
    """The profile's price holds from the beginning, until the centre's own price list says otherwise."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO model_price (model_key, valid_from, rent_sek) SELECT %(key)s, date '2000-01-01', %(rent)s"
            " WHERE NOT EXISTS (SELECT FROM model_price WHERE model_key = %(key)s)",
            [{"key": model.key, "rent": model.rent_sek} for _, model in registry.models()],
        )
        return cursor.rowcount


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def _device_class(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "name": profile.name,
            "title_sv": profile.title.sv,
            "title_en": profile.title.en,
            "day_starts_at_hour": profile.usage.day_starts_at_hour,
            "usage_reason_sv": profile.usage.reason.sv,
            "usage_reason_en": profile.usage.reason.en,
        }
    ]


def _idle_policy(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "device_class": profile.name,
            "name": policy.name,
            "note_days": policy.note_days,
            "contact_days": policy.contact_days,
            "propose_days": policy.propose_days,
            "quiet_months": sorted(policy.quiet_months),
            "quiet_propose_days": policy.quiet_propose_days,
            "training_days": policy.training_days,
            "silent_after_days": policy.silent_after_days,
        }
        for policy in profile.idle_policies
    ]


def _device_model(profile: DeviceProfile) -> list[Row]:
    """One row per model; where firmware splits a model into several descriptions, the first speaks for all."""
    first = {model.key: model for model in reversed(profile.models)}
    return [
        {
            "model_key": model.key,
            "device_class": profile.name,
            "maker": model.maker,
            "name": model.name,
            "iso9999": model.iso9999,
            "idle_policy": model.idle_policy,
        }
        for model in first.values()
    ]


def _metric(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "device_class": profile.name,
            "key": metric.key,
            "column_name": metric.column,
            "unit": metric.unit,
            "kind": str(metric.kind),
            "audience": str(metric.audience),
            "low": metric.low,
            "high": metric.high,
            "cadence_seconds": metric.cadence_seconds,
            "code": metric.code,
            "title_sv": metric.title.sv,
            "title_en": metric.title.en,
        }
        for metric in profile.metrics
    ]


def _event_kind(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "device_class": profile.name,
            "name": event.name,
            "audience": str(event.audience),
            "title_sv": event.title.sv,
            "title_en": event.title.en,
        }
        for event in profile.all_events
    ]


def _fault_code(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "code": fault.code,
            "device_class": profile.name,
            "severity": str(fault.severity),
            "remedy": str(fault.remedy),
            "clearable": fault.clearable,
            "derived": fault.derived,
            "audience": str(fault.audience),
            "title_sv": fault.title.sv,
            "title_en": fault.title.en,
            "cause_sv": fault.cause.sv,
            "cause_en": fault.cause.en,
            "action_sv": fault.action.sv,
            "action_en": fault.action.en,
        }
        for fault in profile.faults
    ]


def _fault_native(profile: DeviceProfile) -> list[Row]:
    return [
        {"device_class": profile.name, "system": native.system, "code": native.code, "fault_code": fault.code}
        for native, fault in profile.faults_by_native.items()
    ]


def _usage_measure(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "device_class": profile.name,
            "measure": measure.name,
            "gather": str(measure.gather),
            "unit": measure.unit,
            "title_sv": measure.title.sv,
            "title_en": measure.title.en,
        }
        for measure in profile.usage.measures
    ]


def _usage_clause(profile: DeviceProfile) -> list[Row]:
    return [
        {"device_class": profile.name, "measure": clause.measure, "at_least": clause.amount}
        for clause in profile.usage.used_when
    ]


def _alarm_rule(profile: DeviceProfile) -> list[Row]:
    return [
        {
            "device_class": profile.name,
            "name": rule.name,
            "severity": str(rule.severity),
            "safety": rule.safety,
            "audience": str(rule.audience),
            "title_sv": rule.title.sv,
            "title_en": rule.title.en,
        }
        for rule in profile.rules
    ]


_ROWS: Final = {
    "device_class": _device_class,
    "idle_policy": _idle_policy,
    "device_model": _device_model,
    "metric": _metric,
    "event_kind": _event_kind,
    "fault_code": _fault_code,
    "fault_native": _fault_native,
    "usage_measure": _usage_measure,
    "usage_clause": _usage_clause,
    "alarm_rule": _alarm_rule,
}
