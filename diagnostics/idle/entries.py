"""What the next run must know of each verdict, 16 bytes a device; and how many devices of a source each day heard."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from diagnostics.idle.bits import Bits
from diagnostics.idle.blocks import Blocks, Kind
from diagnostics.idle.days import BLOCK
from diagnostics.queries import room
from fleet.idle_again import NEVER_AGAIN, NOT_YET

_ENTRY: Final = np.dtype(
    [
        *(("verdict", "u1"), ("stand", "u1"), ("model", "<i2"), ("source", "<i4"), ("again", "<u2")),
        *(("used_day", "<u2"), ("calm", "<u2"), ("patience", "u1"), ("unused", "u1")),
    ]
)
_FEW_SOURCES: Final = 64  # in a block: they are counted one by one
_SQL: Final = room(__file__)


class Entries(Blocks):
    """Every device's; one that was not judged has NOT_YET for a verdict and no source."""

    KIND = Kind(_ENTRY, {"verdict": NOT_YET, "again": NEVER_AGAIN})
    READ = _SQL["entries"]
    WRITE = _SQL["keep_entries"]

    def devices(self) -> int:
        """How many have a verdict."""
        return sum(int(np.count_nonzero(entries["verdict"] != NOT_YET)) for entries in self.blocks.values())


def heard_by_source(entries: Entries, bits: Bits) -> tuple[list[int], NDArray[np.int64]]:
    """The sources that devices report through, and days x sources: how many of their devices were heard."""
    parts = {number: _sources(found) for number, found in entries.blocks.items()}
    every = sorted({key for keys, _ in parts.values() for key in keys.tolist()})
    place = {key: number for number, key in enumerate(every)}
    heard_by = np.zeros((bits.length, len(every)), np.int64)
    for number, (keys, of_device) in parts.items():
        if number not in bits.heard:
            continue
        counted = _counted(bits.heard[number], len(keys), of_device)
        heard_by[:, [place[key] for key in keys.tolist()]] += counted
    return every, heard_by


def _sources(entries: NDArray[np.void]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The sources of a block, and per device the place of its own; -1 for a device without one."""
    known = entries["source"] != 0
    keys, place = np.unique(entries["source"][known], return_inverse=True)
    of_device = np.full(BLOCK, -1, np.int64)
    of_device[known] = place
    return keys, of_device


def _counted(heard: NDArray[np.uint8], sources: int, of_device: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days x sources of one block."""
    if sources <= _FEW_SOURCES:
        words = heard.view(np.uint64)
        masks = [np.packbits(of_device == source, bitorder="little").view(np.uint64) for source in range(sources)]
        every = [np.bitwise_count(words & mask).sum(axis=1, dtype=np.int64) for mask in masks]
        return np.stack(every, axis=1) if every else np.zeros((len(heard), 0), np.int64)
    order = np.argsort(of_device, kind="stable")
    order = order[of_device[order] >= 0]
    flags = np.unpackbits(heard, axis=1, bitorder="little")[:, order]
    starts = np.searchsorted(of_device[order], np.arange(sources))
    found: NDArray[np.int64] = np.add.reduceat(flags, starts, axis=1, dtype=np.int64)
    return found
