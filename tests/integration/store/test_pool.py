"""A task that waits for a connection can be told to end at any moment, also at the one when it is given one."""

import asyncio

import pytest
from psycopg_pool import AsyncConnectionPool
from psycopg_pool.pool_async import WaitingClient

from fleet.plumbing.database import Connection, Pool, database_pool
from tests.fixtures.database import Database

TURNS = range(6)
"""Turns of the event loop: more than it takes from a connection's being given until the waiting task goes on."""


async def ends_when_told(pool: Pool, turns: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a task ends that is told to so many turns after the only connection was given to it."""
    give = WaitingClient.set

    async def waits_and_goes_on() -> None:
        async with pool.connection():
            pass
        await asyncio.Event().wait()

    async def give_and_tell(client: WaitingClient[Connection], connection: Connection) -> bool:
        given = await give(client, connection)
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        return given

    async with pool.connection():
        waiting = asyncio.create_task(waits_and_goes_on())
        while not pool.get_stats().get("requests_queued"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        monkeypatch.setattr(WaitingClient, "set", give_and_tell)
    await asyncio.wait([waiting], timeout=2)
    monkeypatch.setattr(WaitingClient, "set", give)
    ended = waiting.done()
    waiting.cancel()
    return ended


@pytest.mark.parametrize("turns", TURNS)
async def test_a_task_that_is_told_to_end_while_it_gets_a_connection_ends_and_gives_it_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    async with database_pool(database.worker, "test-pool", largest=1) as pool:
        assert await ends_when_told(pool, turns, monkeypatch)
        async with pool.connection(timeout=5) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_negative_control_the_librarys_own_pool_forgets_that_a_task_was_told_to_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day this fails, the library or Python has mended it, and our own way of getting a connection can go."""
    ended = []
    for turns in TURNS:
        pool: Pool = AsyncConnectionPool(
            database.worker, min_size=1, max_size=1, open=False, kwargs={"autocommit": True}
        )
        async with pool:
            ended.append(await ends_when_told(pool, turns, monkeypatch))
    assert False in ended
