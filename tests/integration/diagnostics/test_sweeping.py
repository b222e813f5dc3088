"""The worker hurries through all devices by rules that are new, and remembers by which rules it has done so."""

import asyncio
import secrets
from collections.abc import Callable

import pytest

from diagnostics import worker
from diagnostics.alarms.judging import Judge, Judged
from diagnostics.wakeups import Wakeups
from diagnostics.worker import _NEW_RULES_SHARE, _SWEEP_SHARE, Worker
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

LIMIT = "classes/dispenser/settings/rules/battery_low/below"


class Watched(Judge):
    """A judge whose sweeps are watched, and that lets something happen in the middle of one."""

    def watch(self, happens: Callable[[], object] = lambda: None) -> None:
        self.shares: list[float] = []
        self.ended = 0
        self.happens = happens

    async def sweep(self, share: Callable[[], float] = lambda: 1.0) -> Judged:
        self.shares.append(share())
        self.happens()
        done = await Judge.sweep(self, share)
        self.ended += 1
        return done


def worker_of(judge: Judge, database: Database) -> Worker:
    """A worker with what sweeping needs."""
    return Worker(judge, *[None] * 9, Wakeups(database.worker, []), None, None)  # type: ignore[arg-type, call-arg]


async def sweeps(database: Database, monkeypatch: pytest.MonkeyPatch, rounds: int = 1) -> list[float]:
    """The shares at which a new worker's first sweeps began."""
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.0)
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        judge = Watched(pool, load_registry(), ())
        judge.watch()
        sweeping = asyncio.create_task(worker_of(judge, database)._sweeping())
        async with asyncio.timeout(20):
            while len(judge.shares) <= rounds and not sweeping.done():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        assert not sweeping.done()
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        return judge.shares[:rounds]


async def test_rules_that_every_device_was_judged_by_need_no_hurry_at_the_next_start(
    database: Database, store: Store, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.heard(town.dispenser.device_no)
    assert await sweeps(database, monkeypatch, 2) == [_NEW_RULES_SHARE, _SWEEP_SHARE]
    assert await sweeps(database, monkeypatch) == [_SWEEP_SHARE]


async def test_what_is_set_for_a_class_makes_the_worker_hurry_through_all_devices(  # noqa: PLR0917 - fixtures
    database: Database, store: Store, town: Town, api: Api, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.heard(town.dispenser.device_no, values={"battery.level": 24.0})
    await sweeps(database, monkeypatch)
    assert store.all("SELECT count(*) FROM alarm") == [(0,)]
    body = {"value": 28.0, "reason": "för sena larm"}
    assert (await api.post(LIMIT, make_token("administrator"), body)).status_code == 200
    assert await sweeps(database, monkeypatch, 2) == [_NEW_RULES_SHARE, _SWEEP_SHARE]
    assert store.all("SELECT rule FROM alarm") == [("battery_low",)]


async def test_a_sweep_during_which_the_rules_changed_counts_for_nothing(
    database: Database, store: Store, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the devices were judged by the old ones."""
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.0)
    store.heard(town.dispenser.device_no)
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        judge = Watched(pool, load_registry(), ())
        judge.watch(lambda: setattr(judge, "digest", secrets.token_hex(8)))
        sweeping = asyncio.create_task(worker_of(judge, database)._sweeping())
        async with asyncio.timeout(20):
            while judge.ended < 3 and not sweeping.done():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        assert not sweeping.done()
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
    assert store.all("SELECT digest FROM alarm_sweep") == []
    assert set(judge.shares) == {_NEW_RULES_SHARE}
