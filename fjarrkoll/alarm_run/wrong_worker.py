"""Negative control: a worker that marks a message as sent before it sends it; a kill then loses alarms."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import diagnostics.notify.outbox
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.pipeline import Delivery, Sent, Step, deliver
from diagnostics.worker import serve
from fleet.plumbing.logs import configure_logs
from fleet.plumbing.settings import load_settings


class EagerOutbox(Outbox):
    """Records first."""

    async def _one(self, delivery: Delivery, through: Sequence[Step]) -> None:
        await self._record(replace(delivery, outcome=Sent()))
        await asyncio.sleep(0.02)
        await deliver(delivery, through)


if __name__ == "__main__":
    settings = load_settings()
    configure_logs(settings)
    setattr(diagnostics.notify.outbox, "Outbox", EagerOutbox)  # noqa: B010 - patching a module is meant
    import diagnostics.worker

    setattr(diagnostics.worker, "Outbox", EagerOutbox)  # noqa: B010
    asyncio.run(serve(settings))
