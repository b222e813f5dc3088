"""The worker over a real database: raised, kept, cleared, true at start, held, two at once, told."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.alarms import judging
from diagnostics.alarms.judging import Judge
from diagnostics.metrics import WorkerMetrics
from diagnostics.notify.outbox import Outbox
from diagnostics.notify.webhook import Webhook
from diagnostics.queries import Row, fetch_all, room
from fleet.faults import Severity
from fleet.plumbing.database import Pool, database_pool
from fleet.registry import Registry, load_registry
from fleet.rules import FaultActive, Silence, Threshold
from tests.fixtures.database import Database, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Store, Town
from tests.integration.diagnostics.receiver import answer, receiving

SECRET = "the-secret-both-sides-know"
CHAIR = load_registry()["wheelchair"]
JOYSTICK = next(rule for rule in CHAIR.rules if isinstance(rule, FaultActive) and rule.name == "joystick_fault")
LOW = next(rule for rule in CHAIR.rules if isinstance(rule, Threshold) and rule.name == "battery_low")
SILENT = next(rule for rule in CHAIR.rules if isinstance(rule, Silence))


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with database_pool(database.worker, "test-worker", largest=6) as opened:
        yield opened


@pytest.fixture
def judge(pool: Pool) -> Judge:
    return Judge(pool, load_registry(), ["webhook"], WorkerMetrics())


def alarms(store: Store) -> list[tuple[str, bool, str | None]]:
    """Rule, whether open, and why it ended."""
    rows = store.all("SELECT rule, cleared_at IS NULL, cleared_why FROM alarm ORDER BY alarm_id")
    return [(rule, is_open, why) for rule, is_open, why in rows]


def notifications(store: Store) -> list[tuple[str, str]]:
    return [(kind, state) for kind, state in store.all("SELECT kind, state FROM notification ORDER BY notification_id")]


def break_joystick(store: Store, town: Town) -> None:
    store.heard(town.chair.device_no)
    store.fault(town.chair.device_no, "vr2", "7", JOYSTICK.faults[0], raised=NOW - timedelta(days=1))


async def test_raised_once_then_cleared(judge: Judge, store: Store, town: Town) -> None:
    break_joystick(store, town)
    store.due(town.chair.device_no)
    assert (await judge.round()).raised == 1
    store.due(town.chair.device_no)
    assert (await judge.round()).raised == 0
    assert alarms(store) == [("joystick_fault", True, None)]
    assert notifications(store) == [("raised", "pending")]
    happened = store.all("SELECT happened_at FROM alarm")[0][0]
    assert happened == NOW - timedelta(days=1)
    store.clear_fault(town.chair.device_no, "7")
    store.due(town.chair.device_no)
    assert (await judge.round()).cleared == 1
    assert alarms(store) == [("joystick_fault", False, "condition_ended")]
    assert notifications(store) == [("raised", "pending"), ("cleared", "pending")]
    assert store.all("SELECT count(*) FROM evaluation_due") == [(0,)]


async def test_already_true_at_start_is_found_by_the_sweep_without_a_mark(
    judge: Judge, store: Store, town: Town
) -> None:
    break_joystick(store, town)
    assert (await judge.round()).raised == 0
    assert (await judge.sweep()).raised == 1


async def test_a_mark_renewed_while_judging_stays(judge: Judge, store: Store, town: Town, pool: Pool) -> None:
    store.heard(town.chair.device_no)
    store.due(town.chair.device_no)
    async with pool.connection() as connection, connection.transaction():
        # Ingest renews the mark in a transaction not over yet: the judge neither waits for it nor removes the mark.
        await connection.execute(
            "UPDATE evaluation_due SET since = clock_timestamp() WHERE device_no = %s", [town.chair.device_no]
        )
        async with asyncio.timeout(5):
            await judge.round()
    assert store.all("SELECT count(*) FROM evaluation_due") == [(1,)]
    await judge.round()
    assert store.all("SELECT count(*) FROM evaluation_due") == [(0,)]


@pytest.mark.parametrize(("earlier", "first"), [(timedelta(seconds=20), "event"), (timedelta(seconds=40), "reading")])
async def test_what_an_event_marked_is_let_past_readings_and_no_further_than_half_a_minute(
    store: Store, town: Town, pool: Pool, earlier: timedelta, first: str
) -> None:
    marks = {town.chair.device_no: "reading", town.dispenser.device_no: "event"}
    for number in marks:
        store.due(number)
    store.execute("UPDATE evaluation_due SET urgent = (device_no = %s)", town.dispenser.device_no)
    store.execute("UPDATE evaluation_due SET since = since - %s WHERE NOT urgent", earlier)
    async with pool.connection() as connection:
        [row] = await fetch_all(connection, room(judging.__file__)["due"], {"limit": 1})
    assert marks[row["device_no"]] == first


async def test_what_came_in_is_judged_while_timers_and_open_alarms_are_looked_at(
    judge: Judge, store: Store, town: Town, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two are turns of their own: one that stands still does not hold the other up."""
    stands, go_on = asyncio.Event(), asyncio.Event()
    ask = Judge._ask

    async def standing(self: Judge, query: str, parameters: dict[str, Any]) -> list[Row]:
        if query == "timed":
            stands.set()
            await go_on.wait()
        return await ask(self, query, parameters)

    monkeypatch.setattr(Judge, "_ask", standing)
    looking = asyncio.create_task(judge.unmarked())
    await stands.wait()
    break_joystick(store, town)
    store.due(town.chair.device_no)
    assert (await judge.marked()).raised == 1
    go_on.set()
    await looking


async def test_hold_and_hysteresis(judge: Judge, store: Store, town: Town) -> None:
    number = town.chair.device_no
    store.heard(number, values={"battery.soc": 15.0})
    await judge.sweep()
    assert alarms(store) == []
    assert store.all("SELECT rule FROM rule_hold") == [("battery_low",)]
    store.execute("UPDATE rule_hold SET since = since - make_interval(secs => %s)", LOW.hold_seconds)
    await judge.round()
    assert alarms(store) == [("battery_low", True, None)]
    assert store.all("SELECT count(*) FROM rule_hold") == [(0,)]
    store.heard(number, values={"battery.soc": 30.0})  # between the limit and clear_at
    await judge.sweep()
    assert alarms(store) == [("battery_low", True, None)]
    store.heard(number, values={"battery.soc": 40.0})
    await judge.round()  # heard just now, so no mark is needed
    assert alarms(store) == [("battery_low", False, "condition_ended")]


async def test_what_ingest_stored_late_clears_at_the_next_look(judge: Judge, store: Store, town: Town) -> None:
    """However long a message waited in ingest, an open alarm is judged on it, unmarked and before the next sweep."""
    break_joystick(store, town)
    await judge.sweep()
    await judge.round()
    store.clear_fault(town.chair.device_no, "7")
    assert (await judge.round()).cleared == 0  # nothing was heard, so nothing is looked at
    store.heard(town.chair.device_no, at=NOW + timedelta(milliseconds=1) - timedelta(hours=2))
    assert (await judge.round()).cleared == 1


async def test_a_hold_that_ends_early_is_forgotten(judge: Judge, store: Store, town: Town) -> None:
    store.heard(town.chair.device_no, values={"battery.soc": 15.0})
    await judge.sweep()
    store.heard(town.chair.device_no, values={"battery.soc": 25.0})
    await judge.round()
    assert (alarms(store), store.all("SELECT count(*) FROM rule_hold")) == ([], [(0,)])


async def test_silence_is_judged_against_the_watermark(judge: Judge, store: Store, town: Town) -> None:
    quiet_since = NOW - timedelta(seconds=SILENT.after_seconds + 60)
    store.heard(town.chair.device_no, at=quiet_since)
    store.heard(town.in_store.device_no, at=quiet_since)
    await judge.sweep()
    assert alarms(store) == []  # no ingest has ever run: nothing is known about absence
    store.watermark(quiet_since + timedelta(seconds=5))
    await judge.sweep()
    assert alarms(store) == []  # ingest stands still: our fault, not the device's
    store.watermark(NOW)
    assert (await judge.quiet()).raised == 1
    assert alarms(store) == [(SILENT.name, True, None)]  # and none for the device in store
    assert (await judge.quiet()).devices == 0  # what is told is not looked at again
    store.heard(town.chair.device_no, at=NOW)
    await judge.round()
    assert alarms(store) == [(SILENT.name, False, "condition_ended")]


async def test_a_return_settles_alarms_and_the_next_loan_gets_its_own(judge: Judge, store: Store, town: Town) -> None:
    break_joystick(store, town)
    await judge.sweep()
    return_device(store.database, town.chair.device_no, NOW)
    lend_device(store.database, town.chair.device_no, town.other, "HSL", NOW + timedelta(seconds=1))
    await judge.round()
    assert [(is_open, why) for _, is_open, why in alarms(store)] == [(False, "the loan ended"), (True, None)]


async def test_a_device_that_cannot_be_judged_keeps_no_other_from_it(pool: Pool, store: Store, town: Town) -> None:
    class Broken(Threshold):
        def evaluate(self, *_: object, **__: object) -> None:
            msg = "a rule with a fault of its own"
            raise RuntimeError(msg)

    broken = Broken(name="broken", title=LOW.title, severity=Severity.INFO, metric="doses.missed", above=1)
    dispenser = load_registry()["dispenser"]
    registry = Registry({"wheelchair": CHAIR, "dispenser": dataclasses.replace(dispenser, rules=(broken,))})
    judge = Judge(pool, registry, [], WorkerMetrics())
    store.heard(town.dispenser.device_no)
    break_joystick(store, town)
    assert (await judge.sweep()).raised == 1


async def test_two_workers_at_once_raise_one_alarm(pool: Pool, store: Store, town: Town) -> None:
    break_joystick(store, town)
    judges = [Judge(pool, load_registry(), ["webhook"], WorkerMetrics()) for _ in range(4)]
    for _ in range(5):
        store.due(town.chair.device_no)
        await asyncio.gather(*(judge.sweep() for judge in judges), *(judge.round() for judge in judges))
    assert alarms(store) == [("joystick_fault", True, None)]
    assert notifications(store) == [("raised", "pending")]


async def test_notifications_survive_failures_keep_their_key_and_order(
    judge: Judge, pool: Pool, store: Store, town: Town
) -> None:
    break_joystick(store, town)
    await judge.sweep()
    store.clear_fault(town.chair.device_no, "7")
    store.due(town.chair.device_no)
    await judge.round()
    async with receiving(lambda n: answer(503) if n <= 2 else answer(204)) as receiver:
        outbox = Outbox(pool, {"webhook": Webhook(receiver.url, SECRET, allow_private=True)}, "http://api")
        for _ in range(4):
            await outbox.round()
            store.execute("UPDATE notification SET next_attempt_at = now() WHERE state = 'pending'")
    assert len(set(receiver.keys)) == 2
    began, ended = receiver.keys[0], receiver.keys[-1]
    assert receiver.keys == [began] * 3 + [ended]  # that it ended is told only after that it began
    assert notifications(store) == [("raised", "sent"), ("cleared", "sent")]
    assert store.all("SELECT attempts, last_error FROM notification WHERE kind = 'raised'") == [(3, "")]


async def test_two_outboxes_send_each_notification_once(judge: Judge, pool: Pool, store: Store, town: Town) -> None:
    break_joystick(store, town)
    await judge.sweep()
    async with receiving() as receiver:
        channel = Webhook(receiver.url, SECRET, allow_private=True)
        await asyncio.gather(*(Outbox(pool, {"webhook": channel}, "http://api").round() for _ in range(4)))
    assert len(receiver.keys) == 1
