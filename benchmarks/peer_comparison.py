"""The same messages through the script people write themselves, on the same broker and database."""

from typing import Final

import msgspec
import psycopg

from benchmarks import peer
from benchmarks.children import child
from benchmarks.end_to_end import last_commit
from benchmarks.generator import Report
from benchmarks.resources import Watched, spent
from benchmarks.results import Costs, Peer, Speed
from benchmarks.stage import SUBSCRIBER, Stage
from benchmarks.workload import METRICS, Workload, device_id

_TABLE: Final = "bench_peer"


def peer_comparison(stage: Stage, workload: Workload, messages: int) -> Peer:
    """Sends the first `messages` of the workload to the script and waits until it has stored them.

    Raises:
        ChildError: the script or the generator gave up.
    """
    part = msgspec.structs.replace(workload, messages=messages, withheld=0)
    stage.make_like_readings(_TABLE)
    stage.checkpoint()
    with (
        child("benchmarks.peer", _order(stage, part), peer.Report) as script,
        child("benchmarks.generator", stage.order(part), Report) as generator,
        psycopg.connect(stage.postgres.superuser_dsn("fjarrkoll"), autocommit=True) as observer,
    ):
        watched = Watched(
            single={"generator": generator.pid, "broker": stage.broker.pid, "script": script.pid},
            families={"database": stage.postgres.pid},
            observers=[observer.info.backend_pid],
        )
        before = watched.snapshot()
        generator.go()
        report = generator.report()
        script.report()
        after = watched.snapshot()
        seconds = last_commit(observer, _TABLE) - report.started_at
        row = observer.execute("SELECT count(*) FROM bench_peer").fetchone()
    return Peer(
        messages=Speed(part.messages, seconds),
        rows=Speed(part.messages * part.readings_per_message, seconds),
        stored=row[0] if row else 0,
        costs=Costs.of(spent(before, after) | {"generator": report.cpu_seconds}),
    )


def _order(stage: Stage, workload: Workload) -> peer.Order:
    return peer.Order(
        host=stage.broker.host,
        port=stage.broker.port,
        username=SUBSCRIBER,
        password=stage.passwords[SUBSCRIBER],
        database_url=stage.urls.owner,
        table=_TABLE,
        metrics=list(METRICS),
        columns=[key.replace(".", "_") for key in METRICS],
        device_numbers={device_id(index): number for index, number in enumerate(stage.device_numbers)},
        messages=workload.messages,
    )
