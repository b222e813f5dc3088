"""A fault read waits for the database as seldom as it can, and no check, line or promise is lost by that."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from diagnostics.commands import service, waiting
from diagnostics.commands.dispatch import Dispatcher
from diagnostics.commands.schemas import CommandRequest
from diagnostics.problems import Problem
from diagnostics.resources import Resources, server_clock
from diagnostics.security import Caller, find_caller
from diagnostics.work import Door
from fleet.plumbing.database import database_pool
from tests.fixtures.database import Database
from tests.fixtures.turns import Turns, counted
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

READ = CommandRequest(name="read_faults")
FORGOTTEN = 1
"""Turns it takes that a connection which came back forgets whatever was set on it."""


@pytest.fixture
async def turns(database: Database) -> AsyncIterator[Turns]:
    async with counted(database.api) as line:
        yield line


@pytest.fixture
async def counted_resources(turns: Turns, resources: Resources) -> AsyncIterator[Resources]:
    """As `resources`, whose only connection for requests is counted; notifications come over another line."""
    async with database_pool(turns.address, "test-few-messages", largest=1, replan=True, proved_seconds=60) as pool:
        yield replace(resources, pool=pool)


async def caller_of(resources: Resources, token: str) -> Caller:
    caller = await find_caller(resources.pool, f"Bearer {token}")
    assert caller is not None
    return caller


async def test_a_wish_waits_for_the_database_twice(
    counted_resources: Resources, turns: Turns, make_token: MakeToken, town: Town, store: Store
) -> None:
    """Once for what it meets at the device, once for the commit: with it go the command, its trace and the audit."""
    door = Door(counted_resources)
    for number in range(7):  # statements are prepared after some time, which must cost no turn either
        caller = await caller_of(counted_resources, make_token("technician", name=f"anna-{number}"))
        async with counted_resources.pool.connection():
            before = turns.count
        command_id, new = await waiting.ask(door, caller, town.chair.device_id, READ, f"the-key-{number}")
        assert (new, turns.count - before) == (True, FORGOTTEN + 2)
        assert store.all("SELECT state FROM command WHERE command_id = %s", command_id) == [("queued",)]
    assert [action for _, action, _ in store.audit()] == ["command.ask"] * 7
    assert store.all("SELECT DISTINCT state, reason FROM command_transition") == [("queued", "asked")]


async def test_a_command_is_with_the_broker_after_one_answer_of_the_database(
    api: Api, make_token: MakeToken, town: Town, database: Database, store: Store
) -> None:
    async with counted(database.worker) as line:

        class Broker:
            seen = -1

            async def publish(self, *_: object) -> None:
                self.seen = line.count

        broker = Broker()
        async with database_pool(line.address, "test-worker", largest=1, proved_seconds=60) as pool:
            dispatcher = Dispatcher(pool, server_clock)
            for _ in range(3):
                token = make_token("technician")
                headers = {"idempotency-key": f"a-key-of-{token}"[:40]}
                answer = await api.post(f"devices/{town.chair.device_id}/faults/read?wait=0", token, headers=headers)
                assert answer.status_code == 202
                async with pool.connection():
                    before = line.count
                assert await dispatcher.send_queued(broker) == 1
                assert broker.seen - before == FORGOTTEN + 1
    assert store.all("SELECT state, count(*) FROM command GROUP BY state") == [("sent", 3)]


async def test_a_wish_that_cannot_be_audited_is_not_asked(
    api: Api, make_token: MakeToken, town: Town, database: Database, store: Store
) -> None:
    """The line goes with the commit, and the command with the line."""
    token = make_token("technician")
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("REVOKE INSERT ON audit FROM fjarrkoll_api")
    headers = {"idempotency-key": "never-to-be-audited"}
    answer = await api.post(f"devices/{town.chair.device_id}/faults/read?wait=0", token, headers=headers)
    assert answer.status_code == 500
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("GRANT INSERT ON audit TO fjarrkoll_api")
    assert store.all("SELECT count(*) FROM command") == [(0,)]
    assert store.audit() == []
    answer = await api.post(f"devices/{town.chair.device_id}/faults/read?wait=0", token, headers=headers)
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (202, "false")


async def test_one_key_for_two_devices_at_once_is_one_command_and_one_line(
    resources: Resources, make_token: MakeToken, town: Town, store: Store
) -> None:
    """Each has its device's turn, so only the table can tell: by its key, with the commit."""
    caller, door, key = await caller_of(resources, make_token("technician")), Door(resources), "the-very-same-key"
    async with door.open(caller, in_few_messages=True) as work:
        first, _ = await service.ask(work, town.chair.device_id, READ, key)
        second = asyncio.create_task(waiting.ask(door, caller, town.dispenser.device_id, READ, key))
        await asyncio.sleep(0.5)
        assert not second.done(), "it waits for what becomes of the first"
    with pytest.raises(Problem) as refused:
        await second
    assert refused.value.code == "idempotency_key_reused"
    assert store.all("SELECT command_id FROM command") == [(first,)]
    assert len(store.audit()) == 1


async def test_a_refused_wish_leaves_its_connection_as_it_was(
    counted_resources: Resources, make_token: MakeToken, town: Town, store: Store
) -> None:
    door = Door(counted_resources)
    caller = await caller_of(counted_resources, make_token("technician"))
    foreign = await caller_of(counted_resources, make_token("technician", payers=[town.payer]))
    for number in range(3):
        with pytest.raises(Problem) as refused:
            await waiting.ask(door, foreign, town.elsewhere.device_id, READ, f"not-mine-{number}")
        assert refused.value.code == "not_found"
        with pytest.raises(Problem) as unknown:
            await waiting.ask(door, caller, town.chair.device_id, CommandRequest(name="fly"), f"unknown-{number}")
        assert unknown.value.code == "unknown_command"
        async with counted_resources.pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*) FROM device")).fetchone()
            assert row == (0,), "nothing of a scope is left"
    assert (await waiting.ask(door, caller, town.chair.device_id, READ, "at-last"))[1]
    assert len(store.audit()) == 1


async def test_who_waits_is_woken_and_does_not_look_before(
    counted_resources: Resources, turns: Turns, make_token: MakeToken, town: Town, store: Store
) -> None:
    caller, door = await caller_of(counted_resources, make_token("technician")), Door(counted_resources)
    await asyncio.wait_for(counted_resources.wakeups.listening.wait(), 10)
    before = turns.count
    asked = asyncio.create_task(waiting.ask_and_wait(door, caller, town.chair.device_id, READ, "woken", 20))
    await asyncio.sleep(0.3)
    assert turns.count - before <= 2 * FORGOTTEN + 2, "once before the wish and once after it"
    store.execute("UPDATE command SET state = 'cancelled', reason = 'taken_back'")
    store.execute("SELECT pg_notify('fjarrkoll_reply', command_id::text) FROM command")
    _, new, row = await asyncio.wait_for(asked, 10)
    assert row is not None
    assert (new, row["state"]) == (True, "cancelled")


SEEN = """
    CREATE TABLE seen (name text, durably text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO seen
        SELECT name, current_setting('synchronous_commit') FROM command WHERE command_id = NEW.command_id;
        RETURN NEW;
    END $$;
    CREATE TRIGGER note AFTER INSERT ON command_transition
        FOR EACH ROW WHEN (NEW.state IN ('sent', 'cancelled')) EXECUTE FUNCTION note()
"""


async def test_only_that_readings_were_sent_is_committed_without_waiting_for_the_disk(
    api: Api, make_token: MakeToken, town: Town, database: Database, store: Store
) -> None:
    """A reading may be sent again. What does more is durable, and what was stopped and stands in the audit is, too."""
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute(SEEN)

    class Broker:
        async def publish(self, *_: object) -> None: ...

    async def turn(*wishes: tuple[str, str]) -> list[tuple[str, str]]:
        """A turn of the dispatcher with these wishes, each of a device and a command."""
        for number, (device_id, name) in enumerate(wishes):
            key = {"idempotency-key": f"{name}-of-{number}-of-{len(wishes)}"}
            answer = await api.post(f"devices/{device_id}/commands?wait=0", token, {"name": name}, headers=key)
            assert answer.status_code == 202
        if len(wishes) > 1:
            store.execute("UPDATE command SET requested_by = 'gone' WHERE device_no = %s", other.device_no)
        waits = {"synchronous_commit": "on"}  # which the server of the tests does not
        async with database_pool(database.worker, "test-worker", largest=1, settings=waits) as pool:
            await Dispatcher(pool, server_clock).send_queued(Broker())
        with psycopg.connect(database.superuser, autocommit=True) as connection:
            return sorted(connection.execute("DELETE FROM seen RETURNING name, durably").fetchall())

    token, chair, other = make_token("technician"), town.chair, town.dispenser
    assert await turn((chair.device_id, "read_faults")) == [("read_faults", "off")]
    assert await turn((chair.device_id, "self_test")) == [("self_test", "on")]
    stopped = await turn((chair.device_id, "read_versions"), (other.device_id, "read_faults"))
    assert stopped == [("read_faults", "on"), ("read_versions", "on")]
