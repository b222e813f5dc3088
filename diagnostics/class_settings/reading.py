"""What is set for whole classes at a moment, for whoever judges by it."""

from datetime import datetime
from typing import Final

import psycopg

from diagnostics.queries import fetch_all, room
from fleet.class_settings import ClassSetting, applied, from_row
from fleet.plumbing.database import Connection
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry

_SQL: Final = room(__file__)
_COLUMNS: Final = ("device_class", "kind", "name", "setting", "value")
_log = get_logger(part="class_settings")


async def in_force(connection: Connection, moment: datetime) -> list[ClassSetting]:
    """Everything that holds at a moment beside the profiles."""
    rows = await fetch_all(connection, _SQL["in_force"], {"moment": moment})
    return [from_row([row[name] for name in _COLUMNS]) for row in rows]


async def registry_at(connection: Connection, registry: Registry, moment: datetime) -> Registry:
    """The registry as it holds at a moment."""
    return _told(*applied(registry, await in_force(connection, moment)))


def as_set(connection: psycopg.Connection, registry: Registry, moment: datetime) -> Registry:
    """The same, for a run that is not asynchronous."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        rows = cursor.execute(_SQL["in_force"], {"moment": moment}).fetchall()
    return _told(*applied(registry, map(from_row, rows)))


def _told(registry: Registry, refused: list[str]) -> Registry:
    for reason in refused:
        _log.warning("A class's setting is refused", event_name="class_setting_refused", reason=reason)
    return registry
