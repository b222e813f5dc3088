"""From what happens to what is sent: numbers, the model's own units, arrays of readings, a place in the outbox."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from device_sim.answers import Answer
from device_sim.emission import Emission, Stored
from device_sim.ledger import Ledger
from device_sim.outbox import Entry, Kept, Outbox
from fleet.clock import to_milliseconds
from fleet.messages import Occurrence, Reading, Reply
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.topics import Verb

READINGS_PER_MESSAGE: Final = 40
"""Stored-up readings sent as one array; well below the payload limit."""
_DECIMALS: Final = 9
"""Of a value in a model's own unit: finer than any sensor, and free of the noise of dividing."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to publish under one of the device's own topics.

    Attributes:
        payload: the bytes, the same for the same seed; a request for a receipt is added when it is sent.
        entry: its place in the outbox; None for what is sent once, such as birth and state.
        ask: it asks for a receipt, or does not; None leaves it to the outbox, which asks now and then.
    """

    verb: Verb
    payload: bytes
    retain: bool = False
    entry: Entry | None = None
    ask: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a device is."""

    device_id: str
    profile: DeviceProfile
    model: DeviceModel
    firmware: str


@dataclass(slots=True)
class Packer:
    """Numbers messages within a boot and keeps each in the outbox. Times come in by the device's own clock.

    Attributes:
        boot: the current start of the device; set to a new one, numbers begin at 1 again.
    """

    identity: Identity
    ledger: Ledger
    outbox: Outbox
    boot: int
    _seq: int = 0
    _normaliser: Normaliser = field(init=False)

    def __post_init__(self) -> None:
        """Builds the border to the model's own units."""
        self._normaliser = Normaliser(self.identity.profile, self.identity.model)

    def restart(self, boot: int) -> None:
        """A new boot, numbers from 1."""
        self.boot, self._seq = boot, 0

    def pack(self, emissions: Sequence[Emission]) -> list[Outgoing]:
        """Messages for emissions: neighbouring readings share an array, each event is a message of its own."""
        sent: list[Outgoing] = []
        for is_event, group in groupby(emissions, key=lambda emission: emission.event is not None):
            if is_event:
                sent.extend(self._keep(Verb.EVENT, [self._occurrence(emission)]) for emission in group)
            else:
                sent.extend(self._arrays(group))
        return sent

    def pack_native(self, milliseconds: int, values: Mapping[str, Stored]) -> Outgoing:
        """One reading that is in the model's own units and spelling already, such as the summary of a real card."""
        reading = Reading(ts=milliseconds, boot=self.boot, seq=self._next(Verb.TELEMETRY), values=dict(values))
        return self._keep(Verb.TELEMETRY, [reading])

    def reply(self, milliseconds: int, command_id: str, given: Answer) -> Outgoing:
        """An answer to a command."""
        message = Reply(
            ts=milliseconds,
            boot=self.boot,
            seq=self._next(Verb.REPLY),
            command_id=command_id,
            status=given.status,
            reason=given.reason,
            result=dict(given.result),
        )
        return self._keep(Verb.REPLY, [message])

    def native(self, emission: Emission) -> dict[str, Stored]:
        """An emission's values as the model sends them: its own names and units, without the channels it lacks."""
        missing = self.identity.model.missing
        kept = {key: value for key, value in emission.values.items() if key not in missing}
        return {name: _tidy(value) for name, value in self._normaliser.to_native(kept).items()}

    def _arrays(self, emissions: Iterator[Emission]) -> Iterator[Outgoing]:
        readings: list[Kept] = []
        for emission in emissions:
            if values := self.native(emission):
                seq = self._next(Verb.TELEMETRY)
                readings.append(Reading(ts=to_milliseconds(emission.at), boot=self.boot, seq=seq, values=values))
            if len(readings) == READINGS_PER_MESSAGE:
                yield self._keep(Verb.TELEMETRY, readings)
                readings = []
        if readings:
            yield self._keep(Verb.TELEMETRY, readings)

    def _occurrence(self, emission: Emission) -> Occurrence:
        return Occurrence(
            ts=to_milliseconds(emission.at),
            boot=self.boot,
            seq=self._next(Verb.EVENT),
            event=str(emission.event),
            data=dict(emission.data),
        )

    def _keep(self, verb: Verb, parts: Sequence[Kept]) -> Outgoing:
        entry = Entry(verb, tuple(parts))
        self.outbox.keep(entry)
        return Outgoing(verb, entry.payload(), entry=entry)

    def _next(self, verb: Verb) -> int:
        self._seq += 1
        self.ledger.note(self.identity.device_id, self.boot, self._seq, verb)
        return self._seq


def _tidy(value: Stored) -> Stored:
    return round(value, _DECIMALS) if isinstance(value, float) else value
