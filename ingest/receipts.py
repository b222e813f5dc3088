"""Knows which messages are safely stored, and so up to where a device may forget. Pure.

Nothing is looked up: a message that asks for a receipt says from which seq on its device still keeps everything
(`outbox_from`), and the receipt reaches to the end of the unbroken run of stored messages from there. What was stored
before this process started is not known here; then the receipt is shorter, the device sends again what it still keeps,
the store finds it has it, and the next receipt is longer. So a receipt is never ahead of the database.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_RUNS: Final = 64
"""Separate runs kept of one start of a device; beyond that the lowest are forgotten, which only shortens receipts."""
MOST_BROKEN: Final = 50_000
"""Device starts with more than one run, or other than the latest; beyond that the longest untouched are forgotten."""


class Runs:
    """Stored seqs of one start of a device as unbroken runs: [low, high, low, high, ...], rising, never touching."""

    __slots__ = ("_edges",)

    def __init__(self, edges: Iterable[int] = ()) -> None:
        self._edges = list(edges)

    @property
    def edges(self) -> tuple[int, ...]:
        """Low and high of each run."""
        return tuple(self._edges)

    def add(self, seq: int) -> None:
        """Notes one stored seq."""
        edges = self._edges
        place = bisect_left(edges, seq)
        if place % 2 or (place < len(edges) and edges[place] == seq):
            return
        joins_left = place > 0 and edges[place - 1] == seq - 1
        joins_right = place < len(edges) and edges[place] == seq + 1
        edges[place - joins_left : place + joins_right] = (
            [] if joins_left and joins_right else [seq] * (2 - joins_left - joins_right)
        )
        if len(edges) > 2 * MOST_RUNS:
            del edges[:2]

    def trim(self, low: int) -> None:
        """Forgets everything below `low`: the device knows that it is stored."""
        edges = self._edges
        while edges and edges[1] < low:
            del edges[:2]
        if edges and edges[0] < low:
            edges[0] = low

    def through(self, low: int) -> int | None:
        """The end of the run that holds `low`, or None where that is not known to be stored."""
        for start, end in zip(self._edges[::2], self._edges[1::2], strict=True):
            if start <= low <= end:
                return end
        return None


class Receipts:
    """What has been committed since this process started.

    One start of each device whose stored seqs are a single run, which is nearly every device nearly always, takes 20
    bytes in three arrays by device number (8 MB for a region of 417,000). Everything else lies in `Runs`, at most
    `MOST_BROKEN` of them.
    """

    def __init__(self) -> None:
        self._boot = array("i")  # -1: nothing in the arrays for this device
        self._low = array("q")
        self._high = array("q")
        self._broken: OrderedDict[tuple[int, int], Runs] = OrderedDict()

    def stored(self, identities: Iterable[tuple[int, int, int]]) -> None:
        """Notes messages as stored or in quarantine, after the commit that did it: (device number, boot, seq) each."""
        boots, highs = self._boot, self._high
        for number, boot, seq in identities:
            if number < len(boots) and boots[number] == boot and highs[number] == seq - 1:
                highs[number] = seq
            else:
                self._stored_out_of_line(number, boot, seq)

    def stored_runs(self, runs: Iterable[tuple[int, int, int, int]]) -> None:
        """As `stored`, for unbroken runs of messages: (device number, boot, first seq, last seq) each."""
        known, highs = self._boot, self._high
        for number, boot, first, last in runs:
            if number < len(known) and known[number] == boot and highs[number] == first - 1:
                highs[number] = last
            else:
                for seq in range(first, last + 1):
                    self._stored_out_of_line(number, boot, seq)

    def through(self, number: int, boot: int, outbox_from: int) -> int | None:
        """Up to which seq the device may forget, or None if nothing can be said. Lower seqs are forgotten here too."""
        self._grow(number)
        runs = self._take(number, boot)
        if runs is None:
            return None
        runs.trim(outbox_from)
        through = runs.through(outbox_from)
        self._put(number, boot, runs)
        return through

    def hold(self, numbers: NDArray[np.int64], boots: NDArray[np.int64], seqs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some messages are noted as stored: device number, boot and seq of each."""
        known = np.frombuffer(self._boot, np.int32)
        place = np.where(numbers < len(known), numbers, -1)
        if not len(known):
            return np.zeros(len(numbers), dtype=bool)
        in_line = (place >= 0) & (known[place] == boots)
        low, high = np.frombuffer(self._low, np.int64)[place], np.frombuffer(self._high, np.int64)[place]
        held: NDArray[np.bool_] = in_line & (low <= seqs) & (seqs <= high)
        for row in np.flatnonzero(~in_line).tolist() if self._broken else ():
            runs = self._broken.get((int(numbers[row]), int(boots[row])))
            held[row] = runs is not None and runs.through(int(seqs[row])) is not None
        return held

    def _stored_out_of_line(self, number: int, boot: int, seq: int) -> None:
        self._grow(number)
        runs = self._take(number, boot) or Runs()
        runs.add(seq)
        self._put(number, boot, runs)

    def _take(self, number: int, boot: int) -> Runs | None:
        if self._boot[number] == boot:
            self._boot[number] = -1
            return Runs((self._low[number], self._high[number]))
        return self._broken.pop((number, boot), None)

    def _put(self, number: int, boot: int, runs: Runs) -> None:
        if len(runs.edges) == 2 and self._boot[number] < boot:
            if self._boot[number] >= 0:
                self._set_aside(number, self._boot[number], Runs((self._low[number], self._high[number])))
            self._boot[number] = boot
            self._low[number], self._high[number] = runs.edges
        elif runs.edges:
            self._set_aside(number, boot, runs)

    def _set_aside(self, number: int, boot: int, runs: Runs) -> None:
        self._broken[number, boot] = runs
        if len(self._broken) > MOST_BROKEN:
            self._broken.popitem(last=False)

    def _grow(self, number: int) -> None:
        missing = number + 1 - len(self._boot)
        if missing > 0:
            missing = max(missing, len(self._boot) // 4, 1024)
            self._boot.extend(array("i", [-1]) * missing)
            self._low.extend(array("q", [0]) * missing)
            self._high.extend(array("q", [-1]) * missing)
