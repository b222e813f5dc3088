"""The same load through one shard and through two, each a broker of its own with its ingest, into one database."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.children import Child, child
from benchmarks.end_to_end import last_commit
from benchmarks.generator import Order, Report
from benchmarks.resources import Watched, peak_mebibytes, spent
from benchmarks.results import Costs
from benchmarks.shard_results import ShardRun, Shards
from benchmarks.stage import GENERATOR, GENERATOR_ACL, INGEST, READINGS, TEMPORARY, enroll, require_durable
from benchmarks.workload import BOOT, Workload
from fjarrkoll.chain.proxy import FaultProxy
from fjarrkoll.chain.site import scraped
from fjarrkoll.local.part import Part
from fjarrkoll.services import Mosquitto, Postgres, install
from fjarrkoll.services.errors import StartError
from fjarrkoll.services.process import free_port
from fleet.plumbing.store.bootstrap import Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.registry import load_registry

_PASSWORD: Final = "bench-of-shards"  # noqa: S105 - of brokers on this machine that live as long as the run
_READY_SECONDS: Final = 90.0
_SETTLED_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.1
_COUNT: Final = sql.SQL("SELECT count(*), count(DISTINCT (device_no, boot, seq)) FROM {} WHERE boot = %s").format(
    sql.Identifier(READINGS)
)

Tell = Callable[[str], None]


def measure_shards(workload: Workload, delay_seconds: float, tell: Tell) -> ShardRun:
    """Runs the load with one shard, then with two, on fresh servers each.

    Args:
        workload: what to send; its devices are spread over the shards by their number.
        delay_seconds: added to whatever passes between ingest and database, each way, as on another machine.
        tell: receives a sentence per phase.

    Raises:
        StartError: a part did not come up, or ended.
        ChildError: a generator gave up.
    """
    measured = []
    for shards in (1, 2):
        tell(f"starting servers of {shards}")
        with _stage(workload, shards, delay_seconds) as stage:
            measured.append(_measure(stage, workload, tell))
    return ShardRun(database_delay_seconds=delay_seconds, one=measured[0], two=measured[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    superuser: str
    postgres: Postgres
    brokers: list[Mosquitto]
    ingests: list[Part]
    metrics: list[int]


def _measure(stage: _Stage, workload: Workload, tell: Tell) -> Shards:
    with psycopg.connect(stage.superuser, autocommit=True) as observer:
        _ready(stage)
        _generate(stage, workload, warming=True)
        _settle(stage, observer, len(workload.warming) * workload.readings_per_message)
        observer.execute("CHECKPOINT")
        tell(f"{workload.messages} messages to {len(stage.brokers)}")
        watched = Watched(
            single={
                **{f"broker-{number}": broker.pid for number, broker in enumerate(stage.brokers)},
                **{part.name: part.pid for part in stage.ingests},
            },
            families={"database": stage.postgres.pid},
            observers=[observer.info.backend_pid],
        )
        before = watched.snapshot()
        reports = _generate(stage, workload)
        wanted = (workload.produced - workload.withheld) * workload.readings_per_message
        _settle(stage, observer, wanted)
        took = spent(before, watched.snapshot())
        seconds = last_commit(observer, READINGS) - min(report.started_at for report in reports)
        rows, distinct = observer.execute(_COUNT, [BOOT]).fetchone() or (0, 0)
    return Shards(
        shards=len(stage.brokers),
        messages=workload.messages,
        seconds=round(seconds, 3),
        costs=Costs.of(took | {"generators": sum(report.cpu_seconds for report in reports)}),
        ingest_peak_mebibytes=[round(peak_mebibytes(part.pid), 1) for part in stage.ingests],
        lost=workload.rows - int(distinct),
        doubled=int(rows) - int(distinct),
    )


def _generate(stage: _Stage, workload: Workload, *, warming: bool = False) -> list[Report]:
    """One generator a shard, all at once."""
    count = len(stage.brokers)
    with ExitStack() as stack:
        generators: list[Child[Report]] = []
        for number, broker in enumerate(stage.brokers):
            order = Order(
                host=broker.host,
                port=broker.port,
                username=GENERATOR,
                password=_PASSWORD,
                workload=workload,
                warming=warming,
                share=(number, count),
            )
            generators.append(stack.enter_context(child("benchmarks.generator", order, Report)))
        for generator in generators:
            generator.go()
        return [generator.report() for generator in generators]


def _ready(stage: _Stage) -> None:
    ends = time.monotonic() + _READY_SECONDS
    while any(scraped(port).get("connected") != 1.0 for port in stage.metrics):
        for part in stage.ingests:
            part.check()
        if time.monotonic() > ends:
            raise StartError(f"ingest is not connected after {_READY_SECONDS:.0f} s: {stage.ingests[0].log_path}")
        time.sleep(_POLL_SECONDS)


def _settle(stage: _Stage, observer: psycopg.Connection, wanted: int) -> None:
    """Returns when so many rows are there, or none has been added for a while: the count then says what is missing."""
    known, since = -1, time.monotonic()
    while known < wanted and time.monotonic() - since < _SETTLED_SECONDS:
        for part in stage.ingests:
            part.check()
        found = sum(int(scraped(port).get("readings", 0.0)) for port in stage.metrics)
        if found > known:
            known, since = found, time.monotonic()
        time.sleep(_POLL_SECONDS)
    observer.execute("SELECT 1")


@contextmanager
def _stage(workload: Workload, shards: int, delay_seconds: float) -> Iterator[_Stage]:
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-shards-", dir=TEMPORARY if TEMPORARY.is_dir() else None))
    folder.chmod(0o755)  # the servers' own account must get through
    try:
        with ExitStack() as stack:
            yield _set(stack, folder, workload, shards, delay_seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set(stack: ExitStack, folder: Path, workload: Workload, shards: int, delay_seconds: float) -> _Stage:
    binaries = install()
    settings = {"track_commit_timestamp": "on"}
    postgres = stack.enter_context(Postgres(binaries, folder / "database", durable=True, settings=settings))
    urls = bootstrap(postgres.superuser_dsn(), "fjarrkoll", Passwords.generate())
    migrate(urls.owner, load_registry())
    require_durable(urls.ingest)
    enroll(urls.owner, workload)
    database = urls.ingest
    if delay_seconds:
        port = stack.enter_context(_slow_line(postgres.port, delay_seconds))
        database = database.replace(f":{urlsplit(database).port}/", f":{port}/")
    brokers, parts, ports = [], [], []
    for number in range(shards):
        broker = Mosquitto(
            binaries,
            folder / f"broker-{number}",
            {GENERATOR: _PASSWORD, INGEST: _PASSWORD},
            extra_acl=GENERATOR_ACL,
            settings={"max_queued_messages": str(max(200_000, 2 * workload.produced))},
        )
        brokers.append(stack.enter_context(broker))
        ports.append(free_port())
        part = Part(
            f"ingest-{number}",
            ["ingest", "run"],
            {
                "ingest_database_url": database,
                "ingest_shard": f"ingest-{number}",
                "mqtt_host": broker.host,
                "mqtt_port": str(broker.port),
                "mqtt_username": INGEST,
                "mqtt_password": _PASSWORD,
                "metrics_port": str(ports[-1]),
            },
            folder,
        )
        parts.append(stack.enter_context(part))
    return _Stage(
        superuser=postgres.superuser_dsn("fjarrkoll"), postgres=postgres, brokers=brokers, ingests=parts, metrics=ports
    )


@contextmanager
def _slow_line(target: int, delay_seconds: float) -> Iterator[int]:
    """A line to a port of this machine on which everything takes longer; served by a thread of its own."""
    loop, proxy = asyncio.new_event_loop(), FaultProxy(lambda: target)
    proxy.delay_seconds = delay_seconds
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
    try:
        yield proxy.port
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
