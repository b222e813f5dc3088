"""An ingest process that is to be killed. Run as `python -m tests.integration.ingest.victim WHEN FIGURES`.

WHEN is `after-commit`, which is the service as it ships, or as the negative control `on-receipt`. Broker and database
come from the environment like those of `fjarrkoll ingest run`. Acknowledging takes 3 ms longer than it must, so that a
fair share of the kills falls between commit and acknowledgement, where by itself hardly one would. Every 20 ms it
writes down what it has counted.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry
from ingest.accepted import Accepted
from ingest.cli import consumer_settings, for_urgent
from ingest.consumer import Delivery, ThinConsumer
from ingest.figures import Timings
from ingest.service import Service, ServiceSettings
from ingest.write.connection import Connection
from ingest.write.transaction import Transaction

SECONDS_BEFORE_ACKNOWLEDGING = 0.003


class SlowToAcknowledge(ThinConsumer):
    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        await asyncio.sleep(SECONDS_BEFORE_ACKNOWLEDGING)
        return await super().acknowledge_batch(batch)


class SlowerToAcknowledge(ThinConsumer):
    """So slow that nearly every kill of a control falls in between: it has few, and one must."""

    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        await asyncio.sleep(10 * SECONDS_BEFORE_ACKNOWLEDGING)
        return await super().acknowledge_batch(batch)


class AcknowledgesOnReceipt(ThinConsumer):
    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        batch = await super().next_batch(limit, linger)
        await super().acknowledge_batch(batch)
        return batch

    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        del batch
        return 0


CONSUMERS = {
    "after-commit": SlowToAcknowledge,
    "never-looks": SlowerToAcknowledge,
    "on-receipt": AcknowledgesOnReceipt,
}


async def look_away(_: Transaction, __: Connection, accepted: Accepted) -> tuple[Accepted, int]:
    return accepted, 0


async def serve(when: str, figures: Path) -> None:
    if when == "never-looks":
        Transaction._without_stored = look_away  # type: ignore[assignment]  # what the control is about
    settings = load_settings()
    service = Service(
        ServiceSettings(
            shard=settings.ingest_shard,
            database=settings.need("ingest_database_url"),
            batch=settings.ingest_batch,
            linger_seconds=settings.ingest_linger_seconds,
            share_from=settings.ingest_share_from,
        ),
        load_registry(),
        lambda: CONSUMERS[when](consumer_settings(settings)),
        Timings(CollectorRegistry()),
        lambda: CONSUMERS[when](for_urgent(consumer_settings(settings))),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.stop)
    counting = asyncio.create_task(count(service, figures))
    await service.serve()
    counting.cancel()


async def count(service: Service, figures: Path) -> None:
    draft = figures.with_suffix(".draft")
    while True:
        draft.write_text(json.dumps(service.figures.as_json(service.counted())))
        draft.replace(figures)
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
