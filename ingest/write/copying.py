"""Plain readings in the binary form of COPY, which puts a row into a hypertable for two thirds of an INSERT's price.

Pure. Format: PostgreSQL's documentation of COPY, "Binary Format": a signature, two words of zeros, then for each row
the number of its fields and each field with its size in front, -1 for null; all big-endian; -1 in place of a row's
number at the end. A unique key refuses a COPY as it refuses an INSERT, and with it the whole transaction.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from fleet.plumbing.store.tables import reading_table
from fleet.signals import Kind
from ingest.columns import Columns, Doubles, whole
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
        blocks: what is streamed after it, end to end.
        rows: how many there are.
    """

    what: str
    statement: bytes
    blocks: list[bytes | memoryview]
    rows: int


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
    blocks: list[bytes | memoryview] = [_BEGINNING, *_blocks(fields, missing, len(columns)), _END]
    return Copy(device_class, statement.as_string(None).encode(), blocks, len(columns))


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


def _blocks(
    fields: Mapping[str, NDArray[Any]], missing: Mapping[str, NDArray[np.bool_]], size: int
) -> list[memoryview]:
    """Rows with the same fields are of the same length; the order of rows means nothing."""
    holes = np.array(list(missing.values()), dtype=bool)
    if not holes.any():
        return [_block(fields, frozenset(), slice(0, size))]
    kinds, places = np.unique(np.packbits(holes, axis=0), axis=1, return_inverse=True)
    places = places.reshape(-1)
    blocks = []
    for kind in range(kinds.shape[1]):
        rows = np.flatnonzero(places == kind)
        absent = frozenset(name for name, gone in missing.items() if gone[rows[0]])
        blocks.append(_block(fields, absent, rows))
    return blocks


def _block(fields: Mapping[str, NDArray[Any]], absent: frozenset[str], rows: Any) -> memoryview:  # noqa: ANN401 - any index
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, column in fields.items():
        layout.append((f"{name} size", ">i4"))
        if name not in absent:
            layout.append((name, column.dtype))
    size = len(next(iter(fields.values()))[rows])
    block = np.empty(size, dtype=layout)
    block["fields"] = len(fields)
    for name, column in fields.items():
        block[f"{name} size"] = -1 if name in absent else column.dtype.itemsize
        if name not in absent:
            block[name] = column[rows]
    return block.view(np.uint8).data  # not a copy
