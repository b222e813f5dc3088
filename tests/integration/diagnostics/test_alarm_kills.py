"""SIGKILL of engine and notifier in the middle of their work: no alarm is never sent, repeats bear the same key.

`FJARRKOLL_ALARM_KILLS=100 FJARRKOLL_ALARMS=1000 scripts/test integration/diagnostics/test_alarm_kills.py` is the long
run.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from fleet.registry import load_registry
from fleet.rules import FaultActive
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.many import break_them, many_chairs, mend_them
from tests.integration.diagnostics.receiver import Receiver

ROOT = Path(__file__).parents[3]
IN_TIME = 10.0
"""By issue 5, under any single fault that leaves the database up."""
KILLS = int(os.environ.get("FJARRKOLL_ALARM_KILLS", "5"))
ALARMS = int(os.environ.get("FJARRKOLL_ALARMS", "120"))
CHAIR = load_registry()["wheelchair"]
JOYSTICK = next(rule for rule in CHAIR.rules if isinstance(rule, FaultActive) and rule.name == "joystick_fault")


class PatientReceiver(Receiver):
    """One whose callers are killed in the middle of a sentence; half a message is none."""

    thinks_seconds = 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    async def before_answering(self) -> None:
        await asyncio.sleep(self.thinks_seconds)


@asynccontextmanager
async def receiving(thinks_seconds: float = 0.0) -> AsyncIterator[Receiver]:
    receiver = PatientReceiver()
    receiver.thinks_seconds = thinks_seconds
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def start(database: Database, receiver: Receiver, *more: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "FJARRKOLL_WORKER_DATABASE_URL": database.worker}
    command = [sys.executable, "-m", "tests.integration.diagnostics.alarm_victim", receiver.url, *more]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)


def pending(store: Store) -> int:
    """What is still to be judged or told of, seen in one statement: between two, what was due may become pending."""
    [(waiting,)] = store.all(
        "SELECT (SELECT count(*) FROM notification WHERE state = 'pending') + (SELECT count(*) FROM evaluation_due)"
    )
    return int(waiting)


async def kill_while_it_tells(
    database: Database,
    store: Store,
    town: Town,
    receiver: Receiver,
    *,
    kills: int,
    alarms: int,
    how: tuple[str, ...] = (),
) -> int:
    """Starts a worker over and over, and kills each while it tells of alarms; returns how many were killed."""
    numbers, lot, killed = many_chairs(store, town, alarms), random.Random(11), 0
    for turn in range(kills):
        share = numbers[turn * alarms // kills : (turn + 1) * alarms // kills]
        break_them(store, share)
        raised = store.all("SELECT device_no FROM alarm WHERE cleared_at IS NULL AND device_no %% 2 = 0")
        if raised:  # what is mended before anybody looked is no alarm
            mend_them(store, [number for (number,) in raised])
        before = len(receiver.got)
        victim = await start(database, receiver, *how)
        async with asyncio.timeout(90):
            while len(receiver.got) <= before:
                assert victim.returncode is None
                await asyncio.sleep(0.005)
        await asyncio.sleep(lot.uniform(0, 0.2))
        victim.send_signal(signal.SIGKILL)
        killed += await victim.wait() == -signal.SIGKILL
    last = await start(database, receiver, *how)
    async with asyncio.timeout(600):
        while await asyncio.to_thread(pending, store):  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(0.1)
    last.send_signal(signal.SIGKILL)
    await last.wait()
    assert killed == kills
    assert store.all("SELECT count(*), count(DISTINCT device_no) FROM alarm") == [(alarms, alarms)]
    return killed


def repeats(receiver: Receiver) -> int:
    return sum(times - 1 for times in Counter(receiver.keys).values())


@pytest.mark.timeout(1800)
async def test_no_kill_loses_an_alarm_and_repeats_bear_the_same_key(
    database: Database, store: Store, town: Town
) -> None:
    async with receiving() as receiver:
        killed = await kill_while_it_tells(database, store, town, receiver, kills=KILLS, alarms=ALARMS)
    check_sent(store, receiver)
    assert repeats(receiver) <= killed


async def test_a_receiver_that_takes_its_time_hears_one_message_twice_at_most_for_each_kill(
    database: Database, store: Store, town: Town
) -> None:
    async with receiving(thinks_seconds=0.25) as receiver:
        killed = await kill_while_it_tells(database, store, town, receiver, kills=2, alarms=12)
    check_sent(store, receiver)
    assert 0 < repeats(receiver) <= killed


async def stopped_in_the_middle(database: Database, store: Store, town: Town, receiver: Receiver, *how: str) -> float:
    """One worker stands still while it raises alarms, with another beside it; seconds until all had been told of."""
    other = await start(database, receiver)
    first = await start(database, receiver, "stops while judging", *how)
    await at_work(store, other)
    await at_work(store, first)
    numbers = many_chairs(store, town, 12)
    # Until the one that is to stop has begun, and no longer: the server would take its connections, too.
    other.send_signal(signal.SIGSTOP)
    break_them(store, numbers)
    try:
        async with asyncio.timeout(60):
            while not stands_still(first.pid):  # noqa: ASYNC110 - it stops itself
                await asyncio.sleep(0.02)
        other.send_signal(signal.SIGCONT)
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(IN_TIME):
                while len(receiver.got) < 12:  # noqa: ASYNC110 - other processes tell
                    await asyncio.sleep(0.02)
        took = time.monotonic() - began
        first.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.0)
        return took
    finally:
        for process in (first, other):
            if process.returncode is None:
                process.kill()
            await process.wait()


async def at_work(store: Store, process: asyncio.subprocess.Process) -> None:
    """Returns once it has walked every ladder."""
    async with asyncio.timeout(60):
        while not store.all("SELECT FROM worker_pulse WHERE part = %s", f"victim-{process.pid}"):
            assert process.returncode is None
            await asyncio.sleep(0.05)


def stands_still(pid: int) -> bool:
    """By proc(5): T is stopped by a signal."""
    return (Path("/proc") / str(pid) / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T"


async def test_what_a_worker_was_judging_when_it_stopped_is_told_in_time_by_another_and_once(
    database: Database, store: Store, town: Town
) -> None:
    async with receiving() as receiver:
        took = await stopped_in_the_middle(database, store, town, receiver)
    assert took < IN_TIME
    check_sent(store, receiver)
    assert repeats(receiver) == 0


async def test_a_server_that_lets_it_stand_still_would_hold_its_alarms(
    database: Database, store: Store, town: Town
) -> None:
    """Negative control of the one above."""
    async with receiving() as receiver:
        took = await stopped_in_the_middle(database, store, town, receiver, "for ever")
    assert took >= IN_TIME


async def test_many_at_once_would_be_repeated_by_one_kill(database: Database, store: Store, town: Town) -> None:
    """Negative control of the two above: a notifier that does not wait for its receiver."""
    async with receiving(thinks_seconds=0.25) as receiver:
        killed = await kill_while_it_tells(
            database, store, town, receiver, kills=1, alarms=12, how=("without waiting",)
        )
    check_sent(store, receiver)
    assert repeats(receiver) > killed


def check_sent(store: Store, receiver: Receiver) -> None:
    """Every alarm was told of, under one key; that it ended only after that it began."""
    first: dict[str, int] = {}
    kinds: dict[int, list[str]] = {}
    for place, request in enumerate(receiver.got):
        said = json.loads(request.body)
        first.setdefault(request.headers["idempotency-key"], place)
        order = kinds.setdefault(said["alarm_id"], [])
        if said["kind"] not in order:
            order.append(said["kind"])
    alarms = {row[0] for row in store.all("SELECT alarm_id FROM alarm")}
    assert alarms == kinds.keys(), "an alarm was never sent"
    assert {tuple(order) for order in kinds.values()} <= {("raised",), ("raised", "cleared")}
    expected = store.all("SELECT count(*) FROM notification")[0][0]
    assert len(first) == expected


async def test_told_before_it_is_written_an_alarm_would_be_lost_or_doubled(
    database: Database, store: Store, town: Town
) -> None:
    """Negative control of the check: one alarm that nobody was told of, and one told of in the wrong order."""
    numbers = many_chairs(store, town, 1)
    store.execute(
        "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,"
        " happened_at) VALUES (%s, 'joystick_fault', 'high', true, 'technical', '', '', '', '', now())",
        numbers[0],
    )
    with pytest.raises(AssertionError, match="never sent"):
        check_sent(store, Receiver())
