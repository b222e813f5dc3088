"""Many simulated devices in one process: from a fleet file, through history in compressed time, then kept live."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from device_sim.boots import Boots
from device_sim.connection import Connection, Line
from device_sim.device import Identity, SimulatedDevice
from device_sim.fleet_file import FleetEntry
from device_sim.journal import Journals
from device_sim.ledger import Ledger
from device_sim.persona import Habit, draw_persona
from fleet.clock import local_day
from fleet.errors import ConfigurationError
from fleet.registry import Registry

_CONNECTS_AT_A_TIME: Final = 25
_CONNECT_SECONDS: Final = 30.0
_LOOK_EVERY_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes.

    Attributes:
        seed: decides every persona and value; the same seed gives the same messages.
        history_days: whole local days lived before the live part, ending yesterday.
        history_seconds: real seconds the history is spread over; one day passes in history_seconds / history_days.
        heartbeat_seconds: real seconds between two reports of a live device.
        journals: file of what the devices wrote down about commands; without it a new run forgets which it executed.
        boots: file that counts the devices' starts over all runs against one database; without it all start at 1.
    """

    seed: int = 1
    history_days: int = 0
    history_seconds: float = 0.0
    heartbeat_seconds: float = 10.0
    boots: Path | None = None
    journals: Path | None = None


@dataclass(slots=True, eq=False)
class Swarm:
    """A running fleet. Use `running()`; then `live_through_history()` and `stay_alive()`."""

    connections: Sequence[Connection]
    plan: Plan
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Swarm"]:
        """Connects all devices, some at a time; at the end each says that it is offline and leaves.

        Raises:
            ConfigurationError: a device cannot connect; the reason is in the message.
        """
        try:
            await self._connect_all()
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._check()

    async def live_through_history(
        self, today: date, progress: Callable[[int, int], None], *, without: Collection[str] = ()
    ) -> None:
        """Sends the past `history_days`, day by day, each device its own; `progress(day, days)` comes after each.

        Args:
            today: the first day that is not past.
            progress: told after each day.
            without: ids of devices that tell nothing of their past here.
        """
        telling = [c for c in self.connections if c.device.identity.device_id not in without]
        days = self.plan.history_days
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in range(days):
            day = today - timedelta(days=days - number)
            for connection in telling:
                connection.send(connection.device.live_through(day, number / days))
                await asyncio.sleep(0)
            self._check()
            progress(number + 1, days)
            await asyncio.sleep(max(0.0, started + self.plan.history_seconds * (number + 1) / days - loop.time()))

    async def stay_alive(self, seconds: float) -> None:
        """Heartbeats spread evenly over the interval, for `seconds` of real time."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        order = list(self.connections)
        Random(self.plan.seed).shuffle(order)
        pause = self.plan.heartbeat_seconds / max(1, len(order))
        while loop.time() < ends:
            self._check()
            for connection in order:
                connection.send(connection.device.heartbeat(connection.clock()))
                await asyncio.sleep(min(pause, max(0.0, ends - loop.time())))
                if loop.time() >= ends:
                    return
            if not order:
                await asyncio.sleep(ends - loop.time())

    async def drained(self, timeout_seconds: float) -> int:
        """Waits until every outbox is confirmed empty, silent devices aside; returns how many messages are not."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_seconds
        while (waiting := self._unconfirmed()) and loop.time() < ends:
            self._check()
            for connection in waiting:
                connection.ask_now()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return sum(len(connection.device.outbox) for connection in waiting)

    def _unconfirmed(self) -> list[Connection]:
        return [c for c in self.connections if not c.device.silent and (len(c.device.outbox) or not c.idle)]

    def _check(self) -> None:
        """Raises what ended a device's task by itself: that is a fault of this program, never of the line."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def _connect_all(self) -> None:
        gate = asyncio.Semaphore(_CONNECTS_AT_A_TIME)
        starting = [asyncio.create_task(self._connect(connection, gate)) for connection in self.connections]
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)

    async def _connect(self, connection: Connection, gate: asyncio.Semaphore) -> None:
        device_id, line = connection.device.identity.device_id, connection.line
        async with gate:
            task = asyncio.create_task(connection.run(), name=device_id)
            self._tasks.append(task)
            waiting = asyncio.create_task(connection.connected.wait())
            try:
                await asyncio.wait({task, waiting}, timeout=_CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._check()
            finally:
                waiting.cancel()
        if not connection.connected.is_set():
            raise ConfigurationError(
                f"{device_id} cannot connect to {line.host}:{line.port} ({connection.trouble or 'no answer'}): "
                "is the broker running, and is the device enrolled there?"
            )


def build_swarm(  # noqa: PLR0913, PLR0917 - a swarm is made of that many things
    entries: Sequence[FleetEntry],
    registry: Registry,
    line: Line,
    plan: Plan,
    ledger: Ledger,
    habits: Mapping[str, Habit],
) -> Swarm:
    """A swarm of enrolled devices.

    Args:
        entries: the devices; their order decides which draws its character from which part of the seed.
        registry: the device classes.
        line: where the broker is.
        plan: seed, history and pace.
        ledger: notes every numbered message.
        habits: device id to habit, for those whose story is fixed; the others draw theirs from the mix.

    Raises:
        ConfigurationError: an entry names a model that its class does not have.
    """
    boots = Boots(plan.boots)
    journals = Journals(plan.journals)
    connections = []
    for number, entry in enumerate(entries):
        seed = f"{plan.seed}/{number}"
        persona = draw_persona(Random(f"{seed}/persona"), habits.get(entry.device_id))
        journal = journals.of(entry.device_id)
        device = SimulatedDevice(_identity(entry, registry), persona, seed, ledger, boots, journal=journal, pace=1.0)
        connections.append(Connection(device, entry.password, line))
    return Swarm(connections, plan)


def _identity(entry: FleetEntry, registry: Registry) -> Identity:
    profile = registry[entry.device_class]
    model = profile.model(entry.model, entry.firmware)
    if model is None:
        raise ConfigurationError(
            f"{entry.device_id}: class {entry.device_class} has no model {entry.model!r} at firmware {entry.firmware}"
        )
    return Identity(device_id=entry.device_id, profile=profile, model=model, firmware=entry.firmware)


def today_in_sweden() -> date:
    """The current Swedish local day."""
    return local_day(datetime.now(UTC))
