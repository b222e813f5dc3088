"""A simulated device: numbers what happens, keeps it in its outbox, speaks its model's own units, and answers commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from device_sim.answers import Answer, Situation, answer
from device_sim.behaviours import behaviour_for
from device_sim.behaviours.base import Behaviour, Day
from device_sim.emission import Emission
from device_sim.ledger import Ledger
from device_sim.outbox import Entry, Kept, Outbox
from device_sim.persona import Persona
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.faults import NativeCode
from fleet.messages import Birth, CommandMessage, FaultReport, Occurrence, Presence, Reading, Receipt, Reply
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.topics import Verb

READINGS_PER_MESSAGE: Final = 40
"""Stored-up readings sent as one array; well below the payload limit."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Bytes to publish under one of the device's own topics."""

    verb: Verb
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a device is."""

    device_id: str
    profile: DeviceProfile
    model: DeviceModel
    firmware: str


@dataclass(slots=True)
class SimulatedDevice:
    """One device. Everything it does is decided by its seed and what it is told; it never looks at a clock itself.

    Attributes:
        seed: text from which every random draw of this device comes.
        clock_offset: how wrong the device's clock is.
        silent: neither sends nor answers, as after a dead gateway.
    """

    identity: Identity
    persona: Persona
    seed: str
    ledger: Ledger = field(default_factory=Ledger)
    clock_offset: timedelta = timedelta()
    silent: bool = False
    boot: int = 1
    outbox: Outbox = field(default_factory=Outbox)
    faults: dict[NativeCode, FaultReport] = field(default_factory=dict)
    operating_state: str = ""
    memory: dict[str, float] = field(default_factory=dict)
    replayed_commands: int = 0
    _seq: int = 0
    _last_counter: int = 0
    _behaviour: Behaviour = field(init=False)
    _normaliser: Normaliser = field(init=False)

    def __post_init__(self) -> None:
        self._behaviour = behaviour_for(self.identity.profile)
        self._normaliser = Normaliser(self.identity.profile, self.identity.model)
        self.operating_state = self.operating_state or self.identity.profile.operating_states[0]

    # -- what it says of itself ---------------------------------------------------------------------------------------

    def birth(self, now: datetime) -> Outgoing:
        """Who it is, retained by the broker."""
        identity = self.identity
        metrics = [key for key in identity.profile.metrics_by_key if key not in identity.model.missing]
        message = Birth(
            ts=self._milliseconds(now),
            boot=self.boot,
            device_class=identity.profile.name,
            model=identity.model.key,
            firmware=identity.firmware,
            metrics=metrics,
        )
        return Outgoing(Verb.BIRTH, codec.encode(message), retain=True)

    def presence(self, now: datetime, *, online: bool) -> Outgoing:
        """Whether it is connected; `online=False` is also its last will."""
        return Outgoing(
            Verb.STATE, codec.encode(Presence(ts=self._milliseconds(now), boot=self.boot, online=online)), retain=True
        )

    # -- what it measures and notices ---------------------------------------------------------------------------------

    def live_through(self, day: date, progress: float) -> list[Outgoing]:
        """A whole local day at once, as a device that stores up its readings sends it: arrays of readings, and events."""
        context = Day(day, progress, self.persona, Random(f"{self.seed}/{day.isoformat()}"), self.memory)
        return self._emit(self._behaviour.day(context))

    def heartbeat(self, now: datetime) -> list[Outgoing]:
        """One report of a device at rest."""
        return self._emit([self._behaviour.heartbeat(now, Random(f"{self.seed}/{now.isoformat()}"), self.memory)])

    def measure(self, emissions: Sequence[Emission]) -> list[Outgoing]:
        """Emissions made elsewhere, such as the nights of a real card, under this device's numbers."""
        return self._emit(emissions)

    def measure_native(self, at: datetime, values: Mapping[str, float | bool | None]) -> list[Outgoing]:
        """One reading that is in the model's own units and spelling already, such as the summary of a real card."""
        if self.silent:
            return []
        reading = Reading(
            ts=self._milliseconds(at), boot=self.boot, seq=self._next(Verb.TELEMETRY), values=dict(values)
        )
        return [self._send(Verb.TELEMETRY, [reading])]

    def notice(self, event: str, now: datetime, **data: str | float | bool) -> list[Outgoing]:
        """An event."""
        return self._emit([Emission(now, event=event, data=data)])

    def carry_fault(self, native: NativeCode, now: datetime, module: str = "") -> None:
        """A fault is there and remembered, but not told: only `read_faults` finds it."""
        moment = self._milliseconds(now)
        self.faults[native] = FaultReport(
            system=native.system, code=native.code, module=module, first_seen=moment, last_seen=moment
        )

    def raise_fault(self, native: NativeCode, now: datetime, module: str = "") -> list[Outgoing]:
        """A fault appears: remembered for `read_faults`, and told at once."""
        self.carry_fault(native, now, module)
        return self.notice("fault_raised", now, system=native.system, code=native.code, module=module)

    def clear_fault(self, native: NativeCode, now: datetime) -> list[Outgoing]:
        """A fault ends."""
        report = self.faults.pop(native)
        return self.notice("fault_cleared", now, system=native.system, code=native.code, module=report.module)

    def restart(self) -> None:
        """Power off and on: a new boot, numbers from 1; the outbox and the command counter are kept in its memory."""
        self.boot += 1
        self._seq = 0

    # -- what it is told ----------------------------------------------------------------------------------------------

    def receive(self, verb: Verb, payload: bytes, now: datetime) -> list[Outgoing]:
        """Reacts to a message of the platform; a silent device does not."""
        if self.silent:
            return []
        if verb is Verb.STORED:
            self.outbox.trim(codec.decode(payload, Receipt))
            return []
        return self._obey(codec.decode(payload, CommandMessage), now)

    def resend(self) -> list[Outgoing]:
        """What is still unconfirmed, oldest first, some at a time."""
        return [] if self.silent else [Outgoing(verb, payload) for verb, payload in self.outbox.resend()]

    def _obey(self, command: CommandMessage, now: datetime) -> list[Outgoing]:
        live = self._behaviour.heartbeat(now, Random(f"{self.seed}/{command.command_id}"), dict(self.memory))
        situation = Situation(
            now=self._clock(now),
            operating_state=self.operating_state,
            last_counter=self._last_counter,
            faults=tuple(self.faults.values()),
            firmware=self.identity.firmware,
            live=self._native(live),
        )
        given = answer(self.identity.profile, command, situation)
        if given is None:
            self.replayed_commands += 1
            return []
        self._last_counter = command.counter
        if given.status == "succeeded" and command.name == "sync_clock":
            self.clock_offset = timedelta()
        return self._reply(command, given, now)

    def _reply(self, command: CommandMessage, given: Answer, now: datetime) -> list[Outgoing]:
        message = Reply(
            ts=self._milliseconds(now),
            boot=self.boot,
            seq=self._next(Verb.REPLY),
            command_id=command.command_id,
            status=given.status,
            reason=given.reason,
            result=dict(given.result),
        )
        return [self._send(Verb.REPLY, [message])]

    # -- numbering and packing ----------------------------------------------------------------------------------------

    def _emit(self, emissions: Sequence[Emission]) -> list[Outgoing]:
        if self.silent:
            return []
        sent: list[Outgoing] = []
        stored_up: list[Reading] = []
        for emission in emissions:
            if emission.event is not None:
                sent.extend(self._flush(stored_up))
                sent.append(self._send(Verb.EVENT, [self._occurrence(emission)]))
                continue
            reading = self._reading(emission)
            if reading is not None:
                stored_up.append(reading)
            if len(stored_up) >= READINGS_PER_MESSAGE:
                sent.extend(self._flush(stored_up))
        return sent + self._flush(stored_up)

    def _flush(self, stored_up: list[Reading]) -> list[Outgoing]:
        parts = list(stored_up)
        stored_up.clear()
        return [self._send(Verb.TELEMETRY, parts)] if parts else []

    def _send(self, verb: Verb, parts: Sequence[Kept]) -> Outgoing:
        entry = Entry(verb, tuple(parts))
        self.outbox.keep(entry)
        return Outgoing(verb, self.outbox.wrap(entry))

    def _reading(self, emission: Emission) -> Reading | None:
        values = self._native(emission)
        if not values:
            return None
        return Reading(
            ts=self._milliseconds(emission.at), boot=self.boot, seq=self._next(Verb.TELEMETRY), values=values
        )

    def _native(self, emission: Emission) -> dict[str, float | bool | None]:
        missing = self.identity.model.missing
        return self._normaliser.to_native({key: value for key, value in emission.values.items() if key not in missing})

    def _occurrence(self, emission: Emission) -> Occurrence:
        return Occurrence(
            ts=self._milliseconds(emission.at),
            boot=self.boot,
            seq=self._next(Verb.EVENT),
            event=str(emission.event),
            data=dict(emission.data),
        )

    def _next(self, verb: Verb) -> int:
        self._seq += 1
        self.ledger.note(self.identity.device_id, self.boot, self._seq, verb)
        return self._seq

    def _clock(self, now: datetime) -> datetime:
        return min(_LATEST, max(_EPOCH, now + self.clock_offset))

    def _milliseconds(self, now: datetime) -> int:
        return to_milliseconds(self._clock(now))
