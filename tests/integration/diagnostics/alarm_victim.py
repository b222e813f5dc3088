"""A worker's engine, ladder and outbox, to be killed.

`python -m tests.integration.diagnostics.alarm_victim URL [HOW…]`; the database comes from the environment. HOW:
"without waiting", a notifier that does not wait for its receiver; "short steps", ladders whose steps may be seconds;
"timers of its own", a walker that begins to wait anew when it starts, as one does that keeps its timers in memory;
"stops while judging", one that stands still (SIGSTOP) in the transaction that raises its first alarms; "for ever", with
connections on which the server lets it do so. It says that it lives as the part `victim-PID`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

import structlog

from diagnostics.alarms import telling
from diagnostics.alarms.judging import Judge
from diagnostics.escalation.walking import Walker
from diagnostics.metrics import WorkerMetrics
from diagnostics.notify import lanes, outbox
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.webhook import Webhook
from diagnostics.worker import alarm_pool
from fleet import ladder
from fleet.plumbing.database import Connection, Pool, database_pool
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry

SECRET = "the-secret-both-sides-know"


async def forget(pool: Pool) -> None:
    """What a timer in memory does at a restart."""
    async with pool.connection() as connection:
        await connection.execute("UPDATE escalation SET due_at = clock_timestamp() + wait WHERE ended_at IS NULL")


def stop_while_judging() -> None:
    begin = telling.began

    async def began(connection: Connection, alarm_ids: Sequence[int], channels: Sequence[str], now: datetime) -> None:
        if alarm_ids:
            os.kill(os.getpid(), signal.SIGSTOP)
        await begin(connection, alarm_ids, channels, now)

    telling.began = began


def pool_of(url: str, *, patient: bool) -> AbstractAsyncContextManager[Pool]:
    return database_pool(url, "victim", largest=3) if patient else alarm_pool(url, largest=3)


async def main(url: str, *, own_timers: bool, patient: bool) -> None:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    settings = load_settings()
    metrics = WorkerMetrics()
    async with pool_of(settings.need("worker_database_url"), patient=patient) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], metrics)
        notifier = Outbox(pool, {"webhook": Webhook(url, SECRET, allow_private=True)}, "http://api", metrics)
        walker = Walker(pool, ["webhook"], metrics)
        if own_timers:
            await forget(pool)

        async def judging() -> None:
            while True:
                await judge.round()
                await asyncio.sleep(0.02)

        async def telling() -> None:
            while True:
                await walker.round()
                await walker.pulse(f"victim-{os.getpid()}")
                await notifier.round()
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(judging())
            tasks.create_task(telling())


if __name__ == "__main__":
    how = sys.argv[2:]
    if "short steps" in how:
        ladder.SHORTEST_WAIT = timedelta(seconds=1)  # type: ignore[misc]  # a whole ladder within a test's patience
    if "stops while judging" in how:
        stop_while_judging()
    if "without waiting" in how:
        lanes.SLOW_SECONDS = outbox.STAGGER_SECONDS = 0.0  # type: ignore[misc]  # the control's own way in
    asyncio.run(main(sys.argv[1], own_timers="timers of its own" in how, patient="for ever" in how))
