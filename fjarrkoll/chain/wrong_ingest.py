"""Ingest with one of its safeguards taken away, for the negative controls of the harness; nothing else starts it.

The real programs have no switch for any of this: what is wrong here is patched into this process alone.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

import ingest.cli
import ingest.write.writer
from fleet.plumbing.logs import configure_logs
from fleet.plumbing.settings import load_settings
from ingest.accepted import Accepted
from ingest.consumer import Delivery, ThinConsumer
from ingest.write.connection import Connection
from ingest.write.transaction import Transaction

app = typer.Typer(add_completion=False)


class EagerConsumer(ThinConsumer):
    """Acknowledges what it receives before anything is stored, as most clients do by default (reliability.md 2.2)."""

    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        """See `Consumer.next_batch`; the batch is acknowledged already."""
        batch = await super().next_batch(limit, linger)
        await super().acknowledge_batch(batch)
        return batch

    async def acknowledge_batch(self, batch: Sequence[Delivery]) -> int:
        """Nothing is left to do."""
        del batch
        return 0


class ForgetfulTransaction(Transaction):
    """Inserts whatever comes, without asking whether it is stored; the harness has dropped the unique key."""

    async def _without_stored(self, connection: Connection, accepted: Accepted) -> tuple[Accepted, int]:
        del connection
        return accepted, 0


@app.command()
def run(
    *,
    acknowledge_on_receipt: Annotated[bool, typer.Option()] = False,
    forget_identities: Annotated[bool, typer.Option()] = False,
    hold_everything: Annotated[bool, typer.Option()] = False,
) -> None:
    """Run ingest wrongly."""
    settings = load_settings()
    configure_logs(settings)
    if acknowledge_on_receipt:
        setattr(ingest.cli, "ThinConsumer", EagerConsumer)  # noqa: B010 - patching a module is meant
    if forget_identities:
        setattr(ingest.write.writer, "Transaction", ForgetfulTransaction)  # noqa: B010
    if hold_everything:  # all that a session may be sent unacknowledged, whatever it weighs
        setattr(ingest.cli, "BATCHES_IN_HAND", 65_535)  # noqa: B010
        setattr(ingest.cli, "BYTES_IN_HAND", 1 << 40)  # noqa: B010
    asyncio.run(ingest.cli._serve(settings))  # noqa: SLF001 - the same as `fjarrkoll ingest run`


if __name__ == "__main__":
    app()
