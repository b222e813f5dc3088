"""What a database holds, as one number per table: equal before a backup and after its restoration."""

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

# As text, by fixed rules of output, so that the numbers outlast a change of PostgreSQL's own hash functions.
_RULES: Final = """
    SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1
"""
_TABLES: Final = """
    SELECT relname::text FROM pg_class c
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.objid = c.oid AND p.deptype = 'e')
     ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class TableHash:
    """Rows of a table and the sum of 64 bits of each row's SHA-256: whatever their order, no change goes unseen."""

    rows: int
    total: str


def table_hashes(connection: psycopg.Connection) -> dict[str, TableHash]:
    """Every table of ours, hypertables whole; reads all rows within the transaction of the caller.

    Args:
        connection: of a role that row security does not limit.
    """
    connection.execute(_RULES)
    names = [row[0] for row in connection.execute(_TABLES.encode()).fetchall()]
    return {name: _hash(connection, name) for name in names}


def _hash(connection: psycopg.Connection, table: str) -> TableHash:
    row = connection.execute(
        sql.SQL(
            "SELECT count(*), coalesce(sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 16))"
            "::bit(64)::bigint), 0)::text FROM {} t"
        ).format(sql.Identifier(table))
    ).fetchone()
    if row is None:
        raise RuntimeError("an aggregate always has one row")
    return TableHash(row[0], row[1])
