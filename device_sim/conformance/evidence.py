"""The transcript understood: births, states, numbered messages and receipts, decoded as the platform decodes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from device_sim.conformance.transcript import Said, Transcript
from fleet import codec
from fleet.errors import RejectedMessageError
from fleet.messages import Birth, Occurrence, Presence, Reading, Receipt, Reply
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.topics import Verb

Part = Reading | Occurrence | Reply
Kept = TypeVar("Kept", Birth, Presence)
Number = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Numbered:
    """One reading, event or reply as it was heard, perhaps not for the first time."""

    at: float
    verb: Verb
    part: Part

    @property
    def number(self) -> Number:
        """Boot and seq."""
        return self.part.boot, self.part.seq

    @property
    def content(self) -> Part:
        """What must be the same whenever it is sent."""
        return msgspec.structs.replace(self.part, outbox_from=None)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A receipt that was sent to the device."""

    at: float
    receipt: Receipt


@dataclass(slots=True)
class Evidence:
    """What there is to judge by.

    Attributes:
        births, states: in order, the broker's copies from before included.
        numbered: in order of arrival, repeats included.
        units: UCUM unit per metric name, where SenML states them.
        unreadable: verb and reason of what could not be decoded.
    """

    transcript: Transcript
    registry: Registry
    births: list[tuple[Said, Birth]] = field(default_factory=list)
    states: list[tuple[Said, Presence]] = field(default_factory=list)
    numbered: list[Numbered] = field(default_factory=list)
    receipts: list[Confirmed] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    unreadable: list[tuple[Verb, str]] = field(default_factory=list)

    @property
    def birth(self) -> Birth | None:
        """The latest birth."""
        return self.births[-1][1] if self.births else None

    @property
    def profile(self) -> DeviceProfile | None:
        """The class it says it is, where one is known."""
        known = self.birth is not None and self.birth.device_class in self.registry
        return self.registry[self.birth.device_class] if self.birth is not None and known else None

    @property
    def model(self) -> DeviceModel | None:
        """The model it says it is, where one is known."""
        if self.profile is None or self.birth is None:
            return None
        return self.profile.model(self.birth.model, self.birth.firmware)

    def of(self, kind: type[Part]) -> Iterator[Numbered]:
        """The numbered messages of a kind."""
        return (numbered for numbered in self.numbered if isinstance(numbered.part, kind))

    def replies_to(self, command_id: str) -> list[Reply]:
        """Every answer to a command, repeats included."""
        parts = (numbered.part for numbered in self.numbered)
        return [part for part in parts if isinstance(part, Reply) and part.command_id == command_id]

    def asks(self) -> Iterator[tuple[Numbered, int]]:
        """Messages that ask for a receipt, with what they ask from."""
        for numbered in self.numbered:
            if numbered.part.outbox_from is not None:
                yield numbered, numbered.part.outbox_from

    def confirmed_before(self, at: float, boot: int) -> int:
        """The highest number of a boot that a receipt before `at` covers; 0 where none does."""
        covered = [c.receipt.seq for c in self.receipts if c.receipt.boot == boot and c.at < at]
        return max(covered, default=0)


def understand(transcript: Transcript, registry: Registry) -> Evidence:
    """Decodes everything; what cannot be decoded is evidence, too."""
    evidence = Evidence(transcript, registry)
    for said in transcript.said:
        try:
            _take(evidence, said)
        except RejectedMessageError as error:
            evidence.unreadable.append((said.verb, str(error)))
    return evidence


def _take(evidence: Evidence, said: Said) -> None:
    match said.verb:
        case Verb.BIRTH:
            evidence.births.append((said, codec.decode(said.payload, Birth)))
        case Verb.STATE:
            evidence.states.append((said, codec.decode(said.payload, Presence)))
        case Verb.STORED:
            evidence.receipts.append(Confirmed(said.at, codec.decode(said.payload, Receipt)))
        case Verb.TELEMETRY:
            readings, units = codec.decode_telemetry(said.payload, said.content_type)
            evidence.units |= units
            evidence.numbered += [Numbered(said.at, said.verb, reading) for reading in readings]
        case Verb.EVENT:
            evidence.numbered.append(Numbered(said.at, said.verb, codec.decode(said.payload, Occurrence)))
        case Verb.REPLY:
            evidence.numbered.append(Numbered(said.at, said.verb, codec.decode(said.payload, Reply)))
        case Verb.COMMAND:
            pass  # ours, or the platform's: not the device's doing
