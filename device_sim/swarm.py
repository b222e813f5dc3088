"""Many simulated devices in one process: built from a fleet file, lived through history in compressed time, then kept live."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from device_sim.connection import Connection, Line
from device_sim.device import Identity, SimulatedDevice
from device_sim.fleet_file import FleetEntry
from device_sim.ledger import Ledger
from device_sim.persona import Habit, draw_persona
from fleet.clock import local_day
from fleet.errors import ConfigurationError
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry

log = get_logger(room="device_sim")

_CONNECTS_AT_A_TIME: Final = 25


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes.

    Attributes:
        seed: decides every persona and value; the same seed gives the same messages.
        history_days: whole local days lived before the live part, ending yesterday.
        history_seconds: real seconds the history is spread over; one day passes in history_seconds / history_days.
        heartbeat_seconds: real seconds between two reports of a live device.
    """

    seed: int = 1
    history_days: int = 0
    history_seconds: float = 0.0
    heartbeat_seconds: float = 10.0


@dataclass(slots=True)
class Swarm:
    """A running fleet. Use `running()`; then `live_through_history()` and `stay_alive()`."""

    connections: Sequence[Connection]
    plan: Plan
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Swarm"]:
        """Connects all devices, some at a time, and disconnects them at the end."""
        gate = asyncio.Semaphore(_CONNECTS_AT_A_TIME)
        self._tasks = [
            asyncio.create_task(connection.run(), name=connection.device.identity.device_id) for connection in self.connections
        ]
        try:
            await asyncio.gather(*(self._connected(connection, gate) for connection in self.connections))
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @staticmethod
    async def _connected(connection: Connection, gate: asyncio.Semaphore) -> None:
        async with gate:
            await connection.connected.wait()

    async def live_through_history(self, today: date, progress: Callable[[int, int], None]) -> None:
        """Sends the past `history_days`, day by day, each device its own; `progress(day, days)` is called after each."""
        days = self.plan.history_days
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in range(days):
            day = today - timedelta(days=days - number)
            for connection in self.connections:
                connection.send(connection.device.live_through(day, number / days))
                await asyncio.sleep(0)
            progress(number + 1, days)
            await asyncio.sleep(max(0.0, started + self.plan.history_seconds * (number + 1) / days - loop.time()))

    async def stay_alive(self, seconds: float) -> None:
        """Heartbeats spread evenly over the interval, for `seconds` of real time."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        order = list(self.connections)
        Random(self.plan.seed).shuffle(order)
        while loop.time() < ends:
            for connection in order:
                connection.send(connection.device.heartbeat(connection.clock()))
                await asyncio.sleep(self.plan.heartbeat_seconds / len(order))
                if loop.time() >= ends:
                    return

    async def drained(self, timeout_seconds: float) -> int:
        """Waits until every outbox is confirmed empty (silent devices aside); returns how many messages are still unconfirmed."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_seconds
        while loop.time() < ends:
            waiting = [c for c in self.connections if not c.device.silent and (len(c.device.outbox) or not c.idle)]
            if not waiting:
                return 0
            for connection in waiting:
                if connection.idle:
                    connection.send(connection.device.resend())
            await asyncio.sleep(2.0)
        return sum(len(c.device.outbox) for c in self.connections if not c.device.silent)


def build_swarm(
    entries: Sequence[FleetEntry], registry: Registry, line: Line, plan: Plan, ledger: Ledger, habits: dict[str, Habit]
) -> Swarm:
    """A swarm of enrolled devices.

    Args:
        habits: device id to habit, for those whose story is fixed; the others draw theirs from the mix.

    Raises:
        ConfigurationError: an entry names a model that its class does not have.
    """
    connections = [
        Connection(_device(entry, registry, f"{plan.seed}/{number}", ledger, habits.get(entry.device_id)), entry.password, line)
        for number, entry in enumerate(entries)
    ]
    return Swarm(connections, plan)


def _device(entry: FleetEntry, registry: Registry, seed: str, ledger: Ledger, habit: Habit | None) -> SimulatedDevice:
    profile = registry[entry.device_class]
    model = profile.model(entry.model, entry.firmware)
    if model is None:
        raise ConfigurationError(f"{entry.device_id}: class {entry.device_class} has no model {entry.model!r} at {entry.firmware}")
    identity = Identity(device_id=entry.device_id, profile=profile, model=model, firmware=entry.firmware)
    return SimulatedDevice(identity, draw_persona(Random(seed), habit), seed, ledger)


def today_in_sweden() -> date:
    """The current Swedish local day."""
    return local_day(datetime.now(UTC))
