"""Which readings may be stored already, told from memory: it decides which way they go, never whether they are kept.

A device sends again what it has no receipt for. One such message in a batch makes the database refuse all of it, and
everything must be looked up; a region sends some in every batch. So those that are remembered go the long way alone,
which asks the database about each. What is not remembered (this process has just started) the key still refuses.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.columns import Numbers, Runs, unbroken
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
        told = unbroken(numbers, boots, seqs)  # a message's readings are a run: they are looked at together
        doubtful = np.zeros(len(told.numbers), dtype=bool)
        doubtful[1:] = (
            (told.numbers[1:] == told.numbers[:-1])
            & (told.boots[1:] == told.boots[:-1])
            & (told.firsts[1:] == told.lasts[:-1])
        )
        for runs in self._under_way:
            doubtful |= _met(runs, told)
        stored = self._receipts.hold(numbers, boots, seqs)
        return {*told.numbers[doubtful].tolist(), *numbers[stored].tolist()}


def _met(runs: Runs, told: Runs) -> NDArray[np.bool_]:
    """Which share a message with the last run of their device; that it may have several is for the database to find."""
    if not len(runs.numbers):
        return np.zeros(len(told.numbers), dtype=bool)
    place = np.searchsorted(runs.numbers, told.numbers, "right") - 1
    there = (place >= 0) & (runs.numbers[place] == told.numbers) & (runs.boots[place] == told.boots)
    met: NDArray[np.bool_] = there & (runs.firsts[place] <= told.lasts) & (told.firsts <= runs.lasts[place])
    return met
