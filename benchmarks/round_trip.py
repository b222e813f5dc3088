"""How long a technician waits for the fault codes of a device, over the API, while the whole fleet speaks."""

import asyncio
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Final

import httpx
import msgspec
import psycopg

from benchmarks.children import child
from benchmarks.fleet_stage import FleetStage, fleet_stage
from benchmarks.swarm import SwarmOrder
from device_sim.connection import Connection, Line
from device_sim.device import Identity, SimulatedDevice
from device_sim.persona import Habit, draw_persona
from device_sim.regional.accounts import PER_GATEWAY
from device_sim.regional.plan import RegionalPlan
from device_sim.regional.report import RegionalReport
from fjarrkoll.local.part import Part
from fjarrkoll.services.process import free_port
from fleet.plumbing.store.register import NewDevice, create_token, enroll_devices
from fleet.registry import load_registry

PROBES: Final = 10
"""Devices that are asked, each by a caller of its own: one caller may ask once a second."""
_PAUSE_SECONDS: Final = (1.1, 2.2)
"""Between two questions of a caller, drawn anew each time. People do not ask in step: ten at once, over and over, would
wait for each other more than for the fleet."""
_READY_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 120.0


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the way, in milliseconds; every clock on it is this machine's.

    Attributes:
        least: what remains where nothing else wants the processors: waits that are built in show here.
    """

    least: float
    p50: float
    p95: float
    p99: float


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was answered: seconds since 1970 at both ends."""

    command_id: str
    began: float
    ended: float


class RoundTrips(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, in milliseconds from the request to the answer with the device's fault codes.

    Attributes:
        unanswered: requests without a succeeded answer; they are in no percentile, so they must be told beside them.
        fleet_messages_per_second: what the fleet really sent meanwhile.
        stages: where the time went, in order: from the request to the command's row, to the device's answer, to the
            batch of ingest that it came in, to the row moved on in its transaction, and to the caller.
    """

    asked: int
    unanswered: int
    p50: float
    p95: float
    p99: float
    longest: float
    least: float
    fleet_messages_per_second: float
    stages: dict[str, Stage]


def measure_round_trips(
    devices: int, interval: int, seconds: float, after: float, tell: Callable[[str], None]
) -> RoundTrips:
    """Sets the stage of a regional run with an API beside it, lets the fleet speak and asks the probes meanwhile.

    Args:
        devices: that speak, beside the probes.
        interval: seconds between two messages of a device.
        seconds: for how long probes are asked.
        after: seconds that the fleet speaks before the first question. The first minute is not like those that follow:
            every device is heard for the first time, and the worker makes its first rounds over a region it never saw.
        tell: takes lines of progress.

    Raises:
        StartError: a part did not come up.
        ChildError: the swarm gave up.
    """
    plan = RegionalPlan(devices=devices, seed=1, interval_seconds=interval)
    with fleet_stage(plan, PER_GATEWAY, tell) as stage:
        port = free_port()
        api = {"api_database_url": stage.urls.api, "api_port": str(port), "log_level": "WARNING"}
        parts = [*stage.parts(), Part("api", ["diagnostics", "api"], api, stage.folder)]
        try:
            for part in parts:
                part.start()
            _wait_ready(port, parts)
            tell("the worker judges the region")
            stage.wait_ready(parts)
            return _with_fleet(stage, plan, (after, seconds), f"http://127.0.0.1:{port}", tell)
        finally:
            for part in reversed(parts):
                part.stop()


def _with_fleet(
    stage: FleetStage, plan: RegionalPlan, times: tuple[float, float], address: str, tell: Callable[[str], None]
) -> RoundTrips:
    after, seconds = times
    probes, tokens = _probes(stage)
    order = SwarmOrder(
        host=stage.broker.host,
        port=stage.broker.port,
        plan=plan,
        accounts=stage.accounts,
        seconds=after + seconds,
        drain_seconds=_DRAIN_SECONDS,
        ledger=str(stage.folder / "ledger.npz"),
    )
    with child("benchmarks.swarm", order, RegionalReport, errors=stage.folder / "swarm.log") as swarm:
        swarm.go(str(int((time.time() + 1.0) * 1000)))
        tell(f"{plan.devices} devices speak, {plan.per_second:.0f} messages/s")
        time.sleep(after)
        tell(f"{PROBES} are asked")
        took = asyncio.run(_asked(address, probes, tokens, seconds))
        report = swarm.report()
        stages = _stages(stage.superuser, [one for one in took if one is not None])
    good = sorted((one.ended - one.began) * 1000 for one in took if one is not None)
    if len(good) < 2:
        good = [float("nan")] * 2
    cuts = statistics.quantiles(good, n=100, method="inclusive")
    return RoundTrips(
        asked=len(took),
        unanswered=sum(one is None for one in took),
        p50=round(cuts[49], 1),
        p95=round(cuts[94], 1),
        p99=round(cuts[98], 1),
        longest=round(good[-1], 1),
        least=round(good[0], 1),
        fleet_messages_per_second=round(report.live / (after + seconds), 1),
        stages=stages,
    )


_WAY: Final = """
    SELECT c.command_id::text, extract(epoch FROM c.created_at), extract(epoch FROM r.ts),
           extract(epoch FROM r.received_at),
           (SELECT extract(epoch FROM max(t.at)) FROM command_transition t WHERE t.command_id = c.command_id)
      FROM command c JOIN command_reply r ON r.command_id = c.command_id::text AND r.status = 'succeeded'
     WHERE c.command_id = ANY (%s::uuid[])
"""


def _stages(url: str, taken: Sequence[Taken]) -> dict[str, Stage]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(_WAY, [[one.command_id for one in taken]]).fetchall()
    inside = {row[0]: [float(moment) for moment in row[1:]] for row in rows}
    ways = [[one.began, *inside[one.command_id], one.ended] for one in taken if one.command_id in inside]
    found = {}
    for place, name in enumerate(("asked", "answered by the device", "received", "stored", "told")):
        parts = sorted((way[place + 1] - way[place]) * 1000 for way in ways)
        cuts = statistics.quantiles(parts, n=100, method="inclusive") if len(parts) > 1 else [float("nan")] * 99
        least = parts[0] if parts else float("nan")
        found[name] = Stage(
            least=round(least, 1), p50=round(cuts[49], 1), p95=round(cuts[94], 1), p99=round(cuts[98], 1)
        )
    return found


def _probes(stage: FleetStage) -> tuple[list[Connection], list[str]]:
    """Enrolled chairs with a simulated device each, and a technician's token for each."""
    profile = load_registry()["wheelchair"]
    model = profile.models[0]
    with psycopg.connect(stage.urls.owner) as connection:
        new = [
            NewDevice(device_class=profile.name, model_key=model.key, individual_number=f"probe-{number}")
            for number in range(PROBES)
        ]
        enrolled = enroll_devices(connection, new, datetime.now(UTC))
        tokens = [create_token(connection, f"probe-{number}", "technician") for number in range(PROBES)]
    stage.broker.add_credentials({device.device_id: device.password for device in enrolled})
    line = Line(stage.broker.host, stage.broker.port)
    made = []
    for number, device in enumerate(enrolled):
        identity = Identity(device_id=device.device_id, profile=profile, model=model, firmware="1.0.0")
        simulated = SimulatedDevice(identity, draw_persona(Random(number), Habit.REGULAR), f"probe/{number}")
        made.append(Connection(simulated, device.password, line))
    return made, tokens


async def _asked(
    address: str, probes: Sequence[Connection], tokens: Sequence[str], seconds: float
) -> list[Taken | None]:
    running = [asyncio.create_task(probe.run()) for probe in probes]
    try:
        async with asyncio.timeout(_READY_SECONDS):
            for probe in probes:
                await probe.connected.wait()
        async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
            pairs = enumerate(zip(probes, tokens, strict=True))
            each = [_one(client, probe, token, seconds, Random(number)) for number, (probe, token) in pairs]
            return [took for part in await asyncio.gather(*each) for took in part]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _one(
    client: httpx.AsyncClient, probe: Connection, token: str, seconds: float, random: Random
) -> list[Taken | None]:
    ends, took = time.monotonic() + seconds, list[Taken | None]()
    path = f"/api/v1/devices/{probe.device.identity.device_id}/faults/read"
    await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS[1]))
    while time.monotonic() < ends:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
        began = time.time()
        answer = await client.post(path, params={"wait": 30}, headers=headers)
        ended = time.time()
        told = answer.json() if answer.is_success else {"state": "none"}
        done = told["state"] == "succeeded"
        took.append(Taken(command_id=told["command_id"], began=began, ended=ended) if done else None)
        await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))
    return took


def _wait_ready(port: int, parts: Sequence[Part]) -> None:
    ends = time.monotonic() + _READY_SECONDS
    while True:
        for part in parts:
            part.check()
        try:
            httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=5).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)
        else:
            return
