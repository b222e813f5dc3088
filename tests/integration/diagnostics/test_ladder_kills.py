"""SIGKILL of the worker between the steps of a ladder: each step comes in time, within five seconds."""

import asyncio
import random
import signal
from datetime import timedelta

import pytest

from diagnostics.escalation.walking import Walker
from fleet.ladder import INSTALLATION
from fleet.plumbing.database import Pool, database_pool
from tests.fixtures.database import Database
from tests.integration.diagnostics.calling import add_ladder, called, start, travel
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.test_alarm_kills import receiving
from tests.integration.diagnostics.test_alarm_kills import start as start_worker

ALARMS = 3
ROUNDS = 4
TOLERANCE = timedelta(seconds=5)
PATIENCE_SECONDS = 90


async def alarms_on_the_ladder(pool: Pool, store: Store, town: Town) -> list[int]:
    """A safety alarm each, which nobody takes: two steps of three and five minutes, then the last resort."""
    add_ladder(store, "person", [(3, [INSTALLATION]), (5, [INSTALLATION])], [INSTALLATION])
    numbers = []
    for place in range(ALARMS):
        numbers.append(await start(pool, store, town.dispenser.device_no, ["webhook"]))
        store.execute("UPDATE alarm SET rule = %s WHERE rule = 'jam'", f"jam-{place}")
    return numbers


def next_due(store: Store) -> float:
    """Seconds until the next step of any ladder is due."""
    [(seconds,)] = store.all(
        "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM escalation WHERE ended_at IS NULL"
    )
    return float(seconds)


def calls(store: Store) -> int:
    [(count,)] = store.all("SELECT count(*) FROM escalation_call")
    return int(count)


async def a_worker_lives(store: Store) -> None:
    store.execute("DELETE FROM worker_pulse WHERE part = 'victim'")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while store.all("SELECT FROM worker_pulse WHERE part = 'victim'") == []:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.timeout(600)
async def test_every_step_of_an_unanswered_safety_alarm_comes_in_time_though_the_worker_is_killed_again_and_again(
    database: Database, store: Store, town: Town
) -> None:
    lot, killed = random.Random(5), 0
    async with database_pool(database.worker, "test-worker", largest=2) as pool, receiving() as receiver:
        numbers = await alarms_on_the_ladder(pool, store, town)
        for _ in range(ROUNDS):
            before = calls(store)
            worker = await start_worker(database, receiver)
            try:
                await a_worker_lives(store)
                travel(store, seconds=max(0.0, next_due(store) - lot.uniform(0.05, 0.5)))
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while calls(store) < before + ALARMS:  # noqa: ASYNC110 - another process calls
                        await asyncio.sleep(0.01)
            finally:
                worker.send_signal(signal.SIGKILL)
                killed += await worker.wait() == -signal.SIGKILL
    assert killed == ROUNDS
    for number in numbers:
        rows = store.all(
            "SELECT due_at - min(due_at) OVER (), called_at - due_at FROM escalation_call"
            " WHERE alarm_id = %s ORDER BY call_no",
            number,
        )
        assert [due // timedelta(seconds=1) for due, _ in rows] == [0, 180, 480, 780, 1080]
        assert all(timedelta(0) <= late <= TOLERANCE for _, late in rows[1:]), rows
        assert [position for position, _ in called(store, number)] == [0, 1, 2, 2, 2]


async def test_nobody_is_called_while_no_worker_lives(database: Database, store: Store, town: Town) -> None:
    """The control: it is the worker that calls, and the first look of the next one makes up for all that was missed."""
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        numbers = await alarms_on_the_ladder(pool, store, town)
        before = calls(store)
        travel(store, minutes=9)
        await asyncio.sleep(1)
        assert calls(store) == before
        await Walker(pool, ["webhook"]).round()
        await Walker(pool, ["webhook"]).round()
    assert [position for position, _ in called(store, numbers[0])] == [0, 1, 2]
