"""Whose turn it is, against a real server: one at a time, handed on when the holder is gone, kept over a break."""

import asyncio
import time

import psycopg
import pytest

from ingest import turn as turn_module
from ingest.turn import Turn, TurnLostError
from tests.fixtures.database import Database


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "TRY_SECONDS", 0.05)
    monkeypatch.setattr(turn_module, "LOOK_SECONDS", 0.05)


def break_lines(database: Database, name: str) -> None:
    with psycopg.connect(database.ingest) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = %s", [name]
        ).fetchall()
    assert found == [(True,)]


async def test_the_second_waits_and_follows_when_the_first_gives_up(database: Database) -> None:
    told: list[bool] = []
    first, second = Turn(database.ingest, "s", "first"), Turn(database.ingest, "s", "second", told.append)
    stop = asyncio.Event()
    assert await first.taken(stop) is False
    waiting = asyncio.create_task(second.taken(stop))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert told[-1] is True
    await first.close()
    async with asyncio.timeout(5):
        assert await waiting is True  # it had to wait, and must look again at what the first has done
    assert told[-1] is False
    await second.close()


async def test_shards_do_not_wait_for_each_other(database: Database) -> None:
    one, other = Turn(database.ingest, "one", "one"), Turn(database.ingest, "other", "other")
    async with asyncio.timeout(5):
        assert await one.taken(asyncio.Event()) is False
        assert await other.taken(asyncio.Event()) is False
    await one.close()
    await other.close()


async def test_a_turn_outlives_a_broken_line_if_nobody_waits_for_it(database: Database) -> None:
    holder = Turn(database.ingest, "s", "holder")
    await holder.taken(asyncio.Event())
    keeping = asyncio.create_task(holder.kept())
    await asyncio.to_thread(break_lines, database, "holder")
    await asyncio.sleep(1.0)
    assert not keeping.done()
    other = Turn(database.ingest, "s", "other")
    assert await other._take() is False  # it has it again
    keeping.cancel()
    await holder.close()
    await other.close()


async def test_a_holder_whose_place_was_taken_says_so(database: Database) -> None:
    holder, standby = Turn(database.ingest, "s", "holder"), Turn(database.ingest, "s", "standby")
    await holder.taken(asyncio.Event())
    await asyncio.to_thread(break_lines, database, "holder")
    async with asyncio.timeout(5):
        await standby.taken(asyncio.Event())
        with pytest.raises(TurnLostError, match="taken over"):
            await holder.kept()
    await holder.close()
    await standby.close()


async def test_whose_place_was_taken_while_it_stood_still_finds_out_before_it_connects_again(
    database: Database,
) -> None:
    holder, standby = Turn(database.ingest, "s", "holder"), Turn(database.ingest, "s", "standby")
    await holder.taken(asyncio.Event())
    await holder.sure()
    await asyncio.to_thread(break_lines, database, "holder")
    await holder.sure()  # nobody else was there
    await asyncio.to_thread(break_lines, database, "holder")
    async with asyncio.timeout(5):
        await standby.taken(asyncio.Event())
        with pytest.raises(TurnLostError, match="taken over"):
            await holder.sure()
    await standby.sure()
    await holder.close()
    await standby.close()


async def test_one_that_is_not_heard_of_loses_its_turn_in_seconds_and_one_that_is_keeps_it(database: Database) -> None:
    still, kept = Turn(database.ingest, "still", "still"), Turn(database.ingest, "kept", "kept")
    one, other = Turn(database.ingest, "still", "one"), Turn(database.ingest, "kept", "other")
    stop = asyncio.Event()
    await still.taken(stop)
    began = time.monotonic()
    await kept.taken(stop)
    keeping, waiting = asyncio.create_task(kept.kept()), asyncio.create_task(other.taken(stop))
    assert await one.taken(stop) is True
    assert time.monotonic() - began > turn_module.FORGOTTEN_SECONDS - 1
    await asyncio.sleep(1.0)
    assert not keeping.done()
    assert not waiting.done(), "two serve one shard"
    keeping.cancel()
    stop.set()
    await waiting
    for turn in (still, kept, one, other):
        await turn.close()


async def test_who_takes_over_ends_what_was_left_unfinished_of_this_shard_and_nothing_else(database: Database) -> None:
    """Else its rows wait for a transaction whose process stands still, for as long as the server lets it."""
    with (
        psycopg.connect(database.ingest, application_name="shard s") as stopped,
        psycopg.connect(database.ingest, application_name="shard t") as other,
        psycopg.connect(database.ingest, application_name="shard s", autocommit=True) as idle,
    ):
        for connection in (stopped, other, idle):
            connection.execute("SELECT")
        turn = Turn(database.ingest, "s", "shard s")
        await turn.taken(asyncio.Event())
        with pytest.raises(psycopg.OperationalError):
            await asyncio.to_thread(stopped.execute, "SELECT")
        other.execute("SELECT")
        idle.execute("SELECT")
        await turn.close()
        stopped.close()
