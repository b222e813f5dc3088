"""A simulated device: lives through days, keeps what it tells in its outbox, carries faults, and answers commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

import msgspec

from device_sim.answers import Situation, answer, clearable
from device_sim.behaviours import behaviour_for
from device_sim.behaviours.base import Behaviour, Day
from device_sim.boots import Boots
from device_sim.emission import Emission, Stored
from device_sim.ledger import Ledger
from device_sim.outbox import Outbox
from device_sim.packing import Identity, Outgoing, Packer
from device_sim.persona import Persona
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.faults import NativeCode
from fleet.messages import Birth, CommandMessage, FaultReport, Presence, Receipt
from fleet.topics import Verb

__all__ = ["Identity", "Outgoing", "SimulatedDevice"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_RESTARTS: Final = "restart_gateway"


@dataclass(slots=True)
class SimulatedDevice:
    """One device. Everything it does is decided by its seed and what it is told; it never looks at a clock itself.

    What it measures on a day follows from the seed and the days lived before, whatever else happens to it in between.

    Attributes:
        seed: text from which every random draw of this device comes; the device id plays no part.
        boots: where the count of its starts is kept.
        clock_offset: how wrong the device's clock is.
        silent: neither sends nor answers, as after a dead gateway.
        operating_state: what it is doing, for the interlocks of commands; at rest when not given.
        replayed_commands: commands ignored because their counter had been seen.
    """

    identity: Identity
    persona: Persona
    seed: str
    ledger: Ledger = field(default_factory=Ledger)
    boots: Boots = field(default_factory=Boots)
    clock_offset: timedelta = timedelta()
    silent: bool = False
    outbox: Outbox = field(default_factory=Outbox)
    faults: dict[NativeCode, FaultReport] = field(default_factory=dict)
    operating_state: str = ""
    memory: dict[str, float] = field(default_factory=dict)
    replayed_commands: int = 0
    _last_counter: int = 0
    _behaviour: Behaviour = field(init=False)
    _packer: Packer = field(init=False)

    def __post_init__(self) -> None:
        """Starts for the first time."""
        profile = self.identity.profile
        self._behaviour = behaviour_for(profile)
        self.memory = self._behaviour.start(Random(f"{self.seed}/start")) | self.memory
        self.operating_state = self.operating_state or profile.operating_states[0]
        self._packer = Packer(self.identity, self.ledger, self.outbox, self.boots.next(self.identity.device_id))

    @property
    def boot(self) -> int:
        """The number of the current start."""
        return self._packer.boot

    # -- what it says of itself ---------------------------------------------------------------------------------------

    def birth(self, now: datetime) -> Outgoing:
        """Who it is, retained by the broker; also how many messages its memory had no room for."""
        identity = self.identity
        given_up = self.outbox.given_up
        message = Birth(
            ts=self._milliseconds(now),
            boot=self.boot,
            device_class=identity.profile.name,
            model=identity.model.key,
            firmware=identity.firmware,
            metrics=[key for key in identity.profile.metrics_by_key if key not in identity.model.missing],
            attributes={"outbox.given_up": str(given_up)} if given_up else {},
        )
        return Outgoing(Verb.BIRTH, codec.encode(message), retain=True)

    def presence(self, now: datetime, *, online: bool) -> Outgoing:
        """Whether it is connected; `online=False` is also its last will."""
        message = Presence(ts=self._milliseconds(now), boot=self.boot, online=online)
        return Outgoing(Verb.STATE, codec.encode(message), retain=True)

    # -- what it measures and notices ---------------------------------------------------------------------------------

    def live_through(self, day: date, progress: float) -> list[Outgoing]:
        """A whole local day at once, as a device that stores up its readings sends it: arrays of readings, and events.

        Args:
            day: the Swedish local day.
            progress: how far through the simulated period it lies, 0..1.
        """
        random = Random(f"{self.seed}/{day.isoformat()}")
        return self.measure(self._behaviour.day(Day(day, progress, self.persona, random, self.memory)))

    def heartbeat(self, now: datetime) -> list[Outgoing]:
        """One report of a device at rest."""
        return self.report([now])

    def report(self, moments: Sequence[datetime]) -> list[Outgoing]:
        """Reports of a device at rest at several moments, stored up and sent together."""
        return self.measure([self._at_rest(moment) for moment in moments])

    def measure(self, emissions: Sequence[Emission]) -> list[Outgoing]:
        """Emissions, also ones made elsewhere, such as a card's sessions, under this device's numbers and clock."""
        if self.silent:
            return []
        return self._packer.pack([replace(emission, at=self._clock(emission.at)) for emission in emissions])

    def measure_native(self, at: datetime, values: Mapping[str, Stored]) -> list[Outgoing]:
        """One reading that is in the model's own units and spelling already."""
        return [] if self.silent else [self._packer.pack_native(self._milliseconds(at), values)]

    def notice(self, event: str, now: datetime, **data: str | float | bool) -> list[Outgoing]:
        """An event."""
        return self.measure([Emission(now, event=event, data=data)])

    def carry_fault(self, native: NativeCode, now: datetime, *, module: str = "", subcode: str = "") -> None:
        """A fault is there and remembered, but not told: only `read_faults` finds it. The same again counts up."""
        moment = self._milliseconds(now)
        known = self.faults.get(native)
        self.faults[native] = (
            msgspec.structs.replace(known, count=known.count + 1, last_seen=moment)
            if known
            else FaultReport(
                system=native.system,
                code=native.code,
                subcode=subcode,
                module=module,
                first_seen=moment,
                last_seen=moment,
            )
        )

    def raise_fault(self, native: NativeCode, now: datetime, *, module: str = "", subcode: str = "") -> list[Outgoing]:
        """A fault appears: remembered for `read_faults`, and told at once."""
        self.carry_fault(native, now, module=module, subcode=subcode)
        return self.notice("fault_raised", now, **_fault_data(self.faults[native]))

    def clear_fault(self, native: NativeCode, now: datetime) -> list[Outgoing]:
        """A fault ends."""
        return self.notice("fault_cleared", now, **_fault_data(self.faults.pop(native)))

    def restart(self) -> None:
        """Power off and on: a new boot, numbers from 1; outbox, command counter and faults are kept in its memory."""
        self._packer.restart(self.boots.next(self.identity.device_id))

    # -- what it is told ----------------------------------------------------------------------------------------------

    def receive(self, verb: Verb, payload: bytes, now: datetime) -> list[Outgoing]:
        """Reacts to a message of the platform; a silent device does not.

        Raises:
            RejectedMessageError: the message does not fit the contract.
        """
        if self.silent:
            return []
        if verb is Verb.STORED:
            self.outbox.trim(codec.decode(payload, Receipt))
            return []
        return self._obey(codec.decode(payload, CommandMessage), now)

    def resend(self) -> list[Outgoing]:
        """The next window of what has to go again, oldest first; the last of it asks for a receipt."""
        if self.silent:
            return []
        window = self.outbox.next_window()
        return [Outgoing(entry.verb, entry.payload(), entry=entry, ask=ask) for entry, ask in window]

    def ask(self) -> list[Outgoing]:
        """A request for a receipt where nothing new is there to carry it: the newest unconfirmed message again."""
        if self.silent:
            return []
        return [Outgoing(entry.verb, entry.payload(), entry=entry, ask=True) for entry in self.outbox.closing()]

    def _obey(self, command: CommandMessage, now: datetime) -> list[Outgoing]:
        situation = Situation(
            now=self._clock(now),
            operating_state=self.operating_state,
            last_counter=self._last_counter,
            faults=tuple(self.faults.values()),
            firmware=self.identity.firmware,
            live=self._packer.native(self._at_rest(now)),
        )
        given = answer(self.identity.profile, command, situation)
        if given is None:
            self.replayed_commands += 1
            return []
        self._last_counter = command.counter
        reply = self._packer.reply(self._milliseconds(now), command.command_id, given)
        return [reply, *(self._effects(command.name, now) if given.status == "succeeded" else [])]

    def _effects(self, command: str, now: datetime) -> list[Outgoing]:
        """What a command changes, after its answer is written down."""
        told: list[Outgoing] = []
        if command == "sync_clock":
            self.clock_offset = timedelta()
        if command == "clear_fault":
            for native in clearable(self.identity.profile, tuple(self.faults.values())):
                told += self.clear_fault(native, now)
        if command == _RESTARTS:
            self.restart()
        return told

    def _at_rest(self, now: datetime) -> Emission:
        return self._behaviour.heartbeat(now, Random(f"{self.seed}/{now.isoformat()}"), self.memory)

    def _clock(self, now: datetime) -> datetime:
        return min(_LATEST, max(_EPOCH, now + self.clock_offset))

    def _milliseconds(self, now: datetime) -> int:
        return to_milliseconds(self._clock(now))


def _fault_data(report: FaultReport) -> dict[str, str]:
    """What both fault events carry; what is not known is left out."""
    data = {"system": report.system, "code": report.code, "module": report.module, "subcode": report.subcode}
    return {name: value for name, value in data.items() if value}
