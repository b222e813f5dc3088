"""Fills a database fast: what made-up rows hold by construction is not checked row by row, indexes are made after."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql

LARGE: Final = (
    *("device", "loan", "device_state", "device_fault", "work_order", "work_order_finding", "work_order_transition"),
    *("idle_verdict", "recall_case", "audit"),
)
"""Tables with a row or more per device, whose indexes are worth making afterwards."""
_INDEXES: Final = """
SELECT c.relname, pg_get_indexdef(i.indexrelid), NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY (%(tables)s::regclass[]) AND NOT i.indisunique
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
 UNION ALL
SELECT k.conname, pg_get_constraintdef(k.oid), k.conrelid::regclass::text FROM pg_constraint k
 WHERE k.conrelid = ANY (%(tables)s::regclass[]) AND k.contype = 'x'
"""


@contextmanager
def filling(superuser: psycopg.Connection) -> Iterator[None]:
    """Without triggers, foreign keys and secondary indexes; when the block ends all is as the migrations made it.

    The rows must be what triggers and keys would have made of them. Primary and unique keys are held all the while.

    Args:
        superuser: a connection of a superuser, in autocommit.
    """
    found = superuser.execute(_INDEXES, {"tables": list(LARGE)}).fetchall()
    superuser.execute(
        "SET session_replication_role = replica; SET statement_timeout = 0; SET maintenance_work_mem = '512MB'"
    )
    for name, _, table in found:
        superuser.execute(_dropping(name, table))
    yield
    begun = time.perf_counter()
    for name, definition, table in found:
        made = definition if table is None else f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
        superuser.execute(made.encode())
    superuser.execute("SET session_replication_role = origin")
    print(f"indexes made in {time.perf_counter() - begun:.0f} s", flush=True)


def filled(superuser: psycopg.Connection, statements: str) -> None:
    """Runs statements one by one, each with its time where it took a second or more."""
    for statement in filter(str.strip, statements.split(";\n")):
        begun = time.perf_counter()
        superuser.execute(statement.encode())
        if (took := time.perf_counter() - begun) >= 1:
            told = next(line for line in statement.strip().splitlines() if not line.startswith("--"))
            print(f"  {took:5.1f} s  {told[:70]}", flush=True)


def _dropping(name: str, table: str | None) -> sql.Composed:
    if table is None:
        return sql.SQL("DROP INDEX {}").format(sql.Identifier(name))
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
