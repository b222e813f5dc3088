"""What the API may write, and what the services see: compared with what must be, like `sight`."""

from collections.abc import Iterable
from typing import Final

import psycopg
from psycopg import sql

from fleet.plumbing.store.scope import Scope
from tests.fixtures.database import Database
from tests.integration.store.sight import Difference, expected, set_scope
from tests.integration.store.world import Entry

_ASK: Final = """
    INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)
    VALUES (%s, 1000, 'read_faults', 'read', 'test', 'new', now())
"""
_TRACE: Final = "INSERT INTO command_transition (command_id, state) VALUES (%s, 'queued')"
_ADD: Final = "INSERT INTO audit (actor, role, care_unit, action) VALUES ('x', 'x', 'x', 'x')"
_SERVICE_TABLES: Final = {
    "ingest": ("device", "loan", "device_state", "usage_day", "device_fault", "unknown_metric", "quarantine", "command",
               "command_reply", "command_transition"),
    "worker": ("device", "loan", "device_state", "usage_day", "device_fault", "command", "command_reply",
               "command_transition", "alarm", "notification", "unknown_metric"),
    "owner": ("prescriber", "audit"),
}  # fmt: skip


def write_differences(database: Database, entries: Iterable[Entry], scopes: Iterable[Scope]) -> list[Difference]:
    """Tries every write of the API under each scope, all rolled back; lists what is allowed or refused wrongly."""
    world = list(entries)
    numbers = _pairs(database, "SELECT individual_number, device_no FROM device")
    commands = _pairs(database, "SELECT reason, command_id FROM command")
    found: list[Difference] = []
    with psycopg.connect(database.api) as connection:
        for scope in scopes:
            set_scope(connection, scope)
            for entry in world:
                if entry.thing == "device":
                    found += _try(connection, _ASK, numbers[entry.label], entry, scope)
                if entry.thing == "transition":
                    found += _try(connection, _TRACE, commands[entry.label], entry, scope)
            found += _count(connection, "UPDATE alarm SET taken_by = 'x'", "alarm", world, scope)
            found += _count(connection, "UPDATE command SET state = 'cancelled'", "command", world, scope)
            if not _allowed(connection, _ADD, []):
                found.append(Difference(scope, "audit", "add", seen=False))
            connection.rollback()
    return found


def service_differences(database: Database) -> list[str]:
    """Tables of which ingest, worker or owner see fewer rows than there are."""
    found = []
    with psycopg.connect(database.superuser) as everything:
        for role, tables in _SERVICE_TABLES.items():
            with psycopg.connect(getattr(database, role)) as connection:
                found += [f"{role} {table}" for table in tables if _rows(connection, table) != _rows(everything, table)]
    return found


def _try(connection: psycopg.Connection, statement: str, key: object, entry: Entry, scope: Scope) -> list[Difference]:
    allowed = _allowed(connection, statement, [key])
    return [] if allowed == expected(entry, scope) else [Difference(scope, entry.thing, entry.label, allowed)]


def _allowed(connection: psycopg.Connection, statement: str, values: list[object]) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode(), values)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _count(
    connection: psycopg.Connection, statement: str, thing: str, world: list[Entry], scope: Scope
) -> list[Difference]:
    """An update without a condition touches the rows in scope: only the policy for updates stands in its way."""
    wanted = sum(entry.thing == thing and expected(entry, scope) for entry in world)
    with connection.transaction(force_rollback=True):
        touched = connection.execute(statement.encode()).rowcount
    return [] if touched == wanted else [Difference(scope, thing, f"{touched} instead of {wanted}", touched > wanted)]


def _rows(connection: psycopg.Connection, table: str) -> object:
    return connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()


def _pairs(database: Database, query: str) -> dict[str, object]:
    with psycopg.connect(database.superuser) as connection:
        return dict(connection.execute(query.encode()).fetchall())
