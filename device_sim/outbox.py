"""The device's memory of what is not confirmed as stored: kept until a receipt, sent again when none comes."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import msgspec

from fleet import codec
from fleet.messages import Occurrence, Reading, Receipt, Reply
from fleet.topics import Verb

Kept = Reading | Occurrence | Reply

ASK_EVERY: Final = 20
"""Messages sent between two requests for a receipt; receipts then cost a twentieth of the traffic."""
RESEND_WINDOW: Final = 50
"""Messages sent again at a time, so that a returning device does not flood."""


@dataclass(slots=True, eq=False)
class Entry:
    """One message in the outbox: several readings of one array share an entry and are forgotten together.

    Attributes:
        gone: confirmed or given up; the device has forgotten it.
        again: it has to be sent again.
    """

    verb: Verb
    parts: tuple[Kept, ...]
    gone: bool = False
    again: bool = False

    @property
    def boot(self) -> int:
        """The boot its parts belong to."""
        return self.parts[0].boot

    @property
    def first(self) -> int:
        """The lowest sequence number in it."""
        return self.parts[0].seq

    @property
    def last(self) -> int:
        """The highest sequence number in it."""
        return self.parts[-1].seq

    def payload(self, outbox_from: int | None = None) -> bytes:
        """Its bytes, asking for a receipt where `outbox_from` is given."""
        parts = self.parts
        if outbox_from is not None:
            parts = (*parts[:-1], msgspec.structs.replace(parts[-1], outbox_from=outbox_from))
        if len(parts) == 1:
            return codec.encode(parts[0])
        return codec.encode([part for part in parts if isinstance(part, Reading)])


@dataclass(slots=True)
class Outbox:
    """Everything not yet confirmed, oldest first. Pure: it neither sends nor looks at a clock.

    Attributes:
        capacity: entries kept; beyond it the oldest is given up, as on a real device with finite memory.
        given_up: how many numbered messages were lost that way; the device tells it in its birth message.
    """

    capacity: int = 10_000
    given_up: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _since_ask: int = 0
    _asked: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many entries are kept."""
        return len(self._entries)

    @property
    def asking(self) -> bool:
        """Whether a receipt was asked for and has not come."""
        return bool(self._asked)

    def keep(self, entry: Entry) -> None:
        """Adds a message that is about to be sent."""
        while len(self._entries) >= self.capacity:
            oldest = self._entries.popleft()
            oldest.gone = True
            self.given_up += len(oldest.parts)
        self._entries.append(entry)

    def lowest(self, boot: int) -> int | None:
        """The lowest sequence number of a boot that is still kept."""
        return next((entry.first for entry in self._entries if entry.boot == boot), None)

    def wrap(self, entry: Entry, *, ask: bool | None = None) -> bytes:
        """The bytes to send now for an entry, asking for a receipt or not; by default every `ASK_EVERY`-th asks."""
        self._since_ask += ask is None
        if not ask and (ask is False or self._since_ask < ASK_EVERY):
            return entry.payload()
        self._since_ask = 0
        self._asked[entry.boot] = max(entry.last, self._asked.get(entry.boot, 0))
        return entry.payload(self.lowest(entry.boot))

    def trim(self, receipt: Receipt) -> list[Kept]:
        """Forgets what a receipt confirms; returns the messages that went."""
        for entry in self._entries:
            entry.gone = entry.boot == receipt.boot and entry.last <= receipt.seq
        gone = [part for entry in self._entries if entry.gone for part in entry.parts]
        self._entries = deque(entry for entry in self._entries if not entry.gone)
        if receipt.seq >= self._asked.get(receipt.boot, 0):
            self._asked.pop(receipt.boot, None)
        return gone

    def answered(self) -> set[str]:
        """Ids of the commands whose final answer waits here."""
        replies = (part for entry in self._entries for part in entry.parts if isinstance(part, Reply))
        return {reply.command_id for reply in replies if reply.status not in {"delivered", "running"}}

    def start_over(self) -> None:
        """The line was lost: whatever is kept may not have arrived and has to go again."""
        self._asked.clear()
        for entry in self._entries:
            entry.again = True

    def receipt_overdue(self) -> None:
        """No receipt came: the next window goes, after the last one the first again, so that none blocks another."""
        self._asked.clear()
        if not any(entry.again for entry in self._entries):
            self.start_over()

    def closing(self) -> list[Entry]:
        """The newest entry of each boot: sent once more, it asks for a receipt at the price of one message."""
        return list({entry.boot: entry for entry in self._entries}.values())

    def next_window(self) -> list[tuple[Entry, bool]]:
        """The oldest entries that have to go again, each with whether it asks: the last of each boot does."""
        window = list(islice((entry for entry in self._entries if entry.again), RESEND_WINDOW))
        closing = {entry.boot: entry for entry in window}
        for entry in window:
            entry.again = False
        return [(entry, closing[entry.boot] is entry) for entry in window]
