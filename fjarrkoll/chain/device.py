"""A device of the harness: the simulator's outbox and ledger, with readings whose value follows from their number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from device_sim.device import Identity
from device_sim.ledger import Ledger
from device_sim.outbox import Entry, Outbox
from device_sim.packing import Packer
from device_sim.reminder import Reminder
from fleet import codec
from fleet.messages import Receipt
from fleet.registry import Registry
from fleet.topics import Verb, topic

DEVICE_CLASS: Final = "scale"
MODEL: Final = "mi-body-composition-2"
"""Sends kilograms as they are stored."""
METRIC: Final = "body.weight"
COLUMN: Final = "body_weight"
_LIGHTEST: Final = 40
_DIFFERENT: Final = 100


@dataclass(slots=True, eq=False)
class ChainDevice:
    """One device.

    Attributes:
        trusts_broker: the negative control: it forgets a message when the broker has taken it, and keeps no outbox.
        waiting: what has to leave, each with whether it asks for a receipt.
        sent, resent: messages that left, and of these the ones that had left before.
    """

    device_id: str
    packer: Packer
    trusts_broker: bool = False
    waiting: list[tuple[Entry, bool]] = field(default_factory=list)
    sent: int = 0
    resent: int = 0
    _seq: int = 0
    _reminder: Reminder = field(default_factory=lambda: Reminder(jitter=Random().uniform(0.8, 1.2)))
    _seen: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def made(cls, device_id: str, registry: Registry, ledger: Ledger, *, trusts_broker: bool) -> "ChainDevice":
        """A device that starts for the first time."""
        profile = registry[DEVICE_CLASS]
        model = profile.model(MODEL, "1.0.0")
        if model is None:
            msg = f"class {DEVICE_CLASS} has no model {MODEL}"
            raise LookupError(msg)
        identity = Identity(device_id=device_id, profile=profile, model=model, firmware="1.0.0")
        return cls(device_id, Packer(identity, ledger, Outbox(), boot=1), trusts_broker)

    @property
    def outbox(self) -> Outbox:
        """What is not confirmed as stored."""
        return self.packer.outbox

    @property
    def unconfirmed(self) -> int:
        """Messages that it would still send again."""
        return len(self.waiting) if self.trusts_broker else len(self.outbox)

    def measure(self, milliseconds: int) -> None:
        """Takes one reading; the value of the n-th message is `value_of(n)`."""
        self._seq += 1  # the packer counts the same; a device of the harness never restarts
        outgoing = self.packer.pack_native(milliseconds, {METRIC: value_of(self._seq)})
        if outgoing.entry is None:
            msg = "a reading without a place in the outbox"
            raise AssertionError(msg)
        self.waiting.append((outgoing.entry, False))

    def next_messages(self) -> list[tuple[Entry, bytes]]:
        """Takes everything that has to leave now, as bytes."""
        waiting, self.waiting = self.waiting, []
        return [(entry, self._wrapped(entry, ask=ask)) for entry, ask in waiting if not entry.gone]

    def left(self, entries: Sequence[Entry]) -> None:
        """Counts messages that left; without an outbox they are forgotten here."""
        for entry in entries:
            key = (entry.boot, entry.first)
            self.resent += key in self._seen
            self._seen.add(key)
        self.sent += len(entries)
        if self.trusts_broker and entries:
            for boot, last in {entry.boot: entry.last for entry in entries}.items():
                self.outbox.trim(Receipt(boot=boot, seq=last))

    def heard(self, payload: bytes) -> None:
        """A receipt came: forget what it confirms, go on with what has to go again."""
        self.outbox.trim(codec.decode(payload, Receipt))
        self._reminder.answered()
        if not self.waiting and not self.outbox.asking:
            self._again()

    def line_lost(self) -> None:
        """Whatever is kept may not have arrived."""
        if not self.trusts_broker:
            self.outbox.start_over()
            self.waiting.clear()
            self._again()

    def remind(self, now: float) -> None:
        """Sends again what was not confirmed in time; `now` in seconds of a steady clock."""
        outbox = self.outbox
        if (
            not self.trusts_broker
            and not self.waiting
            and self._reminder.due(now, kept=len(outbox), asking=outbox.asking)
        ):
            outbox.receipt_overdue()
            self._again()

    def ask_again(self) -> None:
        """Asks with the oldest unconfirmed message, as before a tidy end; not while an answer is awaited."""
        if not self.trusts_broker and not self.waiting and len(self.outbox) and not self.outbox.asking:
            self.outbox.start_over()
            self._again()

    def topic(self, verb: Verb) -> str:
        """One of its topics."""
        return topic(self.device_id, verb)

    def _wrapped(self, entry: Entry, *, ask: bool) -> bytes:
        return entry.payload() if self.trusts_broker else self.outbox.wrap(entry, ask=ask or None)

    def _again(self) -> None:
        self.waiting.extend(self.outbox.next_window())


def value_of(seq: int) -> float:
    """Kilograms in the message with this number: whole, so exact in every type, and easy to recompute in SQL."""
    return float(_LIGHTEST + seq % _DIFFERENT)


VALUE_SQL: Final = f"{_LIGHTEST} + seq %% {_DIFFERENT}"
"""`value_of` as the database works it out."""
