"""The device's memory of what the platform has not yet confirmed as stored: kept until a receipt, re-sent when none comes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from fleet import codec
from fleet.messages import Occurrence, Reading, Receipt, Reply
from fleet.topics import Verb

Kept = Reading | Occurrence | Reply

ASK_EVERY: Final = 20
"""Messages sent between two requests for a receipt; receipts then cost a twentieth of the traffic."""
RESEND_WINDOW: Final = 50
"""Messages re-sent at a time, so that a returning device does not flood."""


@dataclass(slots=True)
class Entry:
    """One message in the outbox: several readings of one array share an entry and are forgotten together."""

    verb: Verb
    parts: tuple[Kept, ...]

    @property
    def boot(self) -> int:
        """The boot its parts belong to."""
        return self.parts[0].boot

    @property
    def last(self) -> int:
        """The highest sequence number in it."""
        return self.parts[-1].seq

    def payload(self, outbox_from: int | None) -> bytes:
        """Its bytes, asking for a receipt where `outbox_from` is given."""
        parts = list(self.parts)
        if outbox_from is not None:
            parts[-1] = msgspec.structs.replace(parts[-1], outbox_from=outbox_from)
        if len(parts) == 1:
            return codec.encode(parts[0])
        return codec.encode([part for part in parts if isinstance(part, Reading)])


@dataclass(slots=True)
class Outbox:
    """Everything not yet confirmed, oldest first.

    Attributes:
        capacity: entries kept; beyond it the oldest is given up and counted, as on a real device with finite memory.
        given_up: how many were lost that way; a device reports it, it is never silent.
    """

    capacity: int = 10_000
    given_up: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _since_ask: int = 0

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, entry: Entry) -> None:
        """Adds a message that is about to be sent."""
        if len(self._entries) >= self.capacity:
            self._entries.popleft()
            self.given_up += 1
        self._entries.append(entry)

    def lowest(self, boot: int) -> int | None:
        """The lowest sequence number of a boot that is still kept."""
        return next((entry.parts[0].seq for entry in self._entries if entry.boot == boot), None)

    def wrap(self, entry: Entry, *, ask: bool = False) -> bytes:
        """The bytes to send for an entry; every `ASK_EVERY`-th asks for a receipt, and so does one sent with `ask`."""
        self._since_ask += 1
        if not ask and self._since_ask < ASK_EVERY:
            return entry.payload(None)
        self._since_ask = 0
        return entry.payload(self.lowest(entry.boot))

    def trim(self, receipt: Receipt) -> int:
        """Forgets what a receipt confirms; returns how many entries went."""
        before = len(self._entries)
        self._entries = deque(
            entry for entry in self._entries if entry.boot != receipt.boot or entry.last > receipt.seq
        )
        return before - len(self._entries)

    def resend(self) -> Iterator[tuple[Verb, bytes]]:
        """The oldest entries again, the last of each boot among them asking for a receipt."""
        window = list(self._entries)[:RESEND_WINDOW]
        closing = {entry.boot: index for index, entry in enumerate(window)}
        for index, entry in enumerate(window):
            yield entry.verb, self.wrap(entry, ask=closing[entry.boot] == index)
