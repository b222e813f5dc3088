"""The days of every device over a window, a bit a day, as they are kept in the database: read in one go."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.columns import HEAD, TAIL
from diagnostics.idle.days import BLOCK, to_date
from diagnostics.queries import room

Packed = NDArray[np.uint8]
Flags = NDArray[np.bool_]
_BYTES: Final = BLOCK // 8
_PICKED: Final = BLOCK // 8  # more than so many are had sooner by unpacking all
_FIELDS: Final[list[Any]] = [
    ("fields", ">i2"),
    ("block_length", ">i4"),
    ("block_no", ">i4"),
    ("day_length", ">i4"),
    ("local_day", ">i4"),
    ("heard_length", ">i4"),
    ("heard", "u1", _BYTES),
    ("used_length", ">i4"),
    ("used", "u1", _BYTES),
]
_ROW: Final = np.dtype(_FIELDS)
_SQL: Final = room(__file__)


@dataclass(frozen=True, slots=True)
class Bits:
    """Heard and used by block, each days x BLOCK bits packed, the lowest bit first.

    Attributes:
        first: the window's first day, counted from 2000-01-01.
        length: its days; the last one is the day of the judgement.
    """

    first: int
    length: int
    heard: dict[int, Packed]
    used: dict[int, Packed]

    def flags(self, block: int, latest: int | None = None) -> tuple[Flags, Flags]:
        """Heard and used of a block's devices: the window's days, or its `latest` ones, x BLOCK."""
        nothing = np.zeros((self.length, _BYTES), np.uint8)
        late = slice(None) if latest is None else slice(-latest, None)
        heard, used = (_flags(kept.get(block, nothing)[late]) for kept in (self.heard, self.used))
        return heard, used

    def of(self, block: int, columns: NDArray[np.int64]) -> tuple[Flags, Flags]:
        """Heard and used of some devices of a block: the window's days x columns; few are picked out of their bytes."""
        if len(columns) > _PICKED or block not in self.heard:
            heard, used = self.flags(block)
            return heard[:, columns], used[:, columns]
        picked = [
            (kept[block][:, columns >> 3] >> (columns & 7).astype(np.uint8)) & 1 for kept in (self.heard, self.used)
        ]
        return picked[0].view(np.bool_), picked[1].view(np.bool_)


def read_bits(connection: psycopg.Connection, first: int, today: int) -> Bits:
    """The days from `first` to `today`, both counted from 2000-01-01."""
    values = {"first": to_date(first), "last": to_date(today)}
    with connection.cursor() as cursor, cursor.copy(_SQL["days_in_bits"], values) as copy:
        body = b"".join(map(bytes, copy))
    rows = np.frombuffer(body, _ROW, count=(len(body) - HEAD - TAIL) // _ROW.itemsize, offset=HEAD)
    length = today - first + 1
    heard: dict[int, Packed] = {}
    used: dict[int, Packed] = {}
    for number in np.unique(rows["block_no"]).tolist():
        chosen = rows[rows["block_no"] == number]
        for kept, name in ((heard, "heard"), (used, "used")):
            kept[number] = np.zeros((length, _BYTES), np.uint8)
            kept[number][chosen["local_day"] - first] = chosen[name]
    return Bits(first, length, heard, used)


def _flags(packed: Packed) -> Flags:
    return np.unpackbits(packed, axis=1, bitorder="little").view(np.bool_)
