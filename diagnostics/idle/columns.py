"""Reads and sends many rows as columns: each is an array to PostgreSQL, whose binary form is one of numpy's."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import pq
from psycopg.adapt import Dumper
from psycopg.sql import SQL, Composable, Composed

Columns = dict[str, NDArray[np.int64]]

_FILE_HEAD: Final = 19  # signature, flags and the length of an extension that there is not
_FILE_END: Final = 2
_HEAD: Final = struct.Struct(">iiIii")  # dimensions, whether any is NULL, type of the elements, how many, lower bound


def read_columns(
    connection: psycopg.Connection, query: Composable, parameters: Mapping[str, Any], names: Sequence[str]
) -> Columns:
    """The columns of a query by name, its rows in whatever order.

    One row of arrays is asked for instead of many rows, as each row on its way to Python costs more than its numbers.

    Args:
        connection: of whom may read it.
        query: its columns are these names; none is ever NULL.
        parameters: of the query.
        names: its columns. Each is sent as bigint.
    """
    gathered = SQL(", ").join(SQL("array_agg({}::bigint)").format(SQL(name)) for name in names)
    statement = SQL("SELECT {} FROM ({}) AS found").format(gathered, query)
    arrays = read_arrays(connection, statement, parameters, [np.dtype(">i8")] * len(names))
    return {name: column.astype(np.int64) for name, column in zip(names, arrays, strict=True)}


def read_arrays(
    connection: psycopg.Connection,
    statement: SQL | Composed,
    parameters: Mapping[str, Any],
    kinds: Sequence[np.dtype[Any]],
) -> list[NDArray[Any]]:
    """The arrays of a statement's one row; NULL, which is what nothing was gathered into, is one without elements.

    Args:
        connection: of whom may read it.
        statement: its columns are arrays of one dimension without NULL in them.
        parameters: of the statement.
        kinds: of each array its elements as PostgreSQL sends them: all of one size.
    """
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement, parameters)
        result = cursor.pgresult
        if result is None or result.ntuples != 1:
            raise ValueError("arrays are read from a statement of one row")
        return [_elements(result.get_value(0, place), kind) for place, kind in enumerate(kinds)]


def read_rows(
    connection: psycopg.Connection, copy: SQL | Composed, kinds: Sequence[np.dtype[Any]]
) -> list[NDArray[Any]]:
    """The columns of a COPY in binary, whose values are never NULL; large ones come sooner so than as an array's.

    Args:
        connection: of whom may read it.
        copy: the statement.
        kinds: of each column its values as PostgreSQL sends them: all of one size.
    """
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        sent = b"".join(rows)
    fields = [part for place, kind in enumerate(kinds) for part in ((f"length{place}", ">i4"), (f"value{place}", kind))]
    row = np.dtype([("fields", ">i2"), *fields])
    found = np.frombuffer(sent, row, (len(sent) - _FILE_HEAD - _FILE_END) // row.itemsize, _FILE_HEAD)
    return [found[f"value{place}"] for place in range(len(kinds))]


def _elements(sent: bytes | None, kind: np.dtype[Any]) -> NDArray[Any]:
    """Each element follows its length, which is known."""
    if sent is None or len(sent) < _HEAD.size:
        return np.zeros(0, kind)
    rows: NDArray[Any] = np.frombuffer(sent, np.dtype([("length", ">i4"), ("value", kind)]), offset=_HEAD.size)["value"]
    return rows


@dataclass(frozen=True, slots=True)
class Wholes:
    """A parameter that is sent as bigint[]."""

    values: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Doubles:
    """A parameter that is sent as double precision[]; what is unknown is NaN, as an array has elements of one size."""

    values: NDArray[np.float64]


def sending(connection: psycopg.Connection) -> psycopg.Cursor:
    """A cursor that takes Wholes and Doubles as parameters."""
    cursor = connection.cursor()
    cursor.adapters.register_dumper(Wholes, _WholesDumper)
    cursor.adapters.register_dumper(Doubles, _DoublesDumper)
    return cursor


class _WholesDumper(Dumper):
    format = pq.Format.BINARY
    oid = 1016

    def dump(self, obj: Any) -> bytes:  # noqa: ANN401 - psycopg's
        return _sent(obj.values, np.dtype(">i8"), 20)


class _DoublesDumper(Dumper):
    format = pq.Format.BINARY
    oid = 1022

    def dump(self, obj: Any) -> bytes:  # noqa: ANN401 - psycopg's
        return _sent(obj.values, np.dtype(">f8"), 701)


def _sent(values: NDArray[Any], kind: np.dtype[Any], oid: int) -> bytes:
    rows = np.empty(len(values), np.dtype([("length", ">i4"), ("value", kind)]))
    rows["length"], rows["value"] = kind.itemsize, values
    return _HEAD.pack(1, 0, oid, len(values), 1) + rows.tobytes()
