"""The whole chain: generator, broker, ingest, database; counted in the database, compared with what was generated."""

import time
from typing import Final, LiteralString

import mqtt5
import psycopg
from psycopg import sql

from benchmarks.acknowledgements import READ_BYTES
from benchmarks.checking import check
from benchmarks.children import child
from benchmarks.database_ceilings import LEDGER
from benchmarks.generator import Order, Report, connect
from benchmarks.resources import Watched, peak_mebibytes, resident_mebibytes, spent
from benchmarks.results import Costs, EndToEnd, Speed
from benchmarks.stage import INGEST, READINGS, Stage
from benchmarks.workload import BOOT, MINUTE_MILLISECONDS, Row, Workload
from fjarrkoll.local.part import Part
from fjarrkoll.services.errors import StartError
from fjarrkoll.services.process import free_port
from fleet import codec
from fleet.messages import Reading
from fleet.topics import Verb, topic

_POLL_SECONDS: Final = 0.05
_READY_SECONDS: Final = 30.0
_CANARY_SECONDS: Final = 0.5
_DRAIN_SECONDS: Final = 300.0
_SETTLED_SECONDS: Final = 5.0
"""When no row has been added for so long, no more will come."""


def end_to_end(stage: Stage, workload: Workload) -> EndToEnd:
    """Sends the workload through ingest and waits until the database holds it, or holds no more of it.

    The ledger of `copy_ceiling` must be there.

    Raises:
        StartError: ingest did not come up, or ended.
        ChildError: the generator gave up.
    """
    with (
        ingest(stage) as part,
        psycopg.connect(stage.postgres.superuser_dsn("fjarrkoll"), autocommit=True) as observer,
    ):
        _wait_for_canary(stage, stage.order(workload), part, observer)
        idle = resident_mebibytes(part.pid)
        _warm_up(stage, workload, part, observer)
        stage.checkpoint()
        with child("benchmarks.generator", stage.order(workload), Report) as generator:
            watched = Watched(
                single={"generator": generator.pid, "broker": stage.broker.pid, "ingest": part.pid},
                families={"database": stage.postgres.pid},
                observers=[observer.info.backend_pid],
            )
            before = watched.snapshot()
            generator.go()
            report = generator.report()
            _wait_for(stage, workload.rows_of(workload.produced - 1)[-1], part, observer)
            after = watched.snapshot()
        _wait_until_settled(workload, stage.canary, observer)
        peak, seconds = peak_mebibytes(part.pid), last_commit(observer, READINGS) - report.started_at
    return EndToEnd(
        messages=Speed(workload.messages, seconds),
        rows=Speed(workload.messages * workload.readings_per_message, seconds),
        publish_seconds=report.ended_at - report.started_at,
        acknowledged=report.acknowledged,
        costs=Costs.of(spent(before, after) | {"generator": report.cpu_seconds}),
        ingest_peak_mebibytes=peak,
        ingest_growth_mebibytes=peak - idle,
        check=check(stage.postgres.superuser_dsn("fjarrkoll"), READINGS, LEDGER, stage.canary),
    )


def ingest(stage: Stage) -> Part:
    """Ingest as everyone runs it, with its default settings."""
    return Part(
        "ingest",
        ["ingest", "run"],
        {
            "ingest_database_url": stage.urls.ingest,
            "mqtt_host": stage.broker.host,
            "mqtt_port": str(stage.broker.port),
            "mqtt_username": INGEST,
            "mqtt_password": stage.passwords[INGEST],
            "metrics_port": str(free_port()),
        },
        stage.folder,
    )


def last_commit(observer: psycopg.Connection, table: str) -> float:
    """When the latest of a table's rows was committed, in seconds since 1970, by the server's own record of commits."""
    found = observer.execute(
        sql.SQL("SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::double precision FROM {}").format(
            sql.Identifier(table)
        )
    ).fetchone()
    if found is None or found[0] is None:
        raise StartError(f"nothing at all was stored in {table}")
    return float(found[0])


def _wait_for_canary(stage: Stage, order: Order, part: Part, observer: psycopg.Connection) -> None:
    """Speaks for the canary until a row of it is stored: ingest is then connected, subscribed and warm."""
    deadline = time.monotonic() + _READY_SECONDS
    attempt = 0
    while not _count(observer, "device_no = %s", stage.canary):
        part.check()
        if time.monotonic() > deadline:
            raise StartError(f"ingest stored nothing in {_READY_SECONDS:.0f} s; its log is {part.log_path}")
        attempt += 1
        _say(order, stage.canary_id, attempt)
        time.sleep(_CANARY_SECONDS)


def _say(order: Order, device: str, seq: int) -> None:
    now = time.time_ns() // 1_000_000 - MINUTE_MILLISECONDS
    reading = Reading(ts=now, boot=BOOT, seq=seq, values={"battery.soc": 80.0})
    line, _ = connect(order)
    with line:
        line.setblocking(True)
        line.sendall(
            mqtt5.PublishPacket(
                topic(device, Verb.TELEMETRY), codec.encode(reading), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1
            ).write()
        )
        line.recv(READ_BYTES)


def _warm_up(stage: Stage, workload: Workload, part: Part, observer: psycopg.Connection) -> None:
    """Lets each device report once, so that what is timed is a fleet that has been at work for a while."""
    with child("benchmarks.generator", stage.order(workload, warming=True), Report) as generator:
        generator.go()
        generator.report()
    _wait_for(stage, workload.rows_of(workload.warming[-1])[-1], part, observer)


def _wait_for(stage: Stage, last: Row, part: Part, observer: psycopg.Connection) -> None:
    """Looks for a row by its key, which costs the database next to nothing; gives up when it does not come."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < deadline:
        part.check()
        if _count(
            observer,
            "device_no = %s AND ts = to_timestamp(%s / 1000.0) AND boot = %s AND seq = %s",
            *(stage.device_numbers[last.device], last.at, BOOT, last.seq),
        ):
            return
        time.sleep(_POLL_SECONDS)


def _wait_until_settled(workload: Workload, canary: int, observer: psycopg.Connection) -> None:
    """Waits until all rows are there, or none has been added for a while: the check then says what is missing."""
    wanted = (workload.produced - workload.withheld) * workload.readings_per_message
    known, since = -1, time.monotonic()
    while known < wanted and time.monotonic() - since < _SETTLED_SECONDS:
        found = _count(observer, "device_no <> %s", canary)
        if found > known:
            known, since = found, time.monotonic()
        else:
            time.sleep(_POLL_SECONDS)


def _count(observer: psycopg.Connection, condition: LiteralString, *parameters: object) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE ").format(sql.Identifier(READINGS)) + sql.SQL(condition)
    row = observer.execute(query, parameters).fetchone()
    return 0 if row is None else int(row[0])
