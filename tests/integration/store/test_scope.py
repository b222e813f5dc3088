"""Scope over a pool: nothing without one, nothing left behind, nothing mixed up between requests that share it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from fleet.plumbing.database import Connection, DatabaseUnavailableError, Pool, database_pool
from fleet.plumbing.store.scope import Scope, look, scoped, scoped_in_few_messages
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.sight import READS, all_scopes, expected
from tests.integration.store.world import Entry

SETTINGS = ("all_payers", "payers", "frames", "audiences")
Opened = Callable[[Pool, Scope], AbstractAsyncContextManager[Connection]]
both_ways = pytest.mark.parametrize("opened", [scoped, scoped_in_few_messages])


@pytest.fixture
async def pool(world: Database) -> AsyncIterator[Pool]:
    async with database_pool(world.api, "test", smallest=2, largest=2) as opened:
        yield opened


async def _devices(pool: Pool) -> list[str]:
    async with pool.connection() as connection:
        return [str(row[0]) for row in await (await connection.execute(READS["device"].encode())).fetchall()]


def _wanted(entries: list[Entry], thing: str, scope: Scope) -> list[str]:
    return sorted(entry.label for entry in entries if entry.thing == thing and expected(entry, scope))


@pytest.mark.parametrize("thing", READS)
async def test_without_a_scope_nothing_is_seen(pool: Pool, thing: str) -> None:
    async with pool.connection() as connection:
        assert await (await connection.execute(READS[thing].encode())).fetchall() == []


@both_ways
async def test_requests_of_many_scopes_over_two_connections_see_each_its_own(
    pool: Pool, entries: list[Entry], opened: Opened
) -> None:
    """reliability.md S2: interleaved in random order, some of them failing half way."""
    order = [scope for scope in all_scopes() for _ in range(2)]
    random.Random(7).shuffle(order)
    backends: set[int] = set()

    async def request(number: int, scope: Scope) -> None:
        thing = ("device", "alarm", "reading")[number % 3]
        async with opened(pool, scope) as connection:
            backends.add(connection.info.backend_pid)
            rows = await (await connection.execute(READS[thing].encode())).fetchall()
            assert sorted(row[0] for row in rows) == _wanted(entries, thing, scope)
            if number % 5 == 0:
                await connection.execute("SELECT 1/0")

    answers = await asyncio.gather(*(request(n, scope) for n, scope in enumerate(order)), return_exceptions=True)
    assert len(order) == 200
    assert len(backends) == 2
    assert sum(isinstance(answer, psycopg.errors.DivisionByZero) for answer in answers) == 40
    assert sum(answer is None for answer in answers) == 160
    assert await _devices(pool) == []


async def test_what_was_set_for_a_session_is_gone_with_the_next_user(world: Database) -> None:
    """The negative control comes first: on a connection that is not the pool's the setting stays."""
    with psycopg.connect(world.api, autocommit=True) as connection:
        connection.execute("SET fjarrkoll.all_payers = 'on'")
        assert connection.execute("SELECT count(*) > 0 FROM device").fetchone() == (True,)
    async with database_pool(world.api, "test", smallest=1, largest=1) as pool:
        async with pool.connection() as connection:
            for setting in SETTINGS:
                await connection.execute(f"SET fjarrkoll.{setting} = 'on'".encode())
        assert await _devices(pool) == []
        async with pool.connection() as connection:
            for setting in SETTINGS:
                row = await (
                    await connection.execute("SELECT current_setting(%s, true)", [f"fjarrkoll.{setting}"])
                ).fetchone()
                assert row in {(None,), ("",)}


@both_ways
async def test_a_scope_ends_with_its_transaction_on_the_same_connection(world: Database, opened: Opened) -> None:
    async with database_pool(world.api, "test", smallest=1, largest=1) as pool:
        async with opened(pool, Scope.everything()) as connection:
            row = await (await connection.execute("SELECT count(*) > 0 FROM device")).fetchone()
            assert row == (True,)
            inside = connection.info.backend_pid
        async with pool.connection() as connection:
            assert connection.info.backend_pid == inside
            row = await (await connection.execute("SELECT count(*) FROM device")).fetchone()
            assert row == (0,)
            assert await (await connection.execute("SHOW plan_cache_mode")).fetchone() == ("auto",)


async def test_who_looks_at_one_row_sees_its_scope_and_nothing_of_it_is_left(world: Database) -> None:
    async with database_pool(world.api, "test", smallest=1, largest=1) as pool:
        async with scoped(pool, Scope.everything()) as connection:
            row = await (await connection.execute("SELECT min(device_no) FROM device")).fetchone()
        assert row is not None
        key, one = {"device_no": row[0]}, SQL("SELECT device_no FROM device WHERE device_no = %(device_no)s")
        for scope, sees in [(Scope.everything(), key), (Scope(), None), (Scope.everything(), key)] * 4:
            assert await look(pool, scope, one, key) == sees
            async with pool.connection() as connection:
                assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
                row = await (await connection.execute("SELECT count(*) FROM device")).fetchone()
                assert row == (0,)
                assert await (await connection.execute("SHOW plan_cache_mode")).fetchone() == ("auto",)


async def test_who_looks_hears_of_an_error_and_leaves_nothing_behind(world: Database) -> None:
    async with database_pool(world.api, "test", smallest=1, largest=1) as pool:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await look(pool, Scope.everything(), SQL("SELECT 1 / 0 AS nothing"), {})
        assert await look(pool, Scope(), SQL("SELECT count(*) AS seen FROM device"), {}) == {"seen": 0}


@both_ways
async def test_a_commit_within_a_scope_is_refused(pool: Pool, opened: Opened) -> None:
    async with opened(pool, Scope.everything()) as connection:
        with pytest.raises(psycopg.ProgrammingError, match="commit"):
            await connection.commit()


@both_ways
async def test_what_the_last_statement_breaks_is_raised_and_nothing_is_kept(world: Database, opened: Opened) -> None:
    """In few messages the commit is sent behind it, before anybody knows: the server must skip it."""
    write = "INSERT INTO audit (actor, role, care_unit, action) VALUES ('x', 'x', '', 'test.kept')"
    async with database_pool(world.api, "test", smallest=1, largest=1) as pool:
        for last, kept in (("SELECT 1 / 0", 0), ("SELECT 1", 1)) * 5:
            try:
                async with opened(pool, Scope.everything()) as connection:
                    await connection.execute(write.encode())
                    await connection.execute(last.encode())
                    await asyncio.sleep(0.01)  # the server's word is there before the commit is sent
            except psycopg.errors.DivisionByZero:
                assert not kept
            async with pool.connection() as connection:
                assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
            with psycopg.connect(world.superuser) as superuser:
                found = superuser.execute("DELETE FROM audit WHERE action = 'test.kept'").rowcount
            assert found == kept


async def test_a_sneaked_commit_within_a_scope_blinds(pool: Pool) -> None:
    async with scoped(pool, Scope.everything()) as connection:
        await connection.execute("COMMIT")
        row = await (await connection.execute("SELECT count(*) FROM device")).fetchone()
        assert row == (0,)
        await connection.execute("BEGIN")


async def test_a_scope_inside_another_users_leftovers_shows_its_own_only(pool: Pool, entries: list[Entry]) -> None:
    narrow = Scope(payers=frozenset({1}), frames=frozenset({"HSL"}), audiences=frozenset({Audience.CARE}))
    async with pool.connection() as connection:
        await connection.execute("SET fjarrkoll.all_payers = 'on'")
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config('fjarrkoll.all_payers', %s, true), set_config('fjarrkoll.payers', %s, true),"
                " set_config('fjarrkoll.frames', %s, true), set_config('fjarrkoll.audiences', %s, true)",
                narrow.settings(),
            )
            rows = await (await connection.execute(READS["alarm"].encode())).fetchall()
    assert sorted(str(row[0]) for row in rows) == _wanted(entries, "alarm", narrow) != []


@pytest.mark.parametrize("setting", ["1;2", "1,x", "{1}", "all", "1 OR true"])
def test_a_scope_that_cannot_be_read_is_an_error_and_not_a_wider_one(world: Database, setting: str) -> None:
    with psycopg.connect(world.api) as connection:
        connection.execute(
            "SELECT set_config('fjarrkoll.payers', %s, true), set_config('fjarrkoll.frames', 'HSL', true)", [setting]
        )
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT * FROM device")


def test_a_frame_that_could_be_read_as_several_is_refused() -> None:
    with pytest.raises(ValueError, match="letters only"):
        Scope(payers=None, frames=frozenset({"HSL,SoL"}))


def test_nothing_given_is_nothing_seen() -> None:
    assert Scope().settings() == ("", "", "", "")
    assert Scope.everything().settings() == ("on", "", "HSL,SoL", "care,clinical,technical")


async def test_a_wrong_password_is_said_at_once_and_not_shown(world: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match="password authentication failed") as raised:
        async with database_pool(world.api.replace("fjarrkoll_api:", "fjarrkoll_api:no"), "test", wait_seconds=30):
            pass
    assert str(conninfo_to_dict(world.api)["password"]) not in str(raised.value)
    assert world.name in str(raised.value)


async def test_a_database_that_does_not_answer_is_waited_for_and_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"store at 127\.0\.0\.1:1 as x"):
        async with database_pool("postgresql://x:y@127.0.0.1:1/store", "test", wait_seconds=0.3):
            pass


@pytest.mark.parametrize("proved_seconds", [0.0, 0.2])
async def test_a_connection_that_died_is_replaced_before_it_is_handed_out(
    world: Database, proved_seconds: float
) -> None:
    async with database_pool(world.api, "test", smallest=1, largest=1, proved_seconds=proved_seconds) as pool:
        async with pool.connection() as connection:
            victim = connection.info.backend_pid
        with psycopg.connect(world.superuser, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [victim])
        await asyncio.sleep(1.5 * proved_seconds)  # from then on nothing vouches for it
        async with scoped(pool, Scope.everything()) as connection:
            assert connection.info.backend_pid != victim
