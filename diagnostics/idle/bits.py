"""The days of every device over a window, a bit a day, as they are kept in the database: read in one go."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.days import BLOCK, to_date
from diagnostics.queries import room

Packed = NDArray[np.uint8]
Flags = NDArray[np.bool_]
_BYTES: Final = BLOCK // 8
_PICKED: Final = BLOCK // 8  # more than so many are had sooner by unpacking all
_DAY: Final = np.dtype([("day", ">i4"), ("heard", "u1", _BYTES), ("used", "u1", _BYTES)])
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

    def of_all(self, devices: NDArray[np.int64]) -> tuple[Flags, Flags]:
        """Heard and used of devices sorted by number, of whatever blocks: the window's days x devices."""
        block, columns = np.divmod(devices, BLOCK)
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        parts = [self.of(int(block[part[0]]), columns[part]) for part in np.split(np.arange(len(block)), starts[1:])]
        heard, used = zip(*parts, strict=True)
        return parts[0] if len(parts) == 1 else (np.concatenate(heard, axis=1), np.concatenate(used, axis=1))

    def of(self, block: int, columns: NDArray[np.int64]) -> tuple[Flags, Flags]:
        """Heard and used of some devices of a block: the window's days x columns; few are picked out of their bytes."""
        if len(columns) == BLOCK:
            return self.flags(block)
        if len(columns) > _PICKED or block not in self.heard:
            heard, used = self.flags(block)
            return heard.take(columns, axis=1), used.take(columns, axis=1)
        picked = [
            (kept[block].take(columns >> 3, axis=1) >> (columns & 7).astype(np.uint8)) & 1
            for kept in (self.heard, self.used)
        ]
        return picked[0].view(np.bool_), picked[1].view(np.bool_)

    def heard_on(self, devices: NDArray[np.int64], places: NDArray[np.int32]) -> Flags:
        """Whether each of some sorted devices was heard on a day of its own, given as a place in the window."""
        block, columns = np.divmod(devices, BLOCK)
        heard = np.zeros(len(devices), np.bool_)
        for number in np.unique(block).tolist():
            if number in self.heard:
                some = slice(*np.searchsorted(block, [number, number + 1]).tolist())
                kept = self.heard[number][places[some], columns[some] >> 3]
                heard[some] = (kept >> (columns[some] & 7).astype(np.uint8)) & 1
        return heard


def read_bits(connection: psycopg.Connection, first: int, today: int) -> Bits:
    """The days from `first` to `today`, both counted from 2000-01-01."""
    length = today - first + 1
    heard: dict[int, Packed] = {}
    used: dict[int, Packed] = {}
    between = {"first": to_date(first), "last": to_date(today)}
    for number, packed in connection.cursor(binary=True).execute(_SQL["days_in_bits"], between):
        days = np.frombuffer(packed, _DAY)
        for kept, name in ((heard, "heard"), (used, "used")):
            kept[number] = np.zeros((length, _BYTES), np.uint8)
            kept[number][days["day"] - first] = days[name]
    return Bits(first, length, heard, used)


def _flags(packed: Packed) -> Flags:
    return np.unpackbits(packed, axis=1, bitorder="little").view(np.bool_)
