"""Alarms while a whole region speaks: the swarm, dispensers that jam beside it, and one fault in the middle."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks.children import child
from benchmarks.fleet_stage import FleetStage, fleet_stage
from benchmarks.swarm import SwarmOrder
from device_sim.regional.accounts import PER_GATEWAY
from device_sim.regional.plan import RegionalPlan
from device_sim.regional.report import RegionalReport
from fjarrkoll.alarm_run.judging import Conditions, Result, judge
from fjarrkoll.alarm_run.run import Order, Site, double, enroll, jam, settle
from fjarrkoll.alarm_run.sink import Sink, sink
from fjarrkoll.local.part import Part
from fleet.plumbing.store.register import Enrolled
from fleet.registry import load_registry

_SECRET = "the-secret-both-sides-know"  # noqa: S105 - of a receiver on this machine, for the length of a run
_READY_SECONDS = 60.0
_SETTLES_SECONDS = 90.0
_LINES_TOLD = 12
_WARM_SECONDS = 65.0
"""The fleet speaks for a minute before the first jam, so that every device has a state and the sweep is at work."""


def measure_alarms_under_load(order: Order, devices: int, tell: Callable[[str], None]) -> Result:
    """Lets a region speak, one message a minute and device, while dispensers jam.

    Raises:
        StartError: a part did not come up, or ended.
        ChildError: the swarm gave up.
    """
    plan = RegionalPlan(devices=devices, seed=order.seed)
    with sink(order.receiver_seconds) as heard, fleet_stage(plan, PER_GATEWAY, tell) as stage, ExitStack() as stack:
        with psycopg.connect(stage.urls.owner) as connection:
            jamming = enroll(connection, load_registry(), {"dispenser": order.alarms})
        tell("the broker reads its list again, with the dispensers")
        stage.broker.add_credentials({device.device_id: device.password for device in jamming})
        parts = _parts(stage, heard)
        for part in parts.values():
            stack.enter_context(part)
        stage.wait_ready([*parts.values()])
        double(parts, order.fault, stack)
        return _run(stage, Site(stage.broker, parts, stage.urls.worker), order, plan, jamming, heard, tell)


def _run(  # noqa: PLR0913, PLR0917 - one run's pieces
    stage: FleetStage,
    site: Site,
    order: Order,
    plan: RegionalPlan,
    jamming: list[Enrolled],
    heard: Sink,
    tell: Callable[[str], None],
) -> Result:
    seconds = _WARM_SECONDS + order.seconds + 10
    swarm_order = SwarmOrder(
        host=stage.broker.host,
        port=stage.broker.port,
        plan=plan,
        accounts=stage.accounts,
        seconds=seconds,
        drain_seconds=60.0,
        ledger=str(stage.folder / "ledger.npz"),
    )
    with child("benchmarks.swarm", swarm_order, RegionalReport, errors=stage.folder / "swarm.log") as swarm:
        swarm.go(str(int((time.time() + 1) * 1000)))
        tell(f"{plan.devices} devices speak, {plan.per_second:.0f} messages/s; jams begin in {_WARM_SECONDS:.0f} s")
        time.sleep(_WARM_SECONDS)
        tell(f"{order.alarms} dispensers jam, {order.rate:g} a second; fault: {order.fault}")
        jammed, kills = asyncio.run(jam(site, order, jamming, heard))
        settle(heard, jammed, _SETTLES_SECONDS)
        tell("the swarm ends")
        report = swarm.report()
    conditions = Conditions(
        kills=kills,
        fault=order.fault,
        background=report.live / seconds,
        background_devices=plan.devices,
    )
    result = judge(jammed, list(heard.arrivals), conditions)
    if not (result.sound and result.in_time):
        _tell_ends_of_logs(stage.folder, tell)
    return result


def _tell_ends_of_logs(folder: Path, tell: Callable[[str], None]) -> None:
    """What the parts said themselves of a run that was too slow: it is gone with the folder otherwise."""
    for path in sorted(folder.glob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if "[info" not in line or "event_name=connected" in line]
        tell("\n".join([f"{path.name}:", *told[-_LINES_TOLD:]]))


def _parts(stage: FleetStage, heard: Sink) -> dict[str, Part]:
    receiver = {"webhook_url": heard.url, "webhook_secret": _SECRET, "webhook_allow_private": "true"}
    parts = {part.name: part for part in stage.parts()}
    parts["worker"] = parts["worker"].twin("worker", **receiver)
    return parts
