"""Ladders across SIGKILL of real workers: every alarm that nobody takes reaches step k at k times the interval.

By the database's clock, within five seconds; what a killed worker was about to send is sent by another within ten.
`FJARRKOLL_LADDER_INTERVAL=30 FJARRKOLL_ALARMS=200` makes the run as long as one likes; `FJARRKOLL_LADDER_WORKERS=1`
kills the only worker there is, over and over, and needs a quiet machine.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from fleet.ladder import INSTALLATION
from tests.fixtures.database import Database
from tests.integration.diagnostics.calling import add_ladder
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.many import break_them, many_chairs
from tests.integration.diagnostics.receiver import Receiver
from tests.integration.diagnostics.test_alarm_kills import IN_TIME, at_work, receiving, start

INTERVAL = float(os.environ.get("FJARRKOLL_LADDER_INTERVAL", "7"))
ALARMS = int(os.environ.get("FJARRKOLL_ALARMS", "20"))
WORKERS = int(os.environ.get("FJARRKOLL_LADDER_WORKERS", "2"))
STEPS = 2
TOLERANCE = 5.0
pytestmark = pytest.mark.timeout(900)


@dataclass
class Workers:
    """Workers of one database, of which one after another is killed and started again at once."""

    database: Database
    store: Store
    receiver: Receiver
    how: tuple[str, ...]
    kills: int = 0

    @asynccontextmanager
    async def running(self, count: int) -> AsyncIterator[list[asyncio.subprocess.Process]]:
        living = [await self.one() for _ in range(count)]
        try:
            for process in living:
                await at_work(self.store, process)
            yield living
        finally:
            for process in living:
                process.send_signal(signal.SIGKILL)
                await process.wait()

    async def one(self) -> asyncio.subprocess.Process:
        return await start(self.database, self.receiver, "short steps", *self.how)

    async def kill_in_turn(self, living: list[asyncio.subprocess.Process], seconds: float) -> None:
        lot, ends = random.Random(7), time.monotonic() + seconds
        while time.monotonic() < ends:
            await asyncio.sleep(lot.uniform(0.2, 1.5))
            victim = living.pop(0)
            victim.send_signal(signal.SIGKILL)
            assert await victim.wait() == -signal.SIGKILL
            living.append(await self.one())
            self.kills += 1
            await at_work(self.store, living[-1])


async def climbed(workers: Workers, town: Town, steps: int, count: int) -> dict[int, list[tuple[float, float | None]]]:
    """Each alarm's steps: seconds from its first call's due time until it was called, and until that was sent."""
    store = workers.store
    waits = [(INTERVAL / 60, [INSTALLATION])] * STEPS
    add_ladder(store, "short", waits, [INSTALLATION])
    numbers = many_chairs(store, town, ALARMS)
    async with workers.running(count) as living:
        break_them(store, numbers)
        await workers.kill_in_turn(living, steps * INTERVAL + TOLERANCE + 1)
        with suppress(TimeoutError):
            async with asyncio.timeout(IN_TIME):
                while store.all("SELECT FROM notification WHERE state = 'pending'"):  # noqa: ASYNC110 - others send
                    await asyncio.sleep(0.1)
    rows = store.all(
        "SELECT c.alarm_id, c.position, extract(epoch FROM c.called_at - first.due_at),"
        " extract(epoch FROM n.sent_at - first.due_at)"
        " FROM escalation_call c JOIN escalation_call first ON first.alarm_id = c.alarm_id AND first.call_no = 0"
        " JOIN notification n ON n.alarm_id = c.alarm_id AND n.call_no = c.call_no"
        " ORDER BY c.alarm_id, c.call_no"
    )
    found: dict[int, list[tuple[float, float | None]]] = {}
    for alarm_id, position, called, sent in rows:
        assert position == len(found.setdefault(alarm_id, [])), "a step was left out, or called twice"
        found[alarm_id].append((float(called), None if sent is None else float(sent)))
    return found


def late(found: dict[int, list[tuple[float, float | None]]], steps: int) -> list[str]:
    """Steps that were not reached, or not at their time."""
    wrong: list[str] = []
    for alarm_id, reached in found.items():
        for step in range(steps + 1):
            called, sent = reached[step] if step < len(reached) else (None, None)
            due = step * INTERVAL
            reached_in_time = called is not None and -0.01 <= called - due <= TOLERANCE
            if not reached_in_time or sent is None or sent - due > IN_TIME:
                wrong.append(f"alarm {alarm_id}: step {step}, due after {due} s, called {called}, sent {sent}")
    return wrong


async def test_every_alarm_reaches_every_step_at_its_time_whoever_is_killed(
    database: Database, store: Store, town: Town
) -> None:
    async with receiving() as receiver:
        workers = Workers(database, store, receiver, ())
        found = await climbed(workers, town, STEPS, WORKERS)
    assert len(found) == ALARMS
    assert workers.kills >= STEPS
    assert late(found, STEPS) == []
    assert store.all("SELECT count(DISTINCT alarm_id) FROM alarm WHERE safety") == [(ALARMS,)]
    told = {request.headers["idempotency-key"] for request in receiver.got}
    assert len(told) >= ALARMS * (STEPS + 1), "a step that nobody heard of"


async def test_timers_in_memory_would_be_found_out(database: Database, store: Store, town: Town) -> None:
    """Negative control: workers that begin to wait anew when they are started."""
    async with receiving() as receiver:
        workers = Workers(database, store, receiver, ("timers of its own",))
        found = await climbed(workers, town, 1, WORKERS)
    assert workers.kills >= 2
    assert late(found, 1) != []
