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
"""Messages sent again at a time at most: it begins with one and doubles with every receipt.

One is a question: where only receipts or acknowledgements were lost, the receipt for the oldest message reaches to the
end of all, and nothing else has to go again.
"""


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
    _window: int = 1
    _in_vain: dict[int, int] = field(default_factory=dict)

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
        if gone:
            self._in_vain.pop(receipt.boot, None)
        asked = self._asked.get(receipt.boot)
        if asked is not None and receipt.seq >= asked:
            del self._asked[receipt.boot]
            self._window = min(RESEND_WINDOW, 2 * self._window)
        return gone

    def answered(self) -> set[str]:
        """Ids of the commands whose final answer waits here."""
        replies = (part for entry in self._entries for part in entry.parts if isinstance(part, Reply))
        return {reply.command_id for reply in replies if reply.status not in {"delivered", "running"}}

    def start_over(self) -> None:
        """The line was lost: what is kept may not have arrived and has to go again, the oldest first, as a question."""
        self._asked.clear()
        self._window = 1
        for entry in self._entries:
            entry.again = True

    def receipt_overdue(self) -> None:
        """No receipt came: it is asked for again with the oldest message, of a boot not asked for so often in vain."""
        kept = {entry.boot for entry in self._entries}
        self._in_vain = {boot: times for boot, times in self._in_vain.items() if boot in kept}
        for boot in self._asked.keys() & kept:
            self._in_vain[boot] = self._in_vain.get(boot, 0) + 1
        self.start_over()

    def closing(self) -> list[Entry]:
        """The newest entry of each boot: sent once more, it asks for a receipt at the price of one message."""
        return list({entry.boot: entry for entry in self._entries}.values())

    def next_window(self) -> list[tuple[Entry, bool]]:
        """The oldest entries of a boot that have to go again; the last of them asks.

        One boot at a time, the one that was asked for in vain least often, so that none blocks another.
        """
        boots = dict.fromkeys(entry.boot for entry in self._entries if entry.again)
        if not boots:
            return []
        boot = min(boots, key=lambda one: self._in_vain.get(one, 0))
        window = list(islice((entry for entry in self._entries if entry.again and entry.boot == boot), self._window))
        for entry in window:
            entry.again = False
        return [(entry, entry is window[-1]) for entry in window]
