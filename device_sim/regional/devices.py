"""The devices of a region as columns of numbers: what each has produced, what it still keeps, what it waits for. Pure.

The readings of a device are numbered without gaps and receipts are cumulative, so its outbox is two numbers: the lowest
kept and the latest. What a message says is made anew when it has to go again (`readings`). A device takes 36 bytes.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.regional.plan import RegionalPlan

RECEIPT_WITHIN: Final = 3_000
"""Milliseconds that an asked-for receipt may take before the oldest message goes again; doubled with every try."""
LONGEST_PATIENCE: Final = 60_000
MOST_DOUBLINGS: Final = 5
WINDOW: Final = 8
"""Stored-up messages of one device under way at most; it begins with one and doubles with every receipt."""


class Window(NamedTuple):
    """Stored-up messages to send now: first and last number of each, oldest first; the last one asks."""

    messages: tuple[tuple[int, int], ...]
    outbox_from: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device's memory and its messages hold.

    Attributes:
        kept: readings in its memory; beyond it the oldest is given up.
        in_array: stored-up readings sent as one array.
        ask_every: live messages of a device between two that ask for a receipt.
    """

    kept: int = 60_000
    in_array: int = 40
    ask_every: int = 5


class Devices:
    """All of them.

    Args:
        plan: who they are.
        limits: see there.
    """

    def __init__(self, plan: RegionalPlan, limits: Limits | None = None) -> None:
        self.plan = plan
        self.limits = limits or Limits()
        count = plan.devices
        self.latest = array("I", [plan.seq_before]) * count
        self.lowest = array("I", [plan.seq_before + 1]) * count
        self.lowest[: plan.returning] = array("I", [1]) * plan.returning
        self.given_up = array("I", [0]) * count
        # Waiting for a receipt: since when (0: not at all), up to which number, how often in vain, with how many
        # stored-up messages under way.
        self._asked_at = array("Q", [0]) * count
        self._asked_seq = array("I", [0]) * count
        self._tries = array("B", [0]) * count
        self._under_way = array("B", [0]) * count
        # To go again: from where, up to which number (0: nothing), and the present window.
        self._again = array("I", [0]) * count
        self._until = array("I", [0]) * count
        self._window = array("B", [1]) * count

    def produce(self, device: int) -> tuple[int, int]:
        """The device measures what its next message holds; returns the first and last number."""
        first = self.latest[device] + 1
        last = self.latest[device] = first + self.plan.readings_per_message - 1
        too_many = last - self.lowest[device] + 1 - self.limits.kept
        if too_many > 0:
            self.lowest[device] += too_many
            self.given_up[device] += too_many
        return first, last

    def asks(self, device: int, last: int, now: int, *, closing: bool) -> int | None:
        """`outbox_from` where the live message that ends with `last` shall ask; one question is open at a time.

        Args:
            device: its number.
            last: the message's last reading.
            now: milliseconds of a steady clock that begins above 0.
            closing: ask in any case.
        """
        message = last // self.plan.readings_per_message
        if (
            self._asked_at[device]
            or self.behind(device)
            or ((message + device) % self.limits.ask_every and not closing)
        ):
            return None
        self._asked_at[device], self._asked_seq[device] = now, last
        return self.lowest[device]

    def behind(self, device: int) -> bool:
        """Whether something has to go again."""
        return self._until[device] > 0

    def start_over(self, device: int) -> bool:
        """What is kept may not have arrived: it goes again, carefully; False where nothing is kept."""
        self._asked_at[device] = self._under_way[device] = 0
        self._window[device] = 1
        kept = self.lowest[device] <= self.latest[device]
        self._again[device] = self.lowest[device]
        self._until[device] = self.latest[device] if kept else 0
        return kept

    def waiting(self, device: int) -> bool:
        """Whether a receipt was asked for and has not come."""
        return self._asked_at[device] > 0

    def next_window(self, device: int, now: int, room: int) -> Window | None:
        """What goes again now, at most `room` messages; None while a receipt is awaited or nothing is left."""
        until = self._until[device]
        if self._asked_at[device] or not until:
            return None
        first = max(self._again[device], self.lowest[device])
        messages: list[tuple[int, int]] = []
        while first <= until and len(messages) < min(room, self._window[device]):
            last = min(until, first + self.limits.in_array - 1)
            messages.append((first, last))
            first = last + 1
        if not messages:
            self._until[device] = 0
            return None
        self._again[device] = first
        self._asked_at[device], self._asked_seq[device] = now, messages[-1][1]
        self._under_way[device] = len(messages)
        return Window(tuple(messages), self.lowest[device])

    def heard(self, device: int, seq: int, now: int) -> tuple[int, int]:
        """A receipt: everything up to `seq` is stored.

        Returns:
            Milliseconds since it was asked for and stored-up messages no longer under way; (0, 0) where it answers no
            question, or only in part.
        """
        if seq >= self.lowest[device]:
            self.lowest[device] = min(seq, self.latest[device]) + 1
        asked_at = self._asked_at[device]
        if not asked_at:
            return 0, 0
        delay, came = max(1, now - asked_at), self._under_way[device]
        self._asked_at[device] = self._under_way[device] = 0
        if seq >= self._asked_seq[device]:
            # Only an answer at the first try says how soon answers come (Karn's rule); patience shrinks as it grew.
            first_try = self._tries[device] == 0
            self._tries[device] = 0 if first_try else self._tries[device] - 1
            self._window[device] = min(WINDOW, 2 * self._window[device])
        else:
            # Something in between is missing, or this platform has not seen it yet: go on from there.
            first_try = False
            self._again[device] = self.lowest[device]
            self._until[device] = max(self._until[device], self._asked_seq[device])
        if max(self._again[device], self.lowest[device]) > self._until[device]:
            self._until[device] = 0
        return (delay if first_try else 0), came

    def overdue(self, now: int, typical_delay: int) -> Iterator[tuple[int, int, int]]:
        """Those whose receipt should be here by now: each starts over, more patiently.

        Args:
            now: milliseconds of a steady clock.
            typical_delay: of receipts lately, in milliseconds; none is overdue before three times that.

        Yields:
            Device, milliseconds waited, stored-up messages no longer under way.
        """
        asked = _view(self._asked_at)
        waited = np.where(asked > 0, now - asked.astype(np.int64), 0)
        doubled = RECEIPT_WITHIN << np.minimum(_view(self._tries), MOST_DOUBLINGS).astype(np.int64)
        patience = np.minimum(LONGEST_PATIENCE, np.maximum(doubled, 3 * typical_delay))
        # By its number each device is a little more or less patient, so that a fleet does not ask in step.
        jitter = 0.8 + 0.4 * (np.arange(len(asked)) * 2_654_435_761 % 1024) / 1024
        for device in np.nonzero(waited > patience * jitter)[0].tolist():
            came = self._under_way[device]
            self._tries[device] = min(255, self._tries[device] + 1)
            self.start_over(device)
            yield device, int(waited[device]), came

    def unconfirmed(self) -> npt.NDArray[np.int64]:
        """Readings in each outbox."""
        return _view(self.latest).astype(np.int64) + 1 - _view(self.lowest)

    @property
    def bytes(self) -> int:
        """What all of them take in memory."""
        columns = (self.latest, self.lowest, self.given_up, self._asked_at, self._asked_seq, self._tries)
        more = (self._under_way, self._again, self._until, self._window)
        return sum(column.itemsize * len(column) for column in (*columns, *more))


def _view(column: "array[int]") -> npt.NDArray[np.unsignedinteger]:
    return np.frombuffer(column, dtype=np.dtype(f"u{column.itemsize}"))
