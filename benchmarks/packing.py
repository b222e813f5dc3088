"""Rows in PostgreSQL's own binary forms, packed beforehand: a ceiling measures the database and not Python. Pure."""

import struct
from collections.abc import Sequence
from typing import Final

from benchmarks.workload import BOOT, METRICS, Row
from fleet.profile import DeviceProfile
from fleet.signals import Kind
from ingest.write.arrays import BinaryArray, bigints, booleans, integers, jsonbs, reals, times

# COPY's binary format: signature, flags, length of the header's extension (PostgreSQL manual, COPY, "Binary Format").
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TRAILER: Final = struct.pack(">h", -1)
COPY_COLUMNS: Final = ("device_no", "ts", "received_at", "boot", "seq", *(key.replace(".", "_") for key in METRICS))

_EPOCH_MILLISECONDS: Final = 946_684_800_000
"""2000-01-01, where PostgreSQL's timestamps begin, in milliseconds since 1970."""
# The number of columns, then for each its size and value; each metric is a real.
_COPY_ROW: Final = struct.Struct(">h" + "ii" + "iq" + "iq" + "ii" + "iq" + "if" * len(METRICS))
_NOTHING: Final = {Kind.NUMBER: reals(()), Kind.COUNT: integers(()), Kind.FLAG: booleans(())}


def copy_block(rows: Sequence[Row], device_numbers: Sequence[int], received_at: int) -> bytes:
    """Rows for the columns `COPY_COLUMNS` in COPY's binary form, without header and trailer.

    Args:
        rows: what to pack.
        device_numbers: device_no by the device's index.
        received_at: milliseconds since 1970.
    """
    pack, received = _COPY_ROW.pack, _timestamp(received_at)
    return b"".join(
        [
            pack(
                len(COPY_COLUMNS), 4, device_numbers[row.device], 8, _timestamp(row.at), 8, received,
                4, BOOT, 8, row.seq,
                *[part for value in row.values for part in (4, value)],
            )
            for row in rows
        ]
    )  # fmt: skip


def insert_arrays(profile: DeviceProfile, rows: Sequence[Row], device_numbers: Sequence[int]) -> list[BinaryArray]:
    """The same rows as the arrays of ingest's `insert_readings`; a metric without values is empty, as there."""
    values = dict(zip(METRICS, zip(*[row.values for row in rows], strict=True), strict=True))
    return [
        integers([device_numbers[row.device] for row in rows]),
        times([row.at for row in rows]),
        integers([BOOT] * len(rows)),
        bigints([row.seq for row in rows]),
        *[reals(values[metric.key]) if metric.key in values else _NOTHING[metric.kind] for metric in profile.metrics],
        jsonbs(()),
        booleans(()),
    ]


def _timestamp(milliseconds: int) -> int:
    return (milliseconds - _EPOCH_MILLISECONDS) * 1000
