"""The way to PostgreSQL for services: an asynchronous pool that waits for the database and forgets between users."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection, AsyncPipeline, AsyncTransaction
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool

from fleet.errors import FjarrkollError

Connection = AsyncConnection[tuple[Any, ...]]
Pool = AsyncConnectionPool[Connection]

# A half-open line is noticed after 15 + 3 x 5 seconds without an answer (reliability.md D21).
_LINE: Final[dict[str, str | int]] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_PAUSE_SECONDS: Final = 0.2
# Words of the server that waiting will not change. A translated server says others; then we wait in vain, but no longer
# than asked.
_FINAL_ANSWERS: Final = (
    "password authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied for database",
)


class _Pool(AsyncConnectionPool[Connection]):
    """A pool whose waiting can be ended at any moment.

    Python 3.11's `asyncio.wait_for`, with which the pool waits for a connection, forgets a cancellation that arrives
    together with what was waited for (mended in 3.12). A service whose task was told to end would go on for ever.
    """

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109 - the library's signature
        task = asyncio.current_task()
        asked_before = task.cancelling() if task else 0
        connection = await super().getconn(timeout)
        if task and task.cancelling() > asked_before:
            await self.putconn(connection)
            raise asyncio.CancelledError
        return connection


class DatabaseUnavailableError(FjarrkollError):
    """The database did not let us in; the message says where it was looked for and what it said."""


@asynccontextmanager
async def database_pool(  # noqa: PLR0913 - what a pool needs, by name
    url: str,
    application: str,
    *,
    smallest: int = 1,
    largest: int = 4,
    wait_seconds: float = 30.0,
    replan: bool = False,
    settings: Mapping[str, str] | None = None,
    proved_seconds: float = 0.0,
) -> AsyncIterator[Pool]:
    """A pool of connections, open within the block.

    Connections are in autocommit: a statement is a transaction, and several need `async with connection.transaction()`.
    A connection is checked before it is handed out, and whatever was SET on it is reset when it comes back.

    Args:
        url: `postgresql://...` of one role.
        application: shown in pg_stat_activity.
        smallest: how many connections are kept open at least.
        largest: how many there are at most.
        wait_seconds: how long the database may take to answer at the start.
        replan: plan every statement for the values it is sent with. Lists whose filters may be absent need it: a plan
            for any values reads a whole table where a few rows were asked for (measured: 0.1 s became 1 s).
        settings: of the server, for every connection; ours, never anybody's input.
        proved_seconds: a connection that came back no longer ago is handed out unchecked. It was proved by the RESET; a
            request that meets one broken since then fails as it would on a line that breaks under it.

    Raises:
        DatabaseUnavailableError: it did not answer in that time, or refused us.
    """
    options: dict[str, Any] = {**_LINE, "application_name": application, "autocommit": True}
    wanted = {**(settings or {}), **({"plan_cache_mode": "force_custom_plan"} if replan else {})}
    if wanted:
        options["options"] = " ".join(f"-c {name}={value}" for name, value in wanted.items())
    await _wait_for_database(url, options, wait_seconds)
    proof = _Proof(proved_seconds)
    pool: Pool = _Pool(
        url,
        kwargs=options,
        min_size=smallest,
        max_size=largest,
        check=proof.check,
        reset=proof.forget_settings,
        name=application,
        open=False,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def in_few_messages(connection: Connection) -> AsyncIterator[AsyncPipeline]:
    """A transaction that waits for the database only where rows are asked for, and at its end.

    Its beginning, its commit and every statement of which nobody fetches a row travel with what comes next. Under load
    each wait costs two changes of process. Not `connection.transaction()`: within a pipeline that waits once more
    before its commit. Here it is not known how many rows a statement touched, and what one of them breaks is raised by
    the next fetch, or by the end; then nothing is committed, for the server skips all that follows.
    """
    try:
        async with connection.pipeline() as pipeline, AsyncTransaction(connection):
            yield pipeline
    except BaseException as error:
        with suppress(psycopg.Error):  # a broken line has rolled back itself
            await connection.rollback()
        first = error.__context__
        # Where the server's word arrives early, psycopg raises over it that what followed was skipped.
        if isinstance(error, psycopg.errors.PipelineAborted) and isinstance(first, psycopg.Error):
            raise first from None
        raise


async def _wait_for_database(url: str, options: dict[str, Any], wait_seconds: float) -> None:
    """Connects once, again and again while the server starts, so that a failure carries the server's own words."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            async with await AsyncConnection.connect(url, **options):
                return
        except psycopg.OperationalError as error:
            final = any(words in str(error) for words in _FINAL_ANSWERS)
            if final or time.monotonic() > deadline:
                raise DatabaseUnavailableError(_what_to_do(url, error)) from error
        await asyncio.sleep(_PAUSE_SECONDS)


def _what_to_do(url: str, error: psycopg.OperationalError) -> str:
    parts = conninfo_to_dict(url)
    place = f"{parts.get('dbname')} at {parts.get('host')}:{parts.get('port', 5432)} as {parts.get('user')}"
    said = str(error).strip().splitlines()[-1]
    return f"no way into database {place}: {said}. Is it running, and has `fjarrkoll migrate` been run on it?"


class _Proof:
    """What is known of the connections of a pool: when each last answered, as it came back."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._answered: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    async def forget_settings(self, connection: Connection) -> None:
        await connection.execute("RESET ALL")
        self._answered[connection] = time.monotonic()

    async def check(self, connection: Connection) -> None:
        if time.monotonic() - self._answered.get(connection, float("-inf")) >= self._seconds:
            await AsyncConnectionPool.check_connection(connection)
