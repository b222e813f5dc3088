"""Every step of the engine failed once, all of them: nothing is half done, and the next turn makes it whole.

A step is a statement, a BEGIN or a COMMIT. What the server carries out by itself (a COMMIT, a statement outside of a
transaction) is failed twice: the line breaks before it, and after it, when its answer is lost and nobody knows. How the
pool looks at a connection is no step of the engine: where that fails it takes another one.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from diagnostics.alarms.area_watch import AreaWatch
from diagnostics.alarms.judging import Judge
from diagnostics.escalation.walking import Walker
from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.outbox import Outbox
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.integration.diagnostics.calling import Provider
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.many import break_them, many_chairs, mark, mend_them
from tests.integration.diagnostics.test_areas import machines
from tests.integration.diagnostics.test_doses import Machine

OF_THE_POOL = frozenset({"", "RESET ALL"})


@dataclass
class Steps:
    """Counts steps, and lets the line break at one of them."""

    fail_at: int | None = None
    done: list[str] = field(default_factory=list)
    broke: bool = False

    async def at(self, connection: psycopg.AsyncConnection[Any], what: str) -> None:
        """One more place at which the line may break; the server rolls back what is open, as after a crash."""
        self.done.append(what)
        if len(self.done) == self.fail_at:
            self.broke = True
            await connection.close()
            msg = "the line broke here"
            raise psycopg.OperationalError(msg)


@contextmanager
def counted(fail_at: int | None = None) -> Iterator[Steps]:
    steps, execute = Steps(fail_at), psycopg.AsyncCursor.execute
    begin, end = psycopg.AsyncTransaction.__aenter__, psycopg.AsyncTransaction.__aexit__

    async def executing(cursor: Any, query: Any, *arguments: Any, **more: Any) -> Any:
        what = str(query)[:60]
        if what in OF_THE_POOL:
            return await execute(cursor, query, *arguments, **more)
        await steps.at(cursor.connection, what)
        alone = cursor.connection.info.transaction_status is TransactionStatus.IDLE
        answer = await execute(cursor, query, *arguments, **more)
        if alone:
            await steps.at(cursor.connection, f"the answer to {what}")
        return answer

    async def beginning(transaction: Any) -> Any:
        await steps.at(transaction.connection, "BEGIN")
        return await begin(transaction)

    async def ending(transaction: Any, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None:
            return await end(transaction, kind, error, trace)
        try:
            await steps.at(transaction.connection, "COMMIT")
        except psycopg.OperationalError as broken:
            await end(transaction, type(broken), broken, None)
            raise
        answer = await end(transaction, kind, error, trace)
        await steps.at(transaction.connection, "the answer to COMMIT")
        return answer

    with ExitStack() as patches:
        for owner, name, instead in (
            (psycopg.AsyncCursor, "execute", executing),
            (psycopg.AsyncTransaction, "__aenter__", beginning),
            (psycopg.AsyncTransaction, "__aexit__", ending),
        ):
            patches.enter_context(patch.object(owner, name, instead))
        yield steps


def whole(store: Store, number: int) -> tuple[Any, ...]:
    """What stands in the database of one device: alarms, journal, ladders, messages, marks."""
    return store.all(
        "SELECT (SELECT count(*) FROM alarm WHERE device_no = %(n)s AND cleared_at IS NULL),"
        " (SELECT count(*) FROM alarm WHERE device_no = %(n)s),"
        " (SELECT array_agg(j.kind ORDER BY entry_id) FROM alarm_journal j JOIN alarm USING (alarm_id)"
        "   WHERE device_no = %(n)s),"
        " (SELECT count(*) FROM escalation JOIN alarm USING (alarm_id) WHERE device_no = %(n)s),"
        " (SELECT array_agg(n.kind ORDER BY notification_id) FROM notification n JOIN alarm USING (alarm_id)"
        "   WHERE device_no = %(n)s),"
        " (SELECT count(*) FROM evaluation_due WHERE device_no = %(n)s)".replace("%(n)s", str(number))
    )[0]


@pytest.mark.timeout(300)
async def test_every_step_of_raising_and_ending_may_fail(store: Store, town: Town) -> None:
    spare = many_chairs(store, town, 60)
    async with database_pool(store.database.worker, "test-worker", largest=2) as pool:

        async def turn(number: int, fail_at: int | None) -> Steps:
            judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
            with counted(fail_at) as steps:
                try:
                    await judge.round()
                except psycopg.OperationalError:
                    assert fail_at is not None
            return steps

        for change in (break_them, mend_them):
            sample = spare[0]
            change(store, [sample])
            steps = await turn(sample, None)
            whole_one = whole(store, sample)
            assert len(steps.done) >= 8, "there was nothing to fail"
            assert {"COMMIT", "the answer to COMMIT"} <= {*steps.done}
            broke, fail_at = True, 0
            while broke:  # until a turn has no such step any more: each of them was made to fail
                fail_at += 1
                number = spare[fail_at]
                before_it = whole(store, number)
                change(store, [number])
                marked = (*before_it[:-1], 1)
                failed = await turn(number, fail_at)
                broke = failed.broke
                after_it = whole(store, number)
                assert after_it in [marked, whole_one], (change.__name__, fail_at, failed.done[-1])
                await turn(number, None)
                assert whole(store, number) == whole_one, (change.__name__, fail_at, failed.done[-1])
            assert fail_at > len(steps.done), "a step was not made to fail"
            if change is break_them:  # those that the next part needs broken have been broken above
                needed = [number for number in spare[: fail_at + 12] if whole(store, number)[0] == 0]
                break_them(store, needed)
                await turn(needed[0], None)


def state(store: Store) -> tuple[Any, ...]:
    """Everything that the engine keeps, without numbers and times."""
    kept = (
        "(rule, cleared_at IS NULL, quieted_by) AS what FROM alarm",
        "(rule, kind) AS what FROM alarm_journal JOIN alarm USING (alarm_id)",
        "(rule, position, calls) AS what FROM escalation JOIN alarm USING (alarm_id)",
        "(rule, call_no) AS what FROM escalation_call JOIN alarm USING (alarm_id)",
        "(rule, kind, channel, call_no) AS what FROM notification JOIN alarm USING (alarm_id)",
        "(sequence, outcome, told) AS what FROM dose",
        "(device_no, rule) AS what FROM rule_hold",
        "device_no AS what FROM evaluation_due",
        "device_no AS what FROM alarm_timer",
    )
    parts = (f"(SELECT array_agg(what::text ORDER BY what::text) FROM (SELECT {part}) k)" for part in kept)  # noqa: S608 - ours
    return store.all(f"SELECT {', '.join(parts)}")[0]


def begin_again(store: Store) -> None:
    """As if the engine had never looked."""
    tables = ("notification", "escalation_call", "escalation", "alarm_journal", "dose", "alarm_timer", "rule_hold")
    gone = ", ".join(f"{table}_gone AS (DELETE FROM {table})" for table in tables)  # noqa: S608 - ours
    store.execute(f"WITH {gone} DELETE FROM alarm")  # noqa: S608


@dataclass(frozen=True)
class Scene:
    """What is to be judged: how it is prepared, and the turn of the worker that is to be interrupted."""

    prepare: Callable[[], None]
    act: Callable[[], Awaitable[object]]


async def fail_every_step(store: Store, scene: Scene) -> int:
    """Fails each step of a turn once, all of them; the turn after it must make the whole. How many there were."""

    async def turn(fail_at: int | None) -> Steps:
        with counted(fail_at) as steps:
            try:
                await scene.act()
            except psycopg.OperationalError:
                assert fail_at is not None
        return steps

    begin_again(store)
    scene.prepare()
    clean = await turn(None)
    whole_one = state(store)
    assert whole_one[0], "nothing rang"
    assert {"COMMIT", "the answer to COMMIT"} <= {*clean.done}
    broke, fail_at = True, 0
    while broke:  # until a turn has no such step any more
        fail_at += 1
        begin_again(store)
        scene.prepare()
        failed = await turn(fail_at)
        broke = failed.broke
        store.execute("UPDATE notification SET next_attempt_at = now() WHERE state = 'pending'")  # its lease is over
        await turn(None)
        assert state(store) == whole_one, (fail_at, failed.done[-1])
    # A slow machine looks for the next message more often, a quick one less; what is not a mere look is always there.
    return fail_at - 1


@pytest.mark.timeout(300)
async def test_every_step_of_judging_a_dose_may_fail(store: Store, town: Town) -> None:
    machine = Machine(store, town, timedelta(minutes=8))

    def prepare() -> None:
        machine.heard(datetime.now(UTC))
        store.due(machine.number)

    async with database_pool(store.database.worker, "test-worker", largest=2) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
        assert await fail_every_step(store, Scene(prepare, judge.round)) >= 12


@pytest.mark.timeout(300)
async def test_every_step_of_judging_an_area_may_fail(store: Store, town: Town) -> None:
    machines(store, town, 6)

    def prepare() -> None:
        store.execute("UPDATE device_state SET last_seen_at = clock_timestamp() - interval '200 seconds'")
        store.watermark(datetime.now(UTC) + timedelta(seconds=1))

    async with database_pool(store.database.worker, "test-worker", largest=2) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
        watch = AreaWatch(pool, load_registry(), ["webhook"])

        async def act() -> None:
            if await watch.round():
                await judge.quiet()

        assert await fail_every_step(store, Scene(prepare, act)) >= 15


@pytest.mark.timeout(300)
async def test_every_step_of_calling_and_sending_may_fail(store: Store, town: Town) -> None:
    """After a failure it is sent, with the same key where it is sent twice; no step is called twice."""
    provider = Provider("webhook")
    chair = many_chairs(store, town, 1)
    break_them(store, chair)
    async with database_pool(store.database.worker, "test-worker", largest=2) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
        outbox = Outbox(pool, {"webhook": provider}, "http://api")

        def prepare() -> None:
            provider.got.clear()
            mark(store, chair)

        async def act() -> None:
            await judge.round()
            await Walker(pool, ["webhook"]).round()
            await outbox.round()

        async def checked() -> None:
            await act()
            [(waiting,)] = store.all("SELECT count(*) FROM notification WHERE state <> 'sent'")
            assert waiting == 0
            assert len(set(provider.keys)) == 1
            assert len(provider.keys) <= 2

        assert await fail_every_step(store, Scene(prepare, checked)) >= 15
