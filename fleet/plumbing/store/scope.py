"""What a request may see, and the only way to a connection that sees exactly that and nothing after."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Self

from fleet.plumbing.database import Connection, Pool
from fleet.signals import Audience

# The third argument makes it SET LOCAL: the database itself forgets at the transaction's end, however it ends. All four
# are always set, so that nothing remains of whoever had the connection before.
_SET: Final = """
    SELECT set_config('fjarrkoll.all_payers', %s, true), set_config('fjarrkoll.payers', %s, true),
           set_config('fjarrkoll.frames', %s, true), set_config('fjarrkoll.audiences', %s, true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The payers, legal frames and audiences that a request is limited to; nothing given is nothing seen.

    Attributes:
        payers: payer_id of each; None for every payer and the devices in store. With every legal frame as well, loans
            are no boundary.
        frames: legal frames, such as "HSL".
        audiences: views of a device.
    """

    payers: frozenset[int] | None = frozenset()
    frames: frozenset[str] = frozenset()
    audiences: frozenset[Audience] = frozenset()

    def __post_init__(self) -> None:
        """Refuses frames that could be read as several."""
        for frame in self.frames:
            if not frame.isalpha():
                msg = f"legal frame {frame!r}: letters only, such as 'HSL'"
                raise ValueError(msg)

    @classmethod
    def everything(cls, frames: frozenset[str] = frozenset({"HSL", "SoL"})) -> Self:
        """Every payer, every audience."""
        return cls(payers=None, frames=frames, audiences=frozenset(Audience))

    def settings(self) -> tuple[str, str, str, str]:
        """The database's settings fjarrkoll.all_payers, .payers, .frames and .audiences."""
        return (
            "on" if self.payers is None else "",
            ",".join(str(int(payer)) for payer in sorted(self.payers or ())),
            ",".join(sorted(self.frames)),
            ",".join(sorted(self.audiences)),
        )


@asynccontextmanager
async def scoped(pool: Pool, scope: Scope, *, reading: bool = False) -> AsyncIterator[Connection]:
    """A connection in a transaction that sees what `scope` allows; committed at the end, rolled back on an error.

    Args:
        pool: whose connection.
        scope: what is seen.
        reading: only rows are fetched. Beginning, scope and the first question then go in one message, where each would
            wait for the database; how many rows a statement touched is not known then.
    """
    async with pool.connection() as connection:
        together = connection.pipeline() if reading else nullcontext()
        async with together, connection.transaction():
            await connection.execute(_SET, scope.settings())
            yield connection
