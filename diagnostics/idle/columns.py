"""Reads whole numbers of many rows as columns: PostgreSQL's binary COPY of numbers is an array of rows of one size."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL, Composable

Columns = dict[str, NDArray[np.int64]]

HEAD: Final = 19  # signature of 11 bytes, flags and length of the extension, four each
TAIL: Final = 2  # the number of fields of the row that is not: -1


def read_columns(
    connection: psycopg.Connection, query: Composable, parameters: Mapping[str, Any], names: Sequence[str]
) -> Columns:
    """The columns of a query by name.

    Args:
        connection: of whom may read it.
        query: its columns are these names in this order; none is ever NULL.
        parameters: of the query.
        names: its columns. Each is sent as bigint.
    """
    wanted = SQL(", ").join(SQL("{}::bigint").format(SQL(name)) for name in names)
    statement = SQL("COPY (SELECT {} FROM ({}) AS found) TO STDOUT (FORMAT binary)").format(wanted, query)
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        body = b"".join(map(bytes, copy))
    row = np.dtype([("fields", ">i2"), *((f"{name}{part}", kind) for name in names for part, kind in _FIELD)])
    rows = np.frombuffer(body, row, count=(len(body) - HEAD - TAIL) // row.itemsize, offset=HEAD)
    return {name: rows[name].astype(np.int64) for name in names}


_FIELD: Final = (("_length", ">i4"), ("", ">i8"))
