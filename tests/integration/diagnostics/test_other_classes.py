"""The same machinery for other classes, by their profiles: a scale nobody stands on, a tipped chair, a leaking mask."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.alarms.judging import Judge
from diagnostics.metrics import WorkerMetrics
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakeDevice
from tests.integration.diagnostics.conftest import Store, Town


@pytest.fixture
async def judge(database: Database) -> AsyncIterator[Judge]:
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        yield Judge(pool, load_registry(), ["webhook"], WorkerMetrics())


def now() -> datetime:
    return datetime.now(UTC)


def told(store: Store) -> set[tuple[str, str, bool]]:
    """Rule, audience and whether it is open, of what people were told of."""
    return set(
        store.all("SELECT rule, audience, cleared_at IS NULL FROM alarm JOIN escalation USING (alarm_id) ORDER BY 1")
    )


async def test_a_person_who_stops_weighing_is_a_care_signal_though_the_hub_is_well(
    judge: Judge, store: Store, town: Town, make_device: MakeDevice
) -> None:
    scale = make_device("scale", loan=(town.payer, "HSL"))
    store.execute("UPDATE loan SET started_at = now() - interval '30 days' WHERE device_no = %s", scale.device_no)
    store.heard(scale.device_no, at=now() - timedelta(days=7, minutes=5), values={"body.weight": 71.5})
    store.heard(scale.device_no, at=now())  # the hub says that it lives
    store.watermark(now() + timedelta(seconds=1))
    await judge.sweep()
    assert told(store) == set(), "the hub may have more to tell"
    store.execute("UPDATE rule_hold SET since = since - interval '30 minutes'")
    await judge.round()
    assert told(store) == {("not_weighed", "care", True)}
    store.heard(scale.device_no, at=now(), values={"body.weight": 71.0})
    await judge.round()
    assert told(store) == {("not_weighed", "care", False)}


async def test_what_time_alone_makes_true_is_looked_at_in_time_without_a_sweep(
    judge: Judge, store: Store, town: Town, make_device: MakeDevice
) -> None:
    """Nothing that a scale sends marks it for a measurement that did not come."""
    scale = make_device("scale", loan=(town.payer, "HSL"))
    store.execute("UPDATE loan SET started_at = now() - interval '30 days' WHERE device_no = %s", scale.device_no)
    weighed = now().replace(microsecond=0) - timedelta(days=7) + timedelta(hours=1)
    store.heard(scale.device_no, at=weighed, values={"body.weight": 71.5})
    store.heard(scale.device_no, at=now())
    store.watermark(now() + timedelta(seconds=1))
    store.due(scale.device_no)
    await judge.round()
    assert store.all("SELECT due_at FROM alarm_timer") == [(weighed + timedelta(days=7),)]
    earlier = round((weighed - timedelta(hours=2)).timestamp() * 1000)
    store.execute(
        "UPDATE device_state SET metric_values = jsonb_set(metric_values, '{body.weight,1}', to_jsonb(%s::bigint))",
        earlier,
    )
    store.execute("UPDATE alarm_timer SET due_at = now()")
    await judge.round()
    assert store.all("SELECT rule FROM rule_hold") == [("not_weighed",)]


async def test_a_timer_that_no_rule_asks_for_any_more_is_dropped_when_it_has_run_out(
    judge: Judge, store: Store, town: Town
) -> None:
    """As after a release without the rule that set it: otherwise the device would be judged at every turn, for ever."""
    store.heard(town.chair.device_no)
    store.execute("INSERT INTO alarm_timer (device_no, due_at) VALUES (%s, now())", town.chair.device_no)
    assert town.chair.device_no in (await judge.round()).numbers
    assert store.all("SELECT count(*) FROM alarm_timer") == [(0,)]


async def test_a_scale_whose_history_arrives_has_not_stopped_being_used(
    judge: Judge, store: Store, town: Town, make_device: MakeDevice
) -> None:
    """Registered long after its loan began, it first says that it lives, then what it remembers, the oldest first."""
    number = make_device("scale", loan=(town.payer, "HSL")).device_no
    store.execute("UPDATE loan SET started_at = now() - interval '90 days' WHERE device_no = %s", number)
    for days in (None, 60, 30, 1):
        weighed = {} if days is None else {"body.weight": 71.5}
        store.heard(number, at=now() - timedelta(days=days or 0), first=now(), values=weighed)
        store.execute("UPDATE device_state SET last_seen_at = clock_timestamp()")
        store.watermark(now() + timedelta(seconds=1))
        store.due(number)
        await judge.round()
        assert store.all("SELECT rule FROM alarm") == [], days
    assert store.all("SELECT rule FROM rule_hold") == []


async def test_a_hub_that_is_silent_is_a_technical_signal_and_no_word_about_the_person(
    judge: Judge, store: Store, town: Town, make_device: MakeDevice
) -> None:
    scale = make_device("scale", loan=(town.payer, "HSL"))
    store.execute("UPDATE loan SET started_at = now() - interval '5 days' WHERE device_no = %s", scale.device_no)
    store.heard(scale.device_no, at=now() - timedelta(hours=50), values={"body.weight": 71.5})
    store.watermark(now() + timedelta(seconds=1))
    await judge.quiet()
    assert told(store) == {("silent", "technical", True)}


async def test_a_chair_that_tips_rings_for_care_at_once_and_not_hours_later(
    judge: Judge, store: Store, town: Town
) -> None:
    chair = town.chair.device_no
    store.heard(chair, at=now(), events={"tip_or_impact": now() - timedelta(hours=7)})
    store.due(chair)
    await judge.round()
    assert told(store) == set(), "what happened seven hours ago never rings as new"
    store.heard(chair, at=now(), events={"tip_or_impact": now()})
    store.due(chair)
    await judge.round()
    assert told(store) == {("tipped", "care", True)}


async def test_a_mask_that_leaks_rests_only_well_below_its_limit(
    judge: Judge, store: Store, town: Town, make_device: MakeDevice
) -> None:
    machine = make_device("apap", loan=(town.payer, "HSL")).device_no
    seen = []
    for leak in (23.0, 31.0, 22.0, 19.0):
        store.heard(machine, at=now(), values={"leak.p95": leak})
        store.due(machine)
        await judge.round()
        seen.append(told(store))
    leaking = {("high_leak", "technical", True)}
    assert seen == [set(), leaking, leaking, {("high_leak", "technical", False)}]
