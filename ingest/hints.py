"""Which readings may be stored already, told from memory: it decides which way they go, never whether they are kept.

A device sends again what it has no receipt for. One such message in a batch makes the database refuse all of it, and
everything must be looked up; a region sends some in every batch. So those that are remembered go the long way alone,
which asks the database about each. What is not remembered (this process has just started) the key still refuses.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.columns import Numbers, Runs
from ingest.receipts import Receipts


class Hints:
    """One for all that is read over a session.

    Args:
        receipts: what has been committed.
    """

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._under_way: list[Runs] = []

    def sent(self, runs: Sequence[Runs]) -> None:
        """Notes readings that are on their way into the database."""
        self._under_way += runs

    def arrived(self, runs: Sequence[Runs]) -> None:
        """They are committed, and `receipts` knows them; the same objects as in `sent`."""
        gone = {id(entry) for entry in runs}
        self._under_way = [entry for entry in self._under_way if id(entry) not in gone]

    def suspects(self, numbers: Numbers, boots: Numbers, seqs: Numbers) -> set[int]:
        """Devices with a reading that is stored, on its way there, or twice among these.

        Args:
            numbers: device of each reading of a batch.
            boots: its boot.
            seqs: its seq.
        """
        doubtful = self._receipts.hold(numbers, boots, seqs)
        for runs in self._under_way:
            doubtful |= _held(runs, numbers, boots, seqs)
        order = np.lexsort((seqs, boots, numbers))
        one, other = order[1:], order[:-1]
        twice = (numbers[one] == numbers[other]) & (boots[one] == boots[other]) & (seqs[one] == seqs[other])
        return {*numbers[doubtful].tolist(), *numbers[one[twice]].tolist()}


def _held(runs: Runs, numbers: Numbers, boots: Numbers, seqs: Numbers) -> NDArray[np.bool_]:
    """Which lie in the last run of their device; that it may have several is for the database to find."""
    if not len(runs.numbers):
        return np.zeros(len(numbers), dtype=bool)
    place = np.searchsorted(runs.numbers, numbers, "right") - 1
    there = (place >= 0) & (runs.numbers[place] == numbers) & (runs.boots[place] == boots)
    held: NDArray[np.bool_] = there & (runs.firsts[place] <= seqs) & (seqs <= runs.lasts[place])
    return held
