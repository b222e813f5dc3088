"""A regional run: swarm, broker, ingest, alarm worker and database on one machine, then the comparison."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from benchmarks.children import child
from benchmarks.fleet_check import check, keep_ledger, lag
from benchmarks.fleet_results import CORES, FleetRun, Lag
from benchmarks.fleet_stage import FleetStage, fleet_stage
from benchmarks.resources import Watched, cpu_seconds, peak_mebibytes, resident_mebibytes, spent
from benchmarks.results import Costs
from benchmarks.swarm import SwarmOrder
from device_sim.regional.accounts import PER_GATEWAY
from device_sim.regional.plan import RegionalPlan
from device_sim.regional.report import RegionalReport
from fjarrkoll.chain.site import scraped
from fjarrkoll.local.part import Part

_READY_SECONDS: Final = 60.0
_AHEAD_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 180.0
_PLATFORM: Final = ("broker", "ingest", "worker", "database")


class FleetOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to run; `plan.began_at` is set when all stand ready.

    Attributes:
        in_array: stored-up readings sent as one array.
        ask_every: live messages of a device between two that ask for a receipt.
        drain_seconds: at most, until everything is confirmed.
        per_gateway: devices behind one gateway; 0: one supplier speaks for all.
        warm_seconds: before time and cost are counted: every device is heard for the first time, which no region is
            within a minute. What is lost, doubled or changed is counted from the beginning.
        kill_broker_after: seconds after the beginning at which the broker is killed and started again; None for never.
    """

    plan: RegionalPlan
    seconds: float
    in_array: int = 40
    ask_every: int = 5
    drain_seconds: float = _DRAIN_SECONDS
    per_gateway: int = PER_GATEWAY
    warm_seconds: float = 0.0
    kill_broker_after: float | None = None

    @property
    def spoken_seconds(self) -> float:
        """How long the devices speak."""
        return self.warm_seconds + self.seconds


def measure_fleet(order: FleetOrder, tell: Callable[[str], None]) -> FleetRun:
    """Sets the stage, lets the fleet speak, compares the database with what it said.

    Raises:
        StartError: a part did not come up, or ended.
        ChildError: the swarm gave up.
    """
    with fleet_stage(order.plan, order.per_gateway, tell) as stage:
        parts = stage.parts()
        try:
            for part in parts:
                part.start()
            tell("the worker judges the region")
            stage.wait_ready(parts)
            return _run(stage, parts, order, tell)
        finally:
            for part in reversed(parts):
                part.stop()


def _run(stage: FleetStage, parts: list[Part], order: FleetOrder, tell: Callable[[str], None]) -> FleetRun:
    ledger, log = stage.folder / "ledger.npz", stage.folder / "swarm.log"
    tell(f"connecting {len(stage.accounts)} lines")
    with (
        child("benchmarks.swarm", _order(stage, order, ledger), RegionalReport, errors=log) as swarm,
        psycopg.connect(stage.superuser, autocommit=True) as observer,
    ):
        began_at = int((time.time() + _AHEAD_SECONDS) * 1000)
        plan = msgspec.structs.replace(order.plan, began_at=began_at)
        tell(f"{plan.devices} devices speak for {order.spoken_seconds:.0f} s, {plan.per_second:.0f} messages/s")
        watch = _Watch(stage, parts, swarm.pid, observer.info.backend_pid)
        swarm.go(str(began_at))
        if order.warm_seconds:
            time.sleep(_AHEAD_SECONDS + order.warm_seconds)
            watch.count_from_here()
        _while_it_lasts(stage, order)
        took = watch.took()
        for part in parts:
            part.check()
        tell("waiting for the last receipts")
        report = swarm.report()
        growth, figures = watch.growth(), scraped(stage.ingest_metrics)
        peaks = {"broker": peak_mebibytes(stage.broker.pid), "ingest": peak_mebibytes(watch.ingest)}
    tell("comparing")
    keep_ledger(stage.superuser, plan, stage.device_numbers, ledger)
    found, alarms = check(stage.superuser, plan)
    costs = Costs.of(took)
    shares = costs.shares(order.seconds, CORES)
    return FleetRun(
        devices=plan.devices,
        interval_seconds=plan.interval_seconds,
        readings_per_message=plan.readings_per_message,
        seconds=order.seconds,
        warm_seconds=order.warm_seconds,
        messages_per_second=round(report.live / order.spoken_seconds, 1),
        rows_per_second=round((found.stored - plan.returning * plan.seq_before) / order.spoken_seconds, 1),
        lag=lag(stage.superuser, plan, since=plan.began_at + order.warm_seconds * 1000),
        lag_beside_backlog=_beside_backlog(stage, plan, report),
        outside_generator=round(sum(shares[name] for name in _PLATFORM), 4),
        shares={name: round(share, 4) for name, share in shares.items()},
        costs=costs,
        swarm=report,
        backlog_readings=plan.returning * plan.seq_before,
        backlog_per_second=_backlog_rate(plan, report),
        enrolled_seconds=round(stage.enrolled_seconds, 1),
        broker_peak_mebibytes=round(peaks["broker"], 1),
        ingest_peak_mebibytes=round(peaks["ingest"], 1),
        ingest_growth_mebibytes=growth,
        dropped=int(figures.get("broker_dropped", 0)),
        duplicates=int(figures.get("duplicates", 0)),
        alarms=alarms,
        large_pages=stage.large_pages,
        check=found,
    )


class _Watch:
    """What is read before and after: CPU by part, and ingest's memory."""

    def __init__(self, stage: FleetStage, parts: list[Part], swarm: int, observer: int) -> None:
        pids = {part.name: part.pid for part in parts}
        self.ingest = pids["ingest"]
        self._broker = stage.broker.pid
        self._watched = Watched({"swarm": swarm, **pids}, {"database": stage.postgres.pid}, [observer])
        self._stage = stage
        self._resident = resident_mebibytes(self.ingest)
        self._before = self._snapshot()

    def count_from_here(self) -> None:
        """Leaves out of the cost what has been so far."""
        self._before = self._snapshot()

    def took(self) -> dict[str, float]:
        """CPU seconds since it was made, or `count_from_here`; of a broker that was killed only its successor."""
        after = self._snapshot()
        if self._stage.broker.pid != self._broker:
            self._before["broker"] = 0.0
        return spent(self._before, after)

    def growth(self) -> float:
        """MiB that ingest held at most, above what it held when this was made."""
        return round(peak_mebibytes(self.ingest) - self._resident, 1)

    def _snapshot(self) -> dict[str, float]:
        return {**self._watched.snapshot(), "broker": cpu_seconds(self._stage.broker.pid)}


def _order(stage: FleetStage, order: FleetOrder, ledger: Path) -> SwarmOrder:
    return SwarmOrder(
        host=stage.broker.host,
        port=stage.broker.port,
        plan=order.plan,
        accounts=stage.accounts,
        seconds=order.spoken_seconds,
        drain_seconds=order.drain_seconds,
        ledger=str(ledger),
        in_array=order.in_array,
        ask_every=order.ask_every,
    )


def _while_it_lasts(stage: FleetStage, order: FleetOrder) -> None:
    ahead = 0.0 if order.warm_seconds else _AHEAD_SECONDS
    ends = time.monotonic() + ahead + order.seconds
    if order.kill_broker_after is not None:
        time.sleep(ahead + order.kill_broker_after)
        stage.broker.kill()
        stage.broker.start()
    time.sleep(max(0.0, ends - time.monotonic()))


def _beside_backlog(stage: FleetStage, plan: RegionalPlan, report: RegionalReport) -> Lag | None:
    if not plan.returning or not plan.seq_before:
        return None
    caught_up = report.caught_up_seconds if report.caught_up_seconds > 0 else report.seconds
    return lag(stage.superuser, plan, until=plan.began_at + caught_up * 1000)


def _backlog_rate(plan: RegionalPlan, report: RegionalReport) -> float:
    if not plan.returning or report.caught_up_seconds <= 0:
        return 0.0
    return round(plan.returning * plan.seq_before / report.caught_up_seconds, 1)
