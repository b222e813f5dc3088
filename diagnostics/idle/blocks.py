"""Records of one size, one a device, kept BLOCK devices to a row: a whole region's are read and written in a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.sql import SQL

from diagnostics.idle.days import BLOCK

Rows = NDArray[np.int64]
Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a record is made of.

    Attributes:
        record: its fields.
        empty: the fields that are not nought in a record of nobody.
    """

    record: np.dtype[np.void]
    empty: Mapping[str, int]

    def nobody(self, size: int) -> Records:
        """Records of devices of which nothing is known."""
        records = np.zeros(size, self.record)
        for name, value in self.empty.items():
            records[name] = value
        return records


@dataclass(slots=True)
class Blocks:
    """Per block of devices an array of BLOCK records. Which kind they are of, and where they are kept, says a subclass.

    Attributes:
        blocks: by number; a block that nothing was ever noted in is not there.
        changed: those whose records are others than in the database.
    """

    KIND: ClassVar[Kind]
    READ: ClassVar[SQL]
    WRITE: ClassVar[SQL]

    blocks: dict[int, Records] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, connection: psycopg.Connection) -> Self:
        """As the latest run left them."""
        rows = connection.cursor(binary=True).execute(cls.READ).fetchall()
        return cls({number: np.frombuffer(records, cls.KIND.record).copy() for number, records in rows})

    def emptied(self) -> Self:
        """Nobody's, to be filled anew; each block is written, so that none of those who left stays."""
        return type(self)({number: self.KIND.nobody(BLOCK) for number in self.blocks}, set(self.blocks))

    def note(self, devices: Rows, values: Mapping[str, NDArray[Any]]) -> None:
        """Sets what is known of devices, sorted by number; `values` as the fields of a record."""
        for number, chosen, column in _parts(devices):
            records, before = self._of(number), self._of(number).copy()
            for name, of_devices in values.items():
                records[name][column] = of_devices[chosen]
            if (records != before).any():
                self.changed.add(number)

    def forget(self, devices: Rows) -> None:
        """Sorted devices of which nothing is known any more."""
        empty = self.KIND.nobody(len(devices))
        self.note(devices, {name: empty[name] for name in self.KIND.record.names or ()})

    def of(self, devices: Rows, name: str) -> NDArray[Any]:
        """One field of the records of devices, in whatever order they come."""
        block, column = np.divmod(devices, BLOCK)
        fields = np.stack([self.KIND.nobody(BLOCK)[name], *(records[name] for records in self.blocks.values())])
        place = np.zeros(max([int(block.max(initial=0)), *self.blocks]) + 1, np.int64)
        place[list(self.blocks)] = np.arange(1, len(fields))
        found: NDArray[Any] = fields[place[block], column]
        return found

    def write(self, connection: psycopg.Connection) -> None:
        """Keeps those that changed."""
        rows = [{"block_no": number, "records": self.blocks[number].tobytes()} for number in sorted(self.changed)]
        with connection.cursor() as cursor:
            cursor.executemany(self.WRITE, rows)

    def _of(self, number: int) -> Records:
        if number not in self.blocks:
            self.blocks[number] = self.KIND.nobody(BLOCK)
        return self.blocks[number]


def _parts(devices: Rows) -> list[tuple[int, slice, Rows]]:
    """Sorted devices by block: its number, which of them are in it, and their places there."""
    block, column = np.divmod(devices, BLOCK)
    starts = np.flatnonzero(np.diff(block, prepend=-1)).tolist()
    ends = [*starts, len(devices)][1:]
    return [(int(block[start]), slice(start, end), column[start:end]) for start, end in zip(starts, ends, strict=True)]
