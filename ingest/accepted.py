"""What `accept` makes of a batch of deliveries: typed records of known devices, and what was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from fleet.errors import RejectionReason
from fleet.faults import Fault
from fleet.messages import Birth, FaultReport, Occurrence, Reading, Reply
from fleet.signals import Audience
from ingest.handling import Handling
from ingest.register import Device


class Identity(NamedTuple):
    """What a message is for ever: device, boot and seq."""

    device_no: int
    boot: int
    seq: int


class FaultName(NamedTuple):
    """A fault as its device names it; two of them are the same fault when all of it is equal."""

    system: str
    code: str
    subcode: str = ""
    module: str = ""


class AcceptedReading(msgspec.Struct, gc=False):
    """One reading of a known device.

    Attributes:
        at: milliseconds since 1970 at which it is stored: its own time, or that of its arrival where its clock is not
            believed.
        corrected: whether `at` is not its own time.
        values: metric key to stored value.
        unknown: what no metric describes, by the name it came with.
    """

    device: Device
    reading: Reading
    at: int
    corrected: bool
    values: dict[str, float | bool]
    unknown: Mapping[str, float | bool]


class AcceptedEvent(msgspec.Struct, gc=False):
    """One event of a known device.

    Attributes:
        at, corrected: as of `AcceptedReading`.
        name: the fault it names, for the two fault events.
        fault: what that fault means; None where no profile knows it.
    """

    device: Device
    occurrence: Occurrence
    at: int
    corrected: bool
    audience: Audience
    name: FaultName | None
    fault: Fault | None


class Source(NamedTuple):
    """Where a record came from, for the quarantine."""

    topic: str
    payload: bytes
    content_type: str | None


class Doubtful(NamedTuple):
    """A reading or event whose time must first be settled against the clock corrections stored earlier."""

    record: AcceptedReading | AcceptedEvent
    source: Source

    @property
    def told(self) -> Reading | Occurrence:
        """The message as the device sent it."""
        return self.record.reading if isinstance(self.record, AcceptedReading) else self.record.occurrence

    @property
    def identity(self) -> Identity:
        """Whose it is, and which."""
        return Identity(self.record.device.number, self.told.boot, self.told.seq)


class AcceptedReply(NamedTuple):
    """One answer to a command.

    Attributes:
        at: as of `AcceptedReading`.
        command_id: the UUID in its canonical spelling.
        faults: what `read_faults` found, where the result says; None otherwise.
    """

    device: Device
    reply: Reply
    at: int
    command_id: str
    faults: tuple[FaultReport, ...] | None
    source: Source

    @property
    def identity(self) -> Identity:
        """Whose it is, and which."""
        return Identity(self.device.number, self.reply.boot, self.reply.seq)


class AcceptedBirth(NamedTuple):
    """A device told who it is.

    Attributes:
        alive: False for a retained copy, which is no sign of life.
        before: handling and firmware until then.
    """

    device: Device
    birth: Birth
    alive: bool
    before: tuple[Handling, str]

    def undo(self) -> None:
        """Makes the device what it was, for a batch that is to be read once more from its beginning."""
        self.device.handling, self.device.firmware = self.before


class AcceptedPresence(NamedTuple):
    """A device came or went. `alive` is True only where the device itself said so now."""

    device: Device
    boot: int
    online: bool
    alive: bool


class Rejected(NamedTuple):
    """What cannot be stored as what it claims to be.

    Attributes:
        device: None where it is not in the register.
        identity: (boot, seq) where one was found.
        alive: whether the device itself sent it now; also who sends nonsense is not silent.
    """

    source: Source
    device: Device | None
    reason: RejectionReason
    advice: str
    identity: tuple[int, int] | None
    alive: bool


@dataclass(slots=True)
class Accepted:
    """One batch, sorted by what it becomes; within a list in order of arrival.

    Attributes:
        readings, events: to be stored at `at`.
        doubtful: readings and events that join the two once their time is settled.
        kept: identities found in refused payloads beside the one in `Rejected`; the quarantine keeps them all.
        asked: (device number, boot) to (device id, `outbox_from`) of those who want a receipt.
        asides: what did not come from a device: topic to text, the latest of each.
    """

    readings: list[AcceptedReading] = field(default_factory=list)
    events: list[AcceptedEvent] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    replies: list[AcceptedReply] = field(default_factory=list)
    births: list[AcceptedBirth] = field(default_factory=list)
    presences: list[AcceptedPresence] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    kept: list[Identity] = field(default_factory=list)
    asked: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    asides: dict[str, str] = field(default_factory=dict)
