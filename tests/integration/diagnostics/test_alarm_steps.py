"""Every step of the engine failed once, all of them: nothing is half done, and the next turn makes it whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from diagnostics.alarms.judging import Judge
from diagnostics.metrics import WorkerMetrics
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.many import break_them, many_chairs, mend_them


@dataclass
class Steps:
    """Counts statements, and lets the line break at one of them."""

    fail_at: int | None = None
    done: list[str] = field(default_factory=list)
    broke: bool = False


@contextmanager
def counted(fail_at: int | None = None) -> Iterator[Steps]:
    steps, execute = Steps(fail_at), psycopg.AsyncCursor.execute

    async def counting(cursor: Any, query: Any, *arguments: Any, **more: Any) -> Any:
        steps.done.append(str(query)[:60])
        if len(steps.done) == steps.fail_at:
            await cursor.connection.close()  # the server rolls back, as after a crash
            msg = "the line broke here"
            raise psycopg.OperationalError(msg)
        return await execute(cursor, query, *arguments, **more)

    with patch.object(psycopg.AsyncCursor, "execute", counting):
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
                    steps.broke = True  # not where the pool's own look at a connection failed: it takes another one
            return steps

        for change in (break_them, mend_them):
            sample = spare[0]
            change(store, [sample])
            steps = await turn(sample, None)
            whole_one = whole(store, sample)
            assert len(steps.done) >= 8, "there was nothing to fail"
            broken = 0
            for fail_at in range(1, len(steps.done) + 1):
                number = spare[fail_at]
                before_it = whole(store, number)
                change(store, [number])
                marked = (*before_it[:-1], 1)
                broken += (await turn(number, fail_at)).broke
                after_it = whole(store, number)
                assert after_it in [marked, whole_one], (change.__name__, fail_at, steps.done[fail_at - 1])
                await turn(number, None)
                assert whole(store, number) == whole_one, (change.__name__, fail_at, steps.done[fail_at - 1])
            assert broken >= len(steps.done) // 2, "hardly any step was made to fail"
            if change is break_them:  # those that the next part needs broken have been broken above
                needed = [number for number in spare[: len(steps.done) + 12] if whole(store, number)[0] == 0]
                break_them(store, needed)
                await turn(needed[0], None)
