"""What a request may see, and the only way to a connection that sees exactly that and nothing after."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from psycopg import AsyncTransaction
from psycopg.rows import dict_row
from psycopg.sql import SQL

from fleet.plumbing.database import Connection, Pool, in_few_messages
from fleet.signals import Audience

# The third argument makes it SET LOCAL: the database itself forgets at the transaction's end, however it ends. All four
# are always set, so that nothing remains of whoever had the connection before.
_SET: Final = """
    SELECT set_config('fjarrkoll.all_payers', %s, true), set_config('fjarrkoll.payers', %s, true),
           set_config('fjarrkoll.frames', %s, true), set_config('fjarrkoll.audiences', %s, true)
"""
_AND_KEEP_THE_PLAN: Final = ", set_config('plan_cache_mode', 'force_generic_plan', true)"


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
async def scoped(pool: Pool, scope: Scope) -> AsyncIterator[Connection]:
    """A connection in a transaction that sees what `scope` allows; committed at the end, rolled back on an error."""
    async with pool.connection() as connection, AsyncExitStack() as transaction:
        async with connection.pipeline():  # in one message; what follows is no pipeline any more
            await transaction.enter_async_context(AsyncTransaction(connection))
            await connection.execute(_SET, scope.settings())
        yield connection


@asynccontextmanager
async def scoped_in_few_messages(pool: Pool, scope: Scope) -> AsyncIterator[Connection]:
    """As `scoped`, for what somebody waits for; see `in_few_messages`. Plans are made once for each connection.

    For statements that go by keys: what the keys are makes no difference to their plan.
    """
    async with pool.connection() as connection, in_few_messages(connection):
        await connection.execute(_SET + _AND_KEEP_THE_PLAN, scope.settings())
        yield connection


async def look(pool: Pool, scope: Scope, statement: SQL, parameters: dict[str, Any]) -> dict[str, Any] | None:
    """The one row of a key as `scope` sees it, or None; in one message, by a plan made once for each connection.

    For whoever looks again and again at one row: beginning, scope, question and end would each wait for the database.
    What a pipeline sends before its end is one transaction to PostgreSQL ("Pipeline Mode" in its documentation of
    libpq), so what is set for it ends there. Should it be two one day, the question would see nothing.
    """
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        async with connection.pipeline():
            await connection.execute(_SET + _AND_KEEP_THE_PLAN, scope.settings())
            await cursor.execute(statement, parameters, prepare=True)
        return await cursor.fetchone()
