"""A lease on a task that one worker at a time does, in the database's own time, with a fence against a late holder."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from diagnostics.queries import fetch_one, room
from fleet.errors import FjarrkollError
from fleet.plumbing.database import Connection, Pool

_SQL: Final = room(__file__)
SECONDS: Final = 6.0


class LeaseLostError(FjarrkollError):
    """Another worker has taken the task over; the transaction that found out changes nothing."""


@dataclass(slots=True)
class Lease:
    """One worker's claim on a task.

    Attributes:
        holder: this worker, by a name nobody else has.
        fence: number of the holding; a later holder has a higher one. None while somebody else holds it.
    """

    pool: Pool
    task: str
    seconds: float = SECONDS
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    fence: int | None = None

    async def held(self) -> bool:
        """Takes or keeps the lease; whether it is ours now."""
        parameters = {"task": self.task, "holder": self.holder, "seconds": self.seconds}
        async with self.pool.connection() as connection:
            row = await fetch_one(connection, _SQL["lease"], parameters)
        self.fence = None if row is None else row["fence"]
        return self.fence is not None

    async def check(self, connection: Connection) -> None:
        """Makes sure, inside the transaction that acts, that the lease is still ours, and keeps it so until its end.

        Raises:
            LeaseLostError: it is not.
        """
        parameters = {"task": self.task, "holder": self.holder, "fence": self.fence}
        if self.fence is None or await fetch_one(connection, _SQL["fenced"], parameters) is None:
            raise LeaseLostError(f"the task {self.task} belongs to another worker now")
