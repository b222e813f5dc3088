"""One whole run, phase after phase on the same servers, and the verdict that makes it fail."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Final

from benchmarks.broker_ceiling import broker_ceiling
from benchmarks.database_ceilings import copy_ceiling, idempotent_ceiling
from benchmarks.end_to_end import end_to_end
from benchmarks.machine import describe
from benchmarks.peer_comparison import peer_comparison
from benchmarks.results import Run
from benchmarks.stage import stage
from benchmarks.workload import Workload
from fleet.errors import FjarrkollError
from fleet.plumbing.settings import Settings

INGEST_BATCH: Final[int] = Settings.model_fields["ingest_batch"].default
_SAMPLED: Final = 200

Progress = Callable[[str], None]


class BenchmarkFailedError(FjarrkollError):
    """Readings were lost, stored twice or changed: no speed is worth anything then."""


def measure(workload: Workload, peer_messages: int, tell: Progress) -> Run:
    """Measures the ceilings, the whole chain and the peer.

    Args:
        workload: what to send.
        peer_messages: how many of it the peer gets; it is slow.
        tell: receives one sentence per phase.
    """
    load_before = os.getloadavg()[0]
    tell("starting PostgreSQL (durable) and Mosquitto, enrolling devices")
    with stage(workload) as ready:
        machine = describe(ready, load_before)
        tell("broker ceiling: generator → Mosquitto → mosquitto_sub")
        broker = broker_ceiling(ready, workload)
        tell("plain COPY ceiling")
        copy = copy_ceiling(ready, workload)
        rows_per_commit = INGEST_BATCH * workload.readings_per_message
        tell("idempotent write ceiling")
        idempotent = idempotent_ceiling(ready, workload, rows_per_commit)
        tell("end to end: generator → Mosquitto → ingest → TimescaleDB")
        chain = end_to_end(ready, workload)
        tell("peer: aiomqtt + executemany")
        peer = peer_comparison(ready, workload, min(peer_messages, workload.messages))
    return Run(
        machine=machine,
        messages=workload.messages,
        readings_per_message=workload.readings_per_message,
        devices=workload.devices,
        payload_bytes=_mean_payload(workload),
        broker=broker,
        copy=copy,
        idempotent_write=idempotent,
        rows_per_commit=rows_per_commit,
        end_to_end=chain,
        peer=peer,
    )


def require_sound(run: Run) -> None:
    """Refuses a run in which the database does not hold exactly what was generated.

    Raises:
        BenchmarkFailedError: with what is wrong.
    """
    if complaints := run.end_to_end.check.complaints():
        raise BenchmarkFailedError(f"of {run.end_to_end.check.expected} readings generated: {', '.join(complaints)}")


def now_milliseconds() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _mean_payload(workload: Workload) -> float:
    step = max(1, workload.produced // _SAMPLED)
    return statistics.fmean(len(workload.payload(message)) for message in range(0, workload.produced, step))
