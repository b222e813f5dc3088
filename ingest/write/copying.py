"""Plain readings in the binary form of COPY, which puts a row into a hypertable for two thirds of an INSERT's price.

Pure. Format: PostgreSQL's documentation of COPY, "Binary Format": a signature, two words of zeros, then for each row
the number of its fields and each field with its size in front, -1 for null; all big-endian; -1 in place of a row's
number at the end. A unique key refuses a COPY as it refuses an INSERT, and with it the whole transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from fleet.plumbing.store.tables import reading_table
from fleet.signals import Kind
from ingest.columns import Columns, Doubles, Numbers, whole
from ingest.write.arrays import postgres_microseconds

_BEGINNING: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_END: Final = b"\xff\xff"
_FIXED: Final = ("device_no", "ts", "received_at", "boot", "seq")
_CODES: Final = {Kind.NUMBER: ">f4", Kind.COUNT: ">i4", Kind.FLAG: "u1"}


class Copy(NamedTuple):
    """Readings of one class.

    Attributes:
        what: the class.
        statement: COPY with the columns that are told.
        data: what is streamed after it; nothing once that is done.
        rows: how many there are.
    """

    what: str
    statement: bytes
    data: bytes | memoryview
    rows: int

    def sent(self) -> "Copy":
        """The same without its megabytes: should the transaction fail, the messages are read once more."""
        return self._replace(data=b"")


class _Kind(NamedTuple):
    """Rows that have the same fields, and so the same length.

    Attributes:
        layout: of one of them.
        rows: which.
        absent: the fields they do not have.
    """

    layout: "np.dtype[Any]"
    rows: Numbers
    absent: frozenset[str]


def copy_of(columns: Columns, received_at: datetime) -> Copy:
    """Packs readings.

    Raises:
        OverflowError: a count is larger than its column holds.
    """
    metrics = {place: columns.metrics[place] for place in columns.values}
    device_class = columns.handling.device_class
    names = [*_FIXED, *(metric.column for metric in metrics.values())]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(reading_table(device_class)), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    fields = _fixed_fields(columns, received_at) | {
        metric.column: _stored(metric.kind, columns.values[place]) for place, metric in metrics.items()
    }
    missing = {metric.column: np.isnan(columns.values[place]) for place, metric in metrics.items()}
    data = _data(fields, _kinds(fields, missing, len(columns)))
    return Copy(device_class, statement.as_string(None).encode(), data, len(columns))


def _fixed_fields(columns: Columns, received_at: datetime) -> dict[str, NDArray[Any]]:
    received = (received_at - _EPOCH) // timedelta(microseconds=1)
    return {
        "device_no": columns.numbers.astype(">i4"),
        "ts": postgres_microseconds(columns.at).astype(">i8"),
        "received_at": np.full(len(columns), received, dtype=">i8"),
        "boot": columns.boots.astype(">i4"),
        "seq": columns.seqs.astype(">i8"),
    }


def _stored(kind: Kind, column: Doubles) -> NDArray[Any]:
    if kind is Kind.NUMBER:
        with np.errstate(over="raise"):
            return column.astype(_CODES[kind])
    counts = whole(column)
    if kind is Kind.COUNT and np.abs(counts).max() >= 2**31:
        raise OverflowError("a count does not fit its column")
    return counts.astype(_CODES[kind])


def _kinds(fields: Mapping[str, NDArray[Any]], missing: Mapping[str, NDArray[np.bool_]], size: int) -> list[_Kind]:
    """All rows by the fields they have; the order of rows means nothing."""
    holes = np.array(list(missing.values()), dtype=bool)
    if not holes.any():
        return [_Kind(_layout(fields, frozenset()), np.arange(size), frozenset())]
    patterns, places = np.unique(np.packbits(holes, axis=0), axis=1, return_inverse=True)
    found = []
    for pattern in range(patterns.shape[1]):
        rows = np.flatnonzero(places.reshape(-1) == pattern)
        absent = frozenset(name for name, gone in missing.items() if gone[rows[0]])
        found.append(_Kind(_layout(fields, absent), rows, absent))
    return found


def _layout(fields: Mapping[str, NDArray[Any]], absent: frozenset[str]) -> "np.dtype[Any]":
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, column in fields.items():
        layout.append((f"{name} size", ">i4"))
        if name not in absent:
            layout.append((name, column.dtype))
    return np.dtype(layout)


def _data(fields: Mapping[str, NDArray[Any]], kinds: Sequence[_Kind]) -> memoryview:
    """Rows written into the very bytes that are streamed: there are megabytes of them."""
    length = sum(len(kind.rows) * kind.layout.itemsize for kind in kinds)
    data = np.empty(len(_BEGINNING) + length + len(_END), dtype=np.uint8)
    place = len(_BEGINNING)
    data[:place] = np.frombuffer(_BEGINNING, dtype=np.uint8)
    for layout, rows, absent in kinds:
        block = data[place : place + len(rows) * layout.itemsize].view(layout)
        place += block.nbytes
        block["fields"] = len(fields)
        for name, column in fields.items():
            block[f"{name} size"] = -1 if name in absent else column.dtype.itemsize
            if name not in absent:
                block[name] = column[rows]
    data[place:] = np.frombuffer(_END, dtype=np.uint8)
    return data.data
