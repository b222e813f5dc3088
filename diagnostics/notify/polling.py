"""Asks providers that do not call us what became of their messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from diagnostics.notify.channel import Channel
from diagnostics.notify.gateway import Gateway
from diagnostics.queries import execute, fetch_all, room
from fleet.plumbing.database import Pool

_SQL: Final = room(__file__)
_AT_ONCE: Final = 20


@dataclass(slots=True)
class Polling:
    """Asks about messages that were accepted and not yet confirmed."""

    pool: Pool
    channels: Mapping[str, Channel]

    async def round(self) -> int:
        """Asks about some of them; returns how many receipts that brought."""
        asked = {name: channel for name, channel in self.channels.items() if isinstance(channel, Gateway)}
        if not asked:
            return 0
        async with self.pool.connection() as connection:
            open_ones = await fetch_all(connection, _SQL["unconfirmed"], {"channels": list(asked), "limit": _AT_ONCE})
        came = 0
        for row in open_ones:
            receipt = await asked[row["channel"]].ask(row["reference"])
            if receipt is not None and receipt.arrived is not None:
                parameters = {"channel": row["channel"], "reference": receipt.reference, "arrived": receipt.arrived}
                async with self.pool.connection() as connection:
                    await execute(connection, _SQL["receipt"], parameters)
                came += 1
        return came
