"""Decides what each message is: a record of a known device, or something for the quarantine. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from fleet.clock import FARTHEST_AHEAD, OLDEST_BELIEVED, to_milliseconds
from fleet.codec import decode, decode_telemetry, encode
from fleet.errors import RejectedMessageError, RejectionReason, TopicError, shown
from fleet.messages import SENML_CONTENT, Birth, Occurrence, Presence, Reading, Reply
from fleet.topics import MARKS, PREFIX, Verb, parse, parts
from ingest.accepted import (
    Accepted,
    AcceptedBirth,
    AcceptedEvent,
    AcceptedPresence,
    AcceptedReading,
    AcceptedReply,
    Doubtful,
    Identity,
    Rejected,
    Source,
)
from ingest.contents import command_id_of, fault_name, reported_faults
from ingest.handling import FAULT_EVENTS
from ingest.register import Device, Register
from ingest.salvage import elements, identities

NOT_FROM_DEVICES: Final = ("$SYS/", f"{MARKS}/")
"""What the broker says of itself, and what ingest says to itself."""
TELEMETRY_END: Final = f"/{Verb.TELEMETRY}"
PLACE: Final = len(PREFIX) + 1
"""Where the device id begins in a topic."""
MOST_ELEMENTS: Final = 1000
"""Readings of an array looked at singly where the whole could not be read; 64 KiB hold some 700 honest ones."""


class Message(Protocol):
    """What is needed of a delivery; `ingest.consumer.Delivery` is one."""

    @property
    def topic(self) -> str:
        """As the broker sent it."""

    @property
    def payload(self) -> bytes:
        """The body."""

    @property
    def content_type(self) -> str | None:
        """The MQTT 5 property."""

    @property
    def retained(self) -> bool:
        """Whether it is the broker's copy, sent because we subscribed."""

    @property
    def redelivered(self) -> bool:
        """Whether the broker sent it before: a hint that it may be stored, never a reason to skip it."""


def accept(messages: Sequence[Message], register: Register, received_at: datetime) -> Accepted:
    """Sorts a batch. Nothing that a device can send raises; births take effect on `register` at once.

    Args:
        messages: in order of arrival.
        register: knows every device that has been looked up.
        received_at: the server's time of arrival.
    """
    acceptance = Acceptance(register, received_at)
    acceptance.take_all(messages)
    return acceptance.accepted


def believed_milliseconds(received_at: datetime) -> range:
    """Device times believed of a message arriving then: those of `fleet.clock.believed`, worked out once a batch."""
    received = to_milliseconds(received_at)
    oldest, newest = (to_milliseconds(received_at + shift) - received for shift in (-OLDEST_BELIEVED, FARTHEST_AHEAD))
    return range(received + oldest, received + newest + 1)


class Acceptance:
    """A batch in the making, for those who want to breathe between parts of it; see `accept`."""

    def __init__(self, register: Register, received_at: datetime) -> None:
        self._register = register
        self._received = to_milliseconds(received_at)
        self._believed = believed_milliseconds(received_at)
        self.accepted = Accepted()
        self._keep_reading = self.accepted.readings.append

    def take_all(self, messages: Iterable[Message]) -> None:
        """Adds messages, in order of arrival."""
        for message in messages:
            self.take(message)

    def take(self, message: Message) -> None:
        """Adds one message."""
        device_id, verb = parts(message.topic)
        device, handle = self._register.find(device_id), _VERBS.get(verb)
        try:
            if device is None or handle is None:
                self._unplaced(message, device)
            elif not message.payload:
                self._reject(message, device, RejectedMessageError(RejectionReason.NOT_JSON, _EMPTY))
            else:
                handle(self, message, device, device_id)
        except RejectedMessageError as error:
            self._reject(message, device, error)
        except Exception as error:  # noqa: BLE001 - a message that a mistake of ours trips over must not stop the stream
            self._reject(message, device, _our_mistake(error))

    # ---- the five verbs ----

    def _telemetry(self, message: Message, device: Device, device_id: str) -> None:
        try:
            readings, units = decode_telemetry(message.payload, message.content_type)
        except RejectedMessageError as error:
            if not self._salvage(message, device, error):
                raise
            return
        normalise, believed = device.handling.normaliser.normalise, self._believed
        for reading in readings:
            told = reading.ts
            try:
                found = normalise(reading.values, units)
            except RejectedMessageError as error:
                self._reject_one(message, device, reading, error, alone=len(readings) == 1)
            else:
                if told in believed and not device.clock_corrected:
                    self._keep_reading(AcceptedReading(device, reading, told, False, found.values, found.unknown))
                else:
                    at, corrected = self._settled(device, told)
                    record = AcceptedReading(device, reading, at, corrected, found.values, found.unknown)
                    self.accepted.doubtful.append(Doubtful(record, _source(message)))
            if reading.outbox_from is not None:
                self._asked(device, device_id, reading.boot, reading.outbox_from)

    def _event(self, message: Message, device: Device, device_id: str) -> None:
        occurrence = decode(message.payload, Occurrence)
        event = device.handling.events.get(occurrence.event)
        if event is None:
            raise RejectedMessageError(
                RejectionReason.WRONG_CLASS,
                f"{device.handling.device_class} declares no event {shown(occurrence.event)}: declare it in the "
                "profile, or mend the device",
            )
        name = fault_name(event.name, occurrence.data) if event.name in FAULT_EVENTS else None
        fault = None if name is None else device.handling.fault(name.system, name.code)
        audience = device.handling.audience_of(event, fault)
        at, corrected = self._settled(device, occurrence.ts)
        record = AcceptedEvent(device, occurrence, at, corrected, audience, name, fault)
        if device.clock_corrected:
            self.accepted.doubtful.append(Doubtful(record, _source(message)))
        else:
            self.accepted.events.append(record)
        if occurrence.outbox_from is not None:
            self._asked(device, device_id, occurrence.boot, occurrence.outbox_from)

    def _reply(self, message: Message, device: Device, device_id: str) -> None:
        reply = decode(message.payload, Reply)
        at = reply.ts if reply.ts in self._believed else self._received
        record = AcceptedReply(device, reply, at, command_id_of(reply), reported_faults(reply), _source(message))
        self.accepted.replies.append(record)
        if reply.outbox_from is not None:
            self._asked(device, device_id, reply.boot, reply.outbox_from)

    def _birth(self, message: Message, device: Device, device_id: str) -> None:
        del device_id
        birth = decode(message.payload, Birth)
        if birth.device_class != device.handling.device_class:
            raise RejectedMessageError(
                RejectionReason.WRONG_CLASS,
                f"it says it is a {shown(birth.device_class)}, the register says {device.handling.device_class}: "
                "register it anew, or give it its own device id",
            )
        before = (device.handling, device.firmware)
        if not self._register.reborn(device, birth.model, birth.firmware):
            raise RejectedMessageError(
                RejectionReason.WRONG_CLASS,
                f"{device.handling.device_class} knows no model {shown(birth.model)}: add it to the profile; until "
                f"then its messages are read as those of {device.handling.model_key}",
            )
        self.accepted.births.append(AcceptedBirth(device, birth, not message.retained, before))

    def _state(self, message: Message, device: Device, device_id: str) -> None:
        del device_id
        presence = decode(message.payload, Presence)
        # "Offline" is nearly always the broker speaking for a device that fell silent: no sign of life.
        alive = presence.online and not message.retained
        self.accepted.presences.append(AcceptedPresence(device, presence.boot, presence.online, alive))

    def _settled(self, device: Device, told: int) -> tuple[int, bool]:
        """The time to store under, and whether it is the server's; one wrong time and the device's clock is doubted."""
        if told in self._believed:
            return told, False
        device.clock_corrected = True
        return self._received, True

    # ---- what is refused ----

    def _unplaced(self, message: Message, device: Device | None) -> None:
        if message.topic.startswith(NOT_FROM_DEVICES):
            self.accepted.asides[message.topic] = message.payload[:100].decode(errors="replace")
            return
        try:
            device_id, verb = parse(message.topic)
        except TopicError as error:
            raise RejectedMessageError(RejectionReason.UNKNOWN_TOPIC, f"{error}: correct the sender's topic") from error
        if device is not None:
            raise RejectedMessageError(
                RejectionReason.UNKNOWN_TOPIC, f"{verb} is what the platform says to devices: send one of {_UPWARD}"
            )
        other = self._register.class_without_profile(device_id)
        if other is not None:
            raise RejectedMessageError(
                RejectionReason.WRONG_CLASS, f"this release has no profile for the class {shown(other)}: update ingest"
            )
        raise RejectedMessageError(
            RejectionReason.UNKNOWN_DEVICE,
            f"{device_id} is not in the register: register it with `fjarrkoll enroll`, then send again",
        )

    def _salvage(self, message: Message, device: Device, error: RejectedMessageError) -> bool:
        """Reads the elements of an array singly: a bad one takes no good one with it. False if it is no array."""
        if error.reason is not RejectionReason.WRONG_SHAPE or message.content_type == SENML_CONTENT:
            return False
        found = elements(message.payload)
        if not 1 < len(found) <= MOST_ELEMENTS:
            return False
        for element in found:
            one = _Element(message.topic, element, message.content_type)
            if element.startswith(b"["):
                self._reject(one, device, RejectedMessageError(RejectionReason.WRONG_SHAPE, _NESTED))
            else:
                self.take(one)
        return True

    def _reject_one(
        self, message: Message, device: Device, reading: Reading, error: RejectedMessageError, *, alone: bool
    ) -> None:
        """Refuses one reading. Of an array only this one is kept, as it was read: arrays are large, bad ones many."""
        payload = message.payload if alone else encode(reading)
        source = Source(message.topic, payload, message.content_type if alone else None)
        identity = (reading.boot, reading.seq)
        self.accepted.rejected.append(Rejected(source, device, error.reason, error.advice, identity, alive=True))

    def _reject(self, message: Message, device: Device | None, error: RejectedMessageError) -> None:
        found = identities(message.payload) if device is not None else []
        first = found[0] if found else None
        self.accepted.rejected.append(
            Rejected(_source(message), device, error.reason, error.advice, first, alive=not message.retained)
        )
        if device is not None:
            self.accepted.kept += [Identity(device.number, boot, seq) for boot, seq in found[1:]]

    def _asked(self, device: Device, device_id: str, boot: int, outbox_from: int) -> None:
        earlier = self.accepted.asked.get((device.number, boot))
        if earlier is None or earlier[1] < outbox_from:
            self.accepted.asked[device.number, boot] = (device_id, outbox_from)


class _Element(msgspec.Struct, frozen=True, gc=False):
    """One element of an array, read as if it had come alone."""

    topic: str
    payload: bytes
    content_type: str | None
    retained: bool = False
    redelivered: bool = False


# Functions, not bound methods: those would make every batch a reference cycle, which is freed only when Python next
# looks for cycles, many batches later (seen: 140 MB).
_VERBS: Final = {
    Verb.TELEMETRY.value: Acceptance._telemetry,  # noqa: SLF001 - of this very module
    Verb.EVENT.value: Acceptance._event,  # noqa: SLF001
    Verb.REPLY.value: Acceptance._reply,  # noqa: SLF001
    Verb.BIRTH.value: Acceptance._birth,  # noqa: SLF001
    Verb.STATE.value: Acceptance._state,  # noqa: SLF001
}
_EMPTY: Final = "an empty payload removes a retained message at the broker and tells nothing: send `state` or `birth`"
_NESTED: Final = "an array within an array: send one array of readings"
_UPWARD: Final = "birth, state, telemetry, event and reply"


def _source(message: Message) -> Source:
    return Source(message.topic, message.payload, message.content_type)


def _our_mistake(error: Exception) -> RejectedMessageError:
    return RejectedMessageError(
        RejectionReason.WRONG_SHAPE,
        f"ingest failed on it ({type(error).__name__}: {shown(str(error), 80)}): report it with these bytes",
    )


def unheard(messages: Iterable[Message], register: Register) -> set[tuple[str, str]]:
    """The device ids and verbs of a batch, as they stand in its topics, but for the telemetry of known devices."""
    find, end = register.find, -len(TELEMETRY_END)
    topics = [message.topic for message in messages]
    return {parts(topic) for topic in topics if not topic.endswith(TELEMETRY_END) or find(topic[PLACE:end]) is None}
