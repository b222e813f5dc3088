"""One single fault in the middle of a run: a part killed or stopped, a broker restarted, a receiver that is slow."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Final

from fjarrkoll.alarm_run.sink import Sink
from fjarrkoll.local.part import Part
from fjarrkoll.services import Mosquitto

STOPPED_SECONDS: Final = 60.0
SLOW_SECONDS: Final = 30.0
THINKS_SECONDS: Final = 3.0


class Fault(StrEnum):
    """What goes wrong; everything but the database."""

    NONE = "none"
    WORKER_KILLED = "worker-killed"
    WORKER_STOPPED = "worker-stopped"
    INGEST_KILLED = "ingest-killed"
    INGEST_STOPPED = "ingest-stopped"
    BROKER_RESTARTED = "broker-restarted"
    RECEIVER_SLOW = "receiver-slow"


def needs_twin(fault: Fault) -> str | None:
    """Which part must run twice before the fault: one that only stands still is not started again by anybody."""
    return {Fault.WORKER_STOPPED: "worker", Fault.INGEST_STOPPED: "ingest"}.get(fault)


async def happens(fault: Fault, parts: Mapping[str, Part], broker: Mosquitto, heard: Sink) -> None:
    """Makes it happen and mends it again; what was killed is started at once, as a supervisor would.

    Args:
        fault: which one.
        parts: "worker" and "ingest"; a second one of its kind runs beside for the fault that stops one.
        broker: restarted in good order, which keeps its sessions.
        heard: the receiver.
    """
    happening: dict[Fault, Callable[[], Awaitable[None]]] = {
        Fault.WORKER_KILLED: lambda: _killed(parts["worker"]),
        Fault.INGEST_KILLED: lambda: _killed(parts["ingest"]),
        Fault.WORKER_STOPPED: lambda: _stopped(parts["worker"]),
        Fault.INGEST_STOPPED: lambda: _stopped(parts["ingest"]),
        Fault.BROKER_RESTARTED: lambda: asyncio.to_thread(_restarted, broker),
        Fault.RECEIVER_SLOW: lambda: _slow(heard),
    }
    if fault in happening:
        await happening[fault]()


async def _killed(part: Part) -> None:
    await asyncio.to_thread(part.kill)
    await asyncio.to_thread(part.start)


async def _stopped(part: Part) -> None:
    pid = part.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(STOPPED_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _restarted(broker: Mosquitto) -> None:
    broker.stop()
    broker.start()


async def _slow(heard: Sink) -> None:
    heard.thinks_seconds = THINKS_SECONDS
    await asyncio.sleep(SLOW_SECONDS)
    heard.thinks_seconds = 0.0
