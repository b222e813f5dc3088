"""A consumer process that is to be killed: it "stores" each message as a line of a file, and is slow about it.

Run as `python -m tests.integration.consumer.victim ADAPTER PORT FILE WHEN`; WHEN is `after-commit` or, as the negative
control, `on-receipt`. It ends by itself when nothing has come for a second.
"""

import asyncio
import sys
from pathlib import Path

from ingest.consumer import ConsumerSettings, Delivery
from tests.integration.consumer.adapters import ADAPTERS
from tests.integration.consumer.support import FILTER, PASSWORDS

COMMIT_SECONDS = 0.005
CLIENT_ID = "victim"


def commit(file: Path, batch: list[Delivery]) -> None:
    """One write for the batch: it is there whole or, when the process dies before, not at all."""
    lines = b"".join(b"%s %d\n" % (delivery.payload, delivery.redelivered) for delivery in batch)
    with file.open("ab", buffering=0) as ledger:
        ledger.write(lines)


async def serve(adapter: str, port: int, file: Path, when: str) -> None:
    settings = ConsumerSettings(
        host="127.0.0.1",
        port=port,
        client_id=CLIENT_ID,
        username="ingest",
        password=PASSWORDS["ingest"],
        receive_maximum=200,
    )
    async with ADAPTERS[adapter](settings) as consumer:
        await consumer.subscribe([FILTER])
        while batch := await asyncio.wait_for(consumer.next_batch(50, 0.01), 1.0):
            if when == "on-receipt":
                await consumer.acknowledge_batch(batch)
            await asyncio.sleep(COMMIT_SECONDS)  # the commit takes its time; a kill falls in here
            commit(file, batch)
            if when == "after-commit":
                await consumer.acknowledge_batch(batch)


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
    except TimeoutError:
        sys.exit(0)
