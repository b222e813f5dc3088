"""One run: enrolled dispensers jam on a schedule, the worker is killed now and then, and the sink listens."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiomqtt
import psycopg

from fjarrkoll.alarm_run.faults import Fault, happens, needs_twin
from fjarrkoll.alarm_run.judging import Conditions, Result, judge
from fjarrkoll.alarm_run.sink import Sink, sink
from fjarrkoll.local.part import Part
from fjarrkoll.local.system import LocalSystem
from fjarrkoll.services import Mosquitto
from fjarrkoll.services.process import free_port
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
        fault: one thing that goes wrong in the middle.
        receiver_seconds: how long the receiver takes to answer.
    """

    alarms: int
    rate: float
    background: float
    kills: int
    control: bool = False
    seed: int = 1
    fault: Fault = Fault.NONE
    receiver_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the jams take."""
        return self.alarms / self.rate


@dataclass(frozen=True, slots=True)
class Site:
    """What a run stands on.

    Attributes:
        parts: "worker" and "ingest", of which one runs twice where the fault stops it.
        worker_url: of the worker's role.
    """

    broker: Mosquitto
    parts: Mapping[str, Part]
    worker_url: str


def run(order: Order, folder: Path) -> Result:
    """Starts a whole system of its own, runs, and removes it."""
    registry = load_registry()
    with (
        sink(order.receiver_seconds) as heard,
        LocalSystem(folder, registry, device_passwords={}, webhook_url=heard.url) as system,
        ExitStack() as stack,
    ):
        with psycopg.connect(system.urls.owner) as connection:
            made = enroll(connection, registry, {"dispenser": order.alarms, "wheelchair": _BACKGROUND_DEVICES})
        jamming, noisy = made[: order.alarms], made[order.alarms :]
        system.broker.add_credentials({device.device_id: device.password for device in made})
        system.start_parts("ingest", "worker")
        worker = system.parts["worker"]
        if order.control:
            worker = _exchange(worker, "fjarrkoll.alarm_run.wrong_worker")
            stack.callback(worker.stop)
        parts = {**system.parts, "worker": worker}
        double(parts, order.fault, stack)
        site = Site(system.broker, parts, system.urls.worker)
        jammed, kills, sent = asyncio.run(_drive(site, order, jamming, noisy, heard))
        settle(heard, jammed, 15.0 if order.control else _SETTLES_SECONDS)
        conditions = Conditions(kills=kills, fault=order.fault, background=sent, background_devices=len(noisy))
        return judge(jammed, list(heard.arrivals), conditions)


def double(parts: Mapping[str, Part], fault: Fault, stack: ExitStack) -> None:
    """Starts a second one of the part that a fault stops; the first is at work already, so that this one stands by."""
    name = needs_twin(fault)
    if name is not None:
        stack.enter_context(parts[name].twin(f"{name}-2", metrics_port=str(free_port())))


def settle(heard: Sink, jammed: Mapping[str, float], seconds: float) -> None:
    """Waits until all that jammed has been heard of, at most so long."""
    deadline = time.monotonic() + seconds
    while len(heard.first_of("raised")) < len(jammed) and time.monotonic() < deadline:
        time.sleep(0.2)


def enroll(connection: psycopg.Connection, registry: Registry, wanted: Mapping[str, int]) -> list[Enrolled]:
    """Registers devices of some classes, so many of each, on loan."""
    now = datetime.now(UTC)
    row = connection.execute(
        "INSERT INTO payer (code, name, kind) VALUES ('bench', 'Bench', 'municipality') RETURNING payer_id"
    ).fetchone()
    loan = NewLoan(payer_id=row[0] if row else 0, legal_frame="SoL", started_at=now)
    devices = [
        NewDevice(
            device_class=name,
            model_key=registry[name].models[0].key,
            individual_number=f"{name}-{number}",
            loan=loan,
        )
        for name, count in wanted.items()
        for number in range(count)
    ]
    return enroll_devices(connection, devices, now)


def _exchange(part: Part, module: str) -> Part:
    """Another program in the worker's place."""
    part.stop()
    return part.other(module)


async def _drive(
    site: Site, order: Order, jamming: Sequence[Enrolled], noisy: Sequence[Enrolled], heard: Sink
) -> tuple[dict[str, float], int, float]:
    """The jams, the noise and the kills; device to moment, how many kills, background messages a second."""
    over = asyncio.Event()
    counted = [0] * len(noisy)
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        if order.background:
            for number, device in enumerate(noisy):
                tasks.create_task(_noise(site.broker, device, order.background / len(noisy), over, counted, number))
        jammed, kills = await jam(site, order, jamming, heard)
        over.set()
    return jammed, kills, sum(counted) / (time.monotonic() - began)


async def jam(site: Site, order: Order, jamming: Sequence[Enrolled], heard: Sink) -> tuple[dict[str, float], int]:
    """Lets them jam while the worker is killed, or the fault happens in the middle; device to moment, and kills."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(_kill(site, order, over))
        tasks.create_task(_goes_wrong(site, order, heard))
        jammed = await _jam_all(site.broker, order, jamming)
        over.set()
    return jammed, await killing


async def _goes_wrong(site: Site, order: Order, heard: Sink) -> None:
    await asyncio.sleep(order.seconds / 3)
    await happens(order.fault, site.parts, site.broker, heard)


async def _jam_all(broker: Mosquitto, order: Order, jamming: Sequence[Enrolled]) -> dict[str, float]:
    jammed: dict[str, float] = {}
    began = time.monotonic()
    for number, device in enumerate(jamming):
        await asyncio.sleep(max(0.0, began + number / order.rate - time.monotonic()))
        now = to_milliseconds(datetime.now(UTC))
        message = Occurrence(ts=now, boot=1, seq=1, event="fault_raised", data=dict(_JAM))
        jammed[device.device_id] = await _say(broker, device, encode(message))
    return jammed


async def _say(broker: Mosquitto, device: Enrolled, message: bytes) -> float:
    """When the broker had the message; a device tries again until it has."""
    while True:
        try:
            async with _client(broker, device) as client:
                await client.publish(topic(device.device_id, Verb.EVENT), message, qos=1)
                return time.monotonic()
        except aiomqtt.MqttError:
            await asyncio.sleep(0.2)


async def _noise(  # noqa: PLR0913, PLR0917 - a task of `_drive`
    broker: Mosquitto, device: Enrolled, rate: float, over: asyncio.Event, counted: list[int], number: int
) -> None:
    async with _client(broker, device) as client:
        began, seq = time.monotonic(), 0
        while not over.is_set():
            seq += 1
            now = to_milliseconds(datetime.now(UTC))
            reading = Reading(ts=now, boot=1, seq=seq, values={"battery.soc": 80.0})
            await client.publish(topic(device.device_id, Verb.TELEMETRY), encode(reading), qos=1)
            counted[number] = seq
            await asyncio.sleep(max(0.0, began + seq / rate - time.monotonic()))


async def _kill(site: Site, order: Order, over: asyncio.Event) -> int:
    """Kills the worker at moments that only the seed knows; it is started again at once, as systemd would.

    One that has not finished a turn since its start is given the time to, or the kill would prove nothing.
    """
    chance, worker = random.Random(order.seed), site.parts["worker"]
    moments = sorted(chance.uniform(0, order.seconds) for _ in range(order.kills))
    began, started, kills = time.monotonic(), datetime.now(UTC), 0
    for moment in moments:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        while not over.is_set() and not await asyncio.to_thread(_works, site.worker_url, started):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.1)
        if over.is_set():
            break
        await asyncio.to_thread(worker.kill)
        started = datetime.now(UTC)
        await asyncio.to_thread(worker.start)
        kills += 1
    return kills


def _works(worker_url: str, since: datetime) -> bool:
    """Whether the notifier has finished a turn since a moment."""
    with psycopg.connect(worker_url) as connection:
        row = connection.execute("SELECT max(at) > %s FROM worker_pulse WHERE part = 'notifying'", [since]).fetchone()
    return bool(row and row[0])


def _client(broker: Mosquitto, device: Enrolled) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=device.device_id,
        password=device.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=30,
    )
