"""SQL in files beside the code that sends it: named statements, loaded once, always with parameters."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, LiteralString, cast

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier

from fleet.plumbing.database import Connection

Row = dict[str, Any]
Statement = SQL | Composed
Parameters = Mapping[str, Any] | Sequence[Any]

_NAME: Final = re.compile(r"^-- name: ([a-z_]+)\n", re.MULTILINE)


@cache
def load(folder: Path) -> Mapping[str, SQL]:
    """The statements of `queries.sql` in a room's folder by name.

    Each begins with a line `-- name: ...`; `{name}` in one is filled in by `formatted`.
    """
    parts = _NAME.split((folder / "queries.sql").read_text(encoding="utf-8"))
    return {name: SQL(cast("LiteralString", text)) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def room(module_file: str) -> Mapping[str, SQL]:
    """The statements of the room a module lives in, asked for with the module's own `__file__`."""
    return load(Path(module_file).parent)


def formatted(statement: SQL, **parts: Composable | str) -> Composed:
    """A statement with its `{name}` places filled by identifiers (text) or other pieces of SQL."""
    return statement.format(
        **{name: Identifier(part) if isinstance(part, str) else part for name, part in parts.items()}
    )


async def fetch_all(connection: Connection, statement: Statement, parameters: Parameters | None = None) -> list[Row]:
    """Every row of a query, as dictionaries."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


async def fetch_one(connection: Connection, statement: Statement, parameters: Parameters | None = None) -> Row | None:
    """The first row of a query, or None."""
    found = await fetch_all(connection, statement, parameters)
    return found[0] if found else None


async def fetch_by_key(connection: Connection, statement: Statement, parameters: Parameters) -> Row | None:
    """The one row of a key, by a plan made once for each connection, or None; within a transaction.

    Row security makes planning such a join dearer than reading its one row (measured: 15 ms and 5), and whatever the
    key is, the plan is the same. Not for lists: see `replan` of `fleet.plumbing.database.database_pool`.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        async with connection.pipeline():
            await connection.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
            await cursor.execute(statement, parameters, prepare=True)
            await connection.execute("SET LOCAL plan_cache_mode = 'force_custom_plan'")
        return await cursor.fetchone()  # after the pipeline: within it, row and end would be waited for one by one


async def execute(connection: Connection, statement: Statement, parameters: Parameters | None = None) -> int:
    """Sends a statement; returns how many rows it touched."""
    return (await connection.execute(statement, parameters)).rowcount
