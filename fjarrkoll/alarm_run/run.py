"""One run: enrolled dispensers jam on a schedule, the worker is killed now and then, and the sink listens."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiomqtt
import psycopg

from fjarrkoll.alarm_run.judging import Result, judge
from fjarrkoll.alarm_run.sink import sink
from fjarrkoll.local.part import Part
from fjarrkoll.local.system import LocalSystem
from fleet.clock import to_milliseconds
from fleet.codec import encode
from fleet.messages import Occurrence, Reading
from fleet.plumbing.store.register import Enrolled, NewDevice, NewLoan, enroll_devices
from fleet.registry import Registry, load_registry
from fleet.topics import Verb, topic

_SETTLES_SECONDS: Final = 90.0
_BACKGROUND_DEVICES: Final = 20
_JAM: Final = {"system": "dispenser-gateway", "code": "JAM", "module": "feed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is run.

    Attributes:
        alarms: dispensers that jam, one after another, `rate` a second.
        background: messages a second of other devices meanwhile.
        kills: kill -9 of the worker, spread over the jams.
        control: run the worker that records before it sends.
    """

    alarms: int
    rate: float
    background: float
    kills: int
    control: bool = False
    seed: int = 1


def run(order: Order, folder: Path) -> Result:
    """Starts a whole system of its own, runs, and removes it."""
    registry = load_registry()
    with sink() as heard, LocalSystem(folder, registry, device_passwords={}, webhook_url=heard.url) as system:
        jamming, noisy = _enroll(system, registry, order)
        system.broker.add_credentials({device.device_id: device.password for device in [*jamming, *noisy]})
        system.start_parts()
        if order.control:
            _exchange(system.parts["worker"], "fjarrkoll.alarm_run.wrong_worker")
        jammed, kills, sent = asyncio.run(_drive(system, order, jamming, noisy))
        deadline = time.monotonic() + (15.0 if order.control else _SETTLES_SECONDS)
        while len(heard.first_of("raised")) < len(jammed) and time.monotonic() < deadline:
            time.sleep(0.2)
        return judge(jammed, list(heard.arrivals), kills=kills, background=sent)


def _enroll(system: LocalSystem, registry: Registry, order: Order) -> tuple[list[Enrolled], list[Enrolled]]:
    now = datetime.now(UTC)
    with psycopg.connect(system.urls.owner) as connection:
        row = connection.execute(
            "INSERT INTO payer (code, name, kind) VALUES ('bench', 'Bench', 'municipality') RETURNING payer_id"
        ).fetchone()
        loan = NewLoan(payer_id=row[0] if row else 0, legal_frame="SoL", started_at=now)
        wanted = [
            NewDevice(
                device_class=name,
                model_key=registry[name].models[0].key,
                individual_number=f"{name}-{number}",
                loan=loan,
            )
            for name, count in (("dispenser", order.alarms), ("wheelchair", _BACKGROUND_DEVICES))
            for number in range(count)
        ]
        made = enroll_devices(connection, wanted, now)
    return made[: order.alarms], made[order.alarms :]


def _exchange(part: Part, module: str) -> None:
    part.stop()
    part._module, part._arguments = module, ()  # noqa: SLF001 - the control's own way in
    part.start()


async def _drive(
    system: LocalSystem, order: Order, jamming: Sequence[Enrolled], noisy: Sequence[Enrolled]
) -> tuple[dict[str, float], int, float]:
    """The jams, the noise and the kills; device to moment, how many kills, background messages a second."""
    over = asyncio.Event()
    counted = [0] * len(noisy)
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        if order.background:
            for number, device in enumerate(noisy):
                tasks.create_task(_noise(system, device, order.background / len(noisy), over, counted, number))
        killing = tasks.create_task(_kill(system, order, over))
        jammed = await _jam_all(system, order, jamming)
        over.set()
    return jammed, await killing, sum(counted) / (time.monotonic() - began)


async def _jam_all(system: LocalSystem, order: Order, jamming: Sequence[Enrolled]) -> dict[str, float]:
    jammed: dict[str, float] = {}
    began = time.monotonic()
    for number, device in enumerate(jamming):
        await asyncio.sleep(max(0.0, began + number / order.rate - time.monotonic()))
        now = to_milliseconds(datetime.now(UTC))
        message = Occurrence(ts=now, boot=1, seq=1, event="fault_raised", data=dict(_JAM))
        async with _client(system, device) as client:
            await client.publish(topic(device.device_id, Verb.EVENT), encode(message), qos=1)
            jammed[device.device_id] = time.monotonic()
    return jammed


async def _noise(  # noqa: PLR0913, PLR0917 - a task of `_drive`
    system: LocalSystem, device: Enrolled, rate: float, over: asyncio.Event, counted: list[int], number: int
) -> None:
    async with _client(system, device) as client:
        began, seq = time.monotonic(), 0
        while not over.is_set():
            seq += 1
            now = to_milliseconds(datetime.now(UTC))
            reading = Reading(ts=now, boot=1, seq=seq, values={"battery.soc": 80.0})
            await client.publish(topic(device.device_id, Verb.TELEMETRY), encode(reading), qos=1)
            counted[number] = seq
            await asyncio.sleep(max(0.0, began + seq / rate - time.monotonic()))


async def _kill(system: LocalSystem, order: Order, over: asyncio.Event) -> int:
    """Kills the worker at moments that only the seed knows; it is started again at once, as systemd would.

    One that has not finished a turn since its start is given the time to, or the kill would prove nothing.
    """
    chance, worker = random.Random(order.seed), system.parts["worker"]
    length = order.alarms / order.rate
    moments = sorted(chance.uniform(0, length) for _ in range(order.kills))
    began, started, kills = time.monotonic(), datetime.now(UTC), 0
    for moment in moments:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        while not over.is_set() and not await asyncio.to_thread(_works, system, started):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.1)
        if over.is_set():
            break
        await asyncio.to_thread(worker.kill)
        started = datetime.now(UTC)
        await asyncio.to_thread(worker.start)
        kills += 1
    return kills


def _works(system: LocalSystem, since: datetime) -> bool:
    """Whether the notifier has finished a turn since a moment."""
    with psycopg.connect(system.urls.worker) as connection:
        row = connection.execute("SELECT max(at) > %s FROM worker_pulse WHERE part = 'notifying'", [since]).fetchone()
    return bool(row and row[0])


def _client(system: LocalSystem, device: Enrolled) -> aiomqtt.Client:
    return aiomqtt.Client(
        system.broker.host,
        system.broker.port,
        username=device.device_id,
        password=device.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=30,
    )
