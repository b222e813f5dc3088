"""A worker's engine, ladder and outbox, to be killed: `python -m tests.integration.diagnostics.alarm_victim URL [HOW]`.

The database comes from the environment. Any HOW makes a notifier that does not wait for its receiver.
"""

import asyncio
import sys

import structlog

from diagnostics.alarms.judging import Judge
from diagnostics.escalation.walking import Walker
from diagnostics.metrics import WorkerMetrics
from diagnostics.notify import lanes, outbox
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.webhook import Webhook
from fleet.plumbing.database import database_pool
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry

SECRET = "the-secret-both-sides-know"


async def main(url: str) -> None:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    settings = load_settings()
    metrics = WorkerMetrics()
    async with database_pool(settings.need("worker_database_url"), "victim", largest=3) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], metrics)
        notifier = Outbox(pool, {"webhook": Webhook(url, SECRET, allow_private=True)}, "http://api", metrics)
        walker = Walker(pool, ["webhook"], metrics)

        async def judging() -> None:
            while True:
                await judge.round()
                await asyncio.sleep(0.02)

        async def telling() -> None:
            while True:
                await walker.round()
                await walker.pulse("victim")
                await notifier.round()
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(judging())
            tasks.create_task(telling())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        lanes.SLOW_SECONDS = outbox.STAGGER_SECONDS = 0.0  # type: ignore[misc]  # the control's own way in
    asyncio.run(main(sys.argv[1]))
