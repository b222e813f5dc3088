"""The worker's rounds of verdicts: in a process of their own, rolled back when the worker stops, tried again later."""

import asyncio

import psycopg
import pytest

from diagnostics.idle.rounds import AFTER_FAILURE, VerdictRounds
from tests.fixtures.database import Database, MakeDevice, MakePayer

PAUSE = 120.5  # longer than what one device's run asks for, also on a busy machine


async def test_a_round_makes_the_verdicts_of_every_device(
    database: Database, make_device: MakeDevice, make_payer: MakePayer
) -> None:
    device = make_device("scale", loan=(make_payer(), "HSL"))
    assert await VerdictRounds(database.worker, PAUSE).round() == PAUSE, "a small fleet is judged as often as is asked"
    with psycopg.connect(database.owner) as connection:
        found = connection.execute(
            "SELECT verdict FROM idle_verdict WHERE device_no = %s", [device.device_no]
        ).fetchone()
    assert found == ("never_connected",)


async def test_a_round_that_fails_is_tried_again_after_a_while(database: Database) -> None:
    nowhere = database.worker.replace(database.name, "no_such_database")
    assert await VerdictRounds(nowhere, PAUSE).round() == AFTER_FAILURE


async def test_a_stopped_worker_leaves_no_run_behind(database: Database, make_device: MakeDevice) -> None:
    make_device("scale")
    with psycopg.connect(database.owner) as holder, holder.transaction():
        holder.execute("LOCK TABLE idle_verdict")
        running = asyncio.create_task(VerdictRounds(database.worker, PAUSE).round())
        for _ in range(200):
            await asyncio.sleep(0.1)
            if _runs(database):
                break
        assert _runs(database) == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    for _ in range(100):
        if not _runs(database):
            break
        await asyncio.sleep(0.1)
    assert _runs(database) == 0
    with psycopg.connect(database.owner) as connection:
        assert connection.execute("SELECT count(*) FROM idle_verdict").fetchone() == (0,), "it was rolled back"


def _runs(database: Database) -> int:
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        return connection.execute(
            "SELECT FROM pg_stat_activity WHERE application_name = 'fjarrkoll-verdicts' AND datname = %s",
            [database.name],
        ).rowcount
