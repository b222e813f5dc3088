"""One device by a plan that is kept: planned once, and still for each caller only what that caller may see."""

from collections.abc import AsyncIterator

import pytest

from diagnostics.queries import fetch_by_key, formatted, room
from diagnostics.verdicts import JUDGED
from fleet.plumbing.database import Pool, database_pool
from fleet.plumbing.store.scope import Scope, scoped
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Town

ONE = formatted(room("diagnostics/devices/repository.py")["one"], judged=JUDGED)
FRAMES = frozenset({"HSL", "SoL"})


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """One connection, so that one caller is served by the plan that was made for another."""
    async with database_pool(database.api, "test-kept-plan", largest=1, replan=True) as opened:
        yield opened


async def seen(pool: Pool, scope: Scope, device_id: str) -> bool:
    async with scoped(pool, scope) as connection:
        row = await fetch_by_key(connection, ONE, {"device_id": device_id})
        mode = await (await connection.execute("SHOW plan_cache_mode")).fetchone()
    assert mode == ("force_custom_plan",), "whatever comes after is planned for its own values"
    return row is not None


async def test_a_plan_made_for_one_caller_shows_another_one_no_more_than_it_may_see(pool: Pool, town: Town) -> None:
    every = Scope(payers=None, frames=FRAMES, audiences=frozenset(Audience))
    own = Scope(payers=frozenset({town.payer.payer_id}), frames=FRAMES, audiences=frozenset(Audience))
    other = Scope(payers=frozenset({town.other.payer_id}), frames=FRAMES, audiences=frozenset(Audience))
    frame = Scope(payers=frozenset({town.payer.payer_id}), frames=frozenset({"HSL"}), audiences=frozenset(Audience))
    devices = [town.chair.device_id, town.dispenser.device_id, town.elsewhere.device_id]
    for _ in range(2):
        assert [await seen(pool, every, device) for device in devices] == [True, True, True]
        assert [await seen(pool, own, device) for device in devices] == [True, True, False]
        assert [await seen(pool, other, device) for device in devices] == [False, False, True]
        assert [await seen(pool, frame, device) for device in devices] == [True, False, False]


async def test_the_plan_is_made_once(pool: Pool, town: Town) -> None:
    every = Scope(payers=None, frames=FRAMES, audiences=frozenset(Audience))
    for _ in range(6):
        assert await seen(pool, every, town.chair.device_id)
    async with pool.connection() as connection:
        answer = await connection.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%metric_values%%'",
            [],
        )
        assert await answer.fetchall() == [(6, 0)]
