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
    with sending(connection) as cursor:
        cursor.execute(statement, parameters)
        result = cursor.pgresult
        if result is None or result.ntuples != 1:
            raise ValueError("arrays are read from a statement of one row")
        return [_elements(result.get_value(0, place), kind) for place, kind in enumerate(kinds)]


def read_packed(
    connection: psycopg.Connection, statement: SQL | Composed, parameters: Mapping[str, Any], kind: np.dtype[Any]
) -> NDArray[Any]:
    """What a statement has packed into bytes, one record after the other: of many rows nothing comes sooner.

    Args:
        connection: of whom may read it.
        statement: its one column is bytea, the records of one kind strung together; a row per part of them.
        parameters: of the statement.
        kind: a record, as PostgreSQL's `int4send` and its like write it.
    """
    parts = sending(connection).execute(statement, parameters).fetchall()
    return np.frombuffer(b"".join(part for (part,) in parts), kind)


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


@dataclass(frozen=True, slots=True)
class Texts:
    """A parameter that is sent as text[]: a row of letters each, by their codes in ASCII."""

    values: NDArray[np.uint8]


def sending(connection: psycopg.Connection) -> psycopg.Cursor:
    """A cursor that takes Wholes, Doubles and Texts as parameters, and whose rows come in binary."""
    cursor = connection.cursor(binary=True)
    cursor.adapters.register_dumper(Wholes, _WholesDumper)
    cursor.adapters.register_dumper(Doubles, _DoublesDumper)
    cursor.adapters.register_dumper(Texts, _TextsDumper)
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


class _TextsDumper(Dumper):
    format = pq.Format.BINARY
    oid = 1009

    def dump(self, obj: Any) -> bytes:  # noqa: ANN401 - psycopg's
        return _sent(obj.values, np.dtype(("u1", obj.values.shape[1])), 25)


def _sent(values: NDArray[Any], kind: np.dtype[Any], oid: int) -> bytes:
    rows = np.empty(len(values), np.dtype([("length", ">i4"), ("value", kind)]))
    rows["length"], rows["value"] = kind.itemsize, values
    return _HEAD.pack(1, 0, oid, len(values), 1) + rows.tobytes()
