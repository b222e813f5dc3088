"""A simulated device: lives through days, keeps what it tells in its outbox, carries faults, and answers commands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

import msgspec

from device_sim.answers import Answer, clearable, known_command, numbers, refusal, takes_seconds
from device_sim.behaviours import behaviour_for
from device_sim.behaviours.base import Behaviour, Day
from device_sim.boots import Boots
from device_sim.emission import Emission, Stored
from device_sim.journal import Journal, Moment
from device_sim.ledger import Ledger
from device_sim.memory import RESULTS, ServiceMemory, Situation
from device_sim.outbox import Outbox
from device_sim.packing import Identity, Outgoing, Packer
from device_sim.persona import Persona
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.commands import CANCEL, Command, Level
from fleet.faults import NativeCode
from fleet.messages import Birth, CommandMessage, FaultReport, FreezeFrame, Presence, Receipt, Reply
from fleet.topics import Verb

__all__ = ["Identity", "Outgoing", "SimulatedDevice"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_RESTARTS: Final = "restart_gateway"
_MOST_SAMPLES: Final = 30
"""Of a burst; thirty samples of every channel fit well into one message."""


class PowerLostError(Exception):
    """Raised by a test's `moment` to take the device's power away in the middle of a command."""


def _nothing_happens(moment: Moment) -> None:
    """No power is lost."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A command that takes its time."""

    message: CommandMessage
    known: Command
    began: datetime
    due: datetime


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
        journal: what it wrote down about commands; kept over restarts.
        service: what it remembers for a technician; kept over restarts.
        pace: how much of their time bursts and self-tests take; 0 answers at once, 1 as long as a real device.
        moment: told of each step of each command: moments at which power may be lost.
        executed: counters of the commands it executed, in order; a test counts them.
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
    journal: Journal = field(default_factory=Journal)
    service: ServiceMemory = field(default_factory=ServiceMemory)
    pace: float = 0.0
    moment: Callable[[Moment], None] = _nothing_happens
    executed: list[int] = field(default_factory=list)
    replayed_commands: int = 0
    _jobs: dict[int, _Job] = field(default_factory=dict)
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
        values = self._packer.native(self._at_rest(now))
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
        self.service.fault_appeared(
            self.faults[native], FreezeFrame(ts=moment, operating_state=self.operating_state, values=values)
        )
        self.service.write(moment, "error", f"fault {native.system} {native.code}")

    def raise_fault(self, native: NativeCode, now: datetime, *, module: str = "", subcode: str = "") -> list[Outgoing]:
        """A fault appears: remembered for `read_faults`, and told at once."""
        self.carry_fault(native, now, module=module, subcode=subcode)
        return self.notice("fault_raised", now, **_fault_data(self.faults[native]))

    def clear_fault(self, native: NativeCode, now: datetime) -> list[Outgoing]:
        """A fault ends."""
        self.service.fault_ended(native, self._milliseconds(now))
        return self.notice("fault_cleared", now, **_fault_data(self.faults.pop(native)))

    def restart(self) -> None:
        """Power off and on: a new boot, numbers from 1; outbox, journal and faults are kept in its memory."""
        self._packer.restart(self.boots.next(self.identity.device_id))
        self._jobs.clear()

    def remember(self, now: datetime) -> list[Outgoing]:
        """After a start: tells again what the journal holds and nobody has confirmed, once for every answer.

        A command in the middle of which power was lost is answered `unknown`, and is never executed again.
        """
        for entry in self.journal.interrupted():
            if entry.counter not in self._jobs:
                self.journal.finish(
                    entry.counter, Answer("unknown", "the device restarted in the middle of the command")
                )
        waiting = self.outbox.answered()
        told = [entry for entry in self.journal.untold() if entry.command_id not in waiting]
        at = self._milliseconds(now)
        return [self._packer.reply(at, entry.command_id, entry.answer) for entry in told if entry.answer is not None]

    # -- what it is told ----------------------------------------------------------------------------------------------

    def receive(self, verb: Verb, payload: bytes, now: datetime) -> list[Outgoing]:
        """Reacts to a message of the platform; a silent device does not.

        Raises:
            RejectedMessageError: the message does not fit the contract.
        """
        if self.silent:
            return []
        if verb is Verb.STORED:
            for gone in self.outbox.trim(codec.decode(payload, Receipt)):
                if (
                    isinstance(gone, Reply) and gone.status != "running"
                ):  # that one is stored says nothing of the answer
                    self.moment(Moment.STORED)
                    self.journal.confirm(gone.command_id)
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

    def advance(self, now: datetime) -> list[Outgoing]:
        """Finishes what takes its time and is due."""
        told: list[Outgoing] = []
        for counter, job in [*self._jobs.items()]:
            if job.due <= now:
                del self._jobs[counter]
                told += self._finish(job, now)
        return told

    @property
    def next_due(self) -> datetime | None:
        """When the first of what takes its time is due; None where nothing is under way."""
        return min((job.due for job in self._jobs.values()), default=None)

    def _obey(self, command: CommandMessage, now: datetime) -> list[Outgoing]:
        self.moment(Moment.RECEIVED)
        if self.journal.seen(command.counter):
            self.replayed_commands += 1
            return []
        if self.journal.overtaken(command.counter):
            return self._answer(command, now, Answer("refused", "a later command came first"))
        profile = self.identity.profile
        if refused := refusal(profile, command, self._clock(now), self.operating_state):
            return self._answer(command, now, refused)
        self.journal.accept(command.counter, command.command_id)
        self.moment(Moment.ACCEPTED)
        known = known_command(profile, command.name) or CANCEL
        seconds = takes_seconds(known, command.parameters) * self.pace
        job = _Job(command, known, now, now + timedelta(seconds=seconds))
        if not seconds:
            return self._finish(job, now)
        self._jobs[command.counter] = job
        return [self._packer.reply(self._milliseconds(now), command.command_id, Answer("running"))]

    def _answer(self, command: CommandMessage, now: datetime, given: Answer) -> list[Outgoing]:
        """An answer to what is not executed; its counter is used up all the same."""
        self.journal.accept(command.counter, command.command_id)
        self.journal.finish(command.counter, given)
        return [self._packer.reply(self._milliseconds(now), command.command_id, given)]

    def _finish(self, job: _Job, now: datetime) -> list[Outgoing]:
        """Does what was asked, writes the answer down, and only then tells it; by the clock as it was before."""
        command, at = job.message, self._milliseconds(now)
        self.moment(Moment.RUNNING)
        if self.operating_state in job.known.refused_while:
            given, told = Answer("failed", f"stopped: the device is {self.operating_state} now"), list[Outgoing]()
        else:
            result, told = self._do(job, now)
            given = Answer("succeeded", result=result)
        self.moment(Moment.EXECUTED)
        self.journal.finish(command.counter, given)
        self.moment(Moment.ANSWERED)
        replies = [self._packer.reply(at, command.command_id, given), *told]
        if command.name == "clear_fault" and given.status == "succeeded":
            for native in clearable(self.identity.profile, tuple(self.faults.values())):
                replies += self.clear_fault(native, now)
        if command.name == _RESTARTS and given.status == "succeeded":
            self.restart()
        return replies

    def _do(self, job: _Job, now: datetime) -> tuple[Mapping[str, object], list[Outgoing]]:
        """Executes a command; what it answers, and what else it tells."""
        command, name, given = job.message, job.message.name, numbers(job.known, job.message.parameters)
        self.executed.append(command.counter)
        self.service.write(self._milliseconds(now), "info", f"command {name}")
        if name == CANCEL.name:
            return self._cancel(str(command.parameters["command_id"]), now)
        if name in RESULTS:
            return RESULTS[name](self._situation(job, now), given), []
        if name == "stage_update":
            self.service.staged = str(command.parameters["version"])
            return {"staged": self.service.staged, "running": self.identity.firmware}, []
        if name == "sync_clock":
            self.clock_offset = timedelta()
        if job.known.level is Level.SETTING:
            for parameter in job.known.parameters:
                self.service.settings[job.known.setting_key(parameter)] = given[parameter.name]
        return {"done": name, **given}, []

    def _cancel(self, command_id: str, now: datetime) -> tuple[Mapping[str, object], list[Outgoing]]:
        """Stops what is under way. What has not arrived yet is overtaken by this very command and is never executed."""
        for counter, job in [*self._jobs.items()]:
            if job.message.command_id == command_id:
                del self._jobs[counter]
                stopped = Answer("cancelled", "stopped on request")
                self.journal.finish(counter, stopped)
                return {"cancelled": True}, [self._packer.reply(self._milliseconds(now), command_id, stopped)]
        return {"cancelled": False}, []

    def _situation(self, job: _Job, now: datetime) -> Situation:
        seconds = (
            numbers(job.known, job.message.parameters).get("seconds", 1.0) if job.known.name == "read_live" else 1.0
        )
        count = min(_MOST_SAMPLES, max(1, int(seconds)))
        moments = [job.began + (now - job.began) * (number + 1) / count for number in range(count)]
        return Situation(
            profile=self.identity.profile,
            model=self.identity.model,
            firmware=self.identity.firmware,
            faults=tuple(self.faults.values()),
            memory=self.service,
            samples=tuple((self._milliseconds(at), self._packer.native(self._at_rest(at))) for at in moments),
        )

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
