"""A thousand commands through loss, repetition, disorder, replay, power cuts: done at most once, never late, all ended.

Database, dispatcher, broker, ingest and simulated devices are the real ones. Between dispatcher and broker 30 % of the
messages vanish, 30 % come twice, all are delayed by chance and old ones are sent again; 30 % of the answers are lost;
devices lose power in the middle of commands; and some who ask have lost their token meanwhile.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiomqtt
import psycopg
import pytest
from pydantic import SecretStr

from device_sim.connection import Connection, Line
from device_sim.device import Identity, Outgoing, PowerLostError, SimulatedDevice
from device_sim.journal import Journal, Moment
from device_sim.persona import Habit, draw_persona
from device_sim.wire import Wire
from diagnostics.commands.broker import CommandBroker, connected
from diagnostics.commands.dispatch import Dispatcher
from diagnostics.resources import server_clock
from fleet.codec import encode
from fleet.messages import CommandMessage
from fleet.plumbing.database import database_pool
from fleet.plumbing.settings import Settings
from fleet.plumbing.store.register import Enrolled, create_token
from fleet.registry import load_registry
from fleet.topics import Verb, topic
from tests.fixtures.database import Database
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Site, device_client, running

DEVICES, EACH = 20, 50
LIFE_SECONDS = 15
ENDED = "SELECT count(*) FROM command WHERE state IN ('queued', 'sent', 'delivered', 'running')"
INSERT = """
    INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder,
                         idempotency_key, created_at, expires_at)
    SELECT d, n, CASE n %% 3 WHEN 0 THEN 'read_faults' WHEN 1 THEN 'self_test' ELSE 'locate_beep' END,
           CASE n %% 3 WHEN 0 THEN 'read' ELSE 'reversible' END, '{}',
           CASE WHEN n %% 10 = 7 THEN 'eve' ELSE 'anna' END, 'technician', 'x', d || '-' || n,
           now(), now() + make_interval(secs => %s)
      FROM unnest(%s::integer[]) d, generate_series(1, %s) n
"""


@dataclass
class BadLine:
    """Between dispatcher and broker: drops, repeats, delays and replays."""

    broker: CommandBroker
    random: Random
    sent: list[tuple[str, CommandMessage]] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> None:
        del seconds_left
        self.sent.append((device_id, message))
        if self.random.random() >= 0.3:
            self.later(device_id, message)
            if self.random.random() < 0.3:
                self.later(device_id, message)
        if self.random.random() < 0.3:
            self.later(*self.random.choice(self.sent))

    def later(self, device_id: str, message: CommandMessage) -> None:
        task = asyncio.create_task(self._deliver(device_id, message, self.random.uniform(0, 0.4)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, device_id: str, message: CommandMessage, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # The longest expiry: what comes too late is then for the device alone to refuse.
        await self.broker.publish(device_id, message, 60)


@dataclass(slots=True, eq=False)
class Tormented(Connection):
    """A device on a bad line: of its answers 30 % do not leave, and it loses power in the middle of commands."""

    executed_at: list[tuple[int, float]] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(1))
    cuts: int = 0

    async def _publish(self, wire: Wire, message: Outgoing) -> None:
        if message.verb is Verb.REPLY and self.chance.random() < 0.3:
            return
        await Connection._publish(self, wire, message)


@dataclass(eq=False)
class Fragile(SimulatedDevice):
    """Notes when, by its clock, it executes what; on a power cut it starts again, with the journal it has."""

    owner: Any = None

    def receive(self, verb: Verb, payload: bytes, now: datetime) -> list[Outgoing]:
        before = len(self.executed)
        try:
            return SimulatedDevice.receive(self, verb, payload, now)
        except PowerLostError:
            self.restart()
            self.owner.cuts += 1
            self.owner.drop_line()
            return []
        finally:
            self.owner.executed_at += [(counter, now.timestamp()) for counter in self.executed[before:]]


def tormented(site: Site, device: Enrolled, number: int, *, forgetful: bool, cuts: float) -> Tormented:
    profile = load_registry()["wheelchair"]
    random = Random(number)

    def power(moment: Moment) -> None:
        if moment is not Moment.TOLD and random.random() < cuts:
            raise PowerLostError(moment)

    identity = Identity(device_id=device.device_id, profile=profile, model=profile.models[0], firmware="1.0.0")
    persona = draw_persona(Random(number), Habit.REGULAR)
    journal = Journal(device.device_id, forgetful=forgetful)
    simulated = Fragile(identity, persona, f"seed/{number}", journal=journal, moment=power)
    connection = Tormented(simulated, device.password, Line(site.broker.host, site.broker.port), chance=random)
    simulated.owner = connection
    return connection


@asynccontextmanager
async def dispatching(
    site: Site, database: Database, random: Random, kind: type[BadLine] = BadLine
) -> AsyncIterator[BadLine]:
    settings = Settings(
        mqtt_host=site.broker.host,
        mqtt_port=site.broker.port,
        mqtt_username="diagnostics",
        mqtt_password=SecretStr(site.passwords["diagnostics"]),
    )
    async with database_pool(database.worker, "test-worker", largest=2) as pool, connected(settings) as broker:
        line, dispatcher = kind(broker, random), Dispatcher(pool, server_clock)

        async def turn() -> None:
            while True:
                await dispatcher.send_queued(line)
                await dispatcher.expire()
                await asyncio.sleep(0.1)

        task = asyncio.create_task(turn())
        try:
            yield line
        finally:
            task.cancel()
            await asyncio.gather(task, *line.tasks, return_exceptions=True)


@contextmanager
def askers(database: Database) -> Iterator[None]:
    """Anna may ask; Eve might, when she asked, and has lost her token since."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        for name in ("anna", "eve"):
            create_token(owner, name, "technician")
        owner.execute("UPDATE api_token SET revoked_at = now() WHERE name = 'eve'")
        yield


async def live(connections: list[Tormented], seconds: float, site: Site) -> None:
    """Until every command has ended; devices ask for receipts the while, as they do on a bad line."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for connection in connections:
            connection.ask_now()
        await asyncio.sleep(1.0)
        if (await asyncio.to_thread(site.one, ENDED)) == 0:
            return
    raise AssertionError(f"{site.one(ENDED)} commands have no end after {seconds:g} s")


async def trial(
    site: Site, database: Database, devices: list[Enrolled], each: int, *, forgetful: bool = False, cuts: float = 0.03
) -> list[Tormented]:
    made = [tormented(site, device, n, forgetful=forgetful, cuts=cuts) for n, device in enumerate(devices)]
    with askers(database):
        async with running(site.service()), dispatching(site, database, Random(7)) as line:
            tasks = [asyncio.create_task(connection.run()) for connection in made]
            try:
                async with asyncio.timeout(60):
                    for connection in made:
                        await connection.connected.wait()
                site.command(INSERT, LIFE_SECONDS, [device.device_no for device in devices], each)
                await live(made, 60, site)
                for device_id, message in line.sent:  # everything once more, long after
                    await line.broker.publish(device_id, message, 60)
                await asyncio.sleep(1.0)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    return made


@pytest.mark.timeout(240)
async def test_a_thousand_commands(site: Site, database: Database, add_device: AddDevice) -> None:
    devices = [add_device("wheelchair") for _ in range(DEVICES)]
    made = await trial(site, database, devices, EACH)
    rows = site.ask("SELECT device_no, counter, state, requested_by, extract(epoch FROM expires_at) FROM command")
    assert len(rows) == DEVICES * EACH
    executed = {
        (device.device_no, counter): at
        for device, connection in zip(devices, made, strict=True)
        for counter, at in connection.executed_at
    }
    times = Counter(
        (device.device_no, counter)
        for device, connection in zip(devices, made, strict=True)
        for counter in connection.device.executed
    )
    assert max(times.values()) == 1, "executed at most once"
    ends = {(device_no, counter): float(end) for device_no, counter, _, _, end in rows}
    assert [key for key, at in executed.items() if at > ends[key] + 0.001] == [], "nothing after its expiry"
    unauthorised = {(device_no, counter) for device_no, counter, _, who, _ in rows if who == "eve"}
    assert len(unauthorised) == DEVICES * EACH // 10
    assert unauthorised & executed.keys() == set()
    states = Counter(state for _, _, state, _, _ in rows)
    assert set(states) <= {"succeeded", "refused", "expired", "unknown", "cancelled"}
    theirs = Counter(state for _, _, state, who, _ in rows if who == "eve")
    assert set(theirs) <= {"cancelled", "expired"}, "stopped, or not reached in time on a busy machine"
    assert theirs["cancelled"] >= DEVICES
    assert states["succeeded"] >= 100, states
    done = {(device_no, counter) for device_no, counter, state, _, _ in rows if state == "succeeded"}
    assert done <= executed.keys(), "nothing is called done that was not"
    assert sum(connection.cuts for connection in made) > 2, "power was lost"
    assert sum(connection.device.replayed_commands for connection in made) > 50, "and much was replayed"


@pytest.mark.timeout(240)
async def test_without_a_journal_the_same_trial_executes_twice(
    site: Site, database: Database, add_device: AddDevice
) -> None:
    """The control: the trial finds what it is there to find."""
    devices = [add_device("wheelchair") for _ in range(2)]
    made = await trial(site, database, devices, 20, forgetful=True, cuts=0.0)
    times = Counter((n, counter) for n, connection in enumerate(made) for counter in connection.device.executed)
    assert max(times.values()) > 1


async def test_another_device_cannot_command_one(site: Site, database: Database, add_device: AddDevice) -> None:
    victim, thief = add_device("wheelchair"), add_device("wheelchair")
    connection = tormented(site, victim, 1, forgetful=False, cuts=0.0)
    task = asyncio.create_task(connection.run())
    now = int(datetime.now(UTC).timestamp() * 1000)
    forged = CommandMessage(command_id="forged", name="locate_beep", counter=1, issued_at=now, not_after=now + 60_000)
    try:
        async with asyncio.timeout(30):
            await connection.connected.wait()
        async with device_client(site, thief.device_id) as client:
            with suppress(aiomqtt.MqttError):  # the broker says so, or lets it vanish
                await client.publish(topic(victim.device_id, Verb.COMMAND), encode(forged), qos=1)
        await asyncio.sleep(1.0)
        assert connection.device.executed == []
        rightful = site.passwords["diagnostics"]
        async with aiomqtt.Client(
            site.broker.host, site.broker.port, username="diagnostics", password=rightful,
            protocol=aiomqtt.ProtocolVersion.V5,
        ) as client:  # fmt: skip
            await client.publish(topic(victim.device_id, Verb.COMMAND), encode(forged), qos=1)
        async with asyncio.timeout(30):
            while not connection.device.executed:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        assert connection.device.executed == [1], "the control: the platform's own account may"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
