"""Five hundred machines silent in one area with three real jams inside: four alarms ring, and nothing is hidden."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg
import pytest

from diagnostics.alarms import area_watch
from diagnostics.alarms.area_watch import AreaWatch
from diagnostics.alarms.judging import Judge
from diagnostics.alarms.lease import Lease, LeaseLostError
from diagnostics.metrics import WorkerMetrics
from diagnostics.queries import Parameters, Row, Statement, fetch_all, room
from fleet.clock import STOCKHOLM
from fleet.plumbing.database import Connection, Pool, database_pool
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

MACHINES = 500
DISPENSER = load_registry()["dispenser"]


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with database_pool(database.worker, "test-worker", largest=4) as opened:
        yield opened


def machines(store: Store, town: Town, count: int = MACHINES, area: str = "norr") -> list[int]:
    """Machines of one area, each heard within the last minute."""
    now = datetime.now(UTC)
    loan = NewLoan(payer_id=town.payer.payer_id, legal_frame="SoL", started_at=now - timedelta(days=9))
    new = [
        NewDevice(device_class="dispenser", model_key=DISPENSER.models[0].key, individual_number=f"L-{n}", loan=loan)
        for n in range(count)
    ]
    with psycopg.connect(store.database.owner) as connection:
        numbers = [enrolled.device_no for enrolled in enroll_devices(connection, new, now)]
        connection.execute("UPDATE loan SET area = %s WHERE device_no = ANY (%s)", [area, numbers])
        connection.execute(
            "INSERT INTO device_state (device_no, first_seen_at, last_seen_at, metric_values, latest_events)"
            " SELECT number, now() - interval '1 day', clock_timestamp() - make_interval(secs => 60.0 * place / %s),"
            " '{}', '{}' FROM unnest(%s::integer[]) WITH ORDINALITY AS m (number, place)",
            [count, numbers],
        )
    return numbers


def pass_silently(store: Store, seconds: float) -> None:
    """Time goes by and nothing is heard of any machine; ingest is well."""
    store.execute("UPDATE device_state SET last_seen_at = last_seen_at - make_interval(secs => %s)", seconds)
    store.watermark(datetime.now(UTC) + timedelta(seconds=1))


def rang(store: Store) -> list[tuple[str, int]]:
    """Rules whose alarms people were told of, and how many."""
    return [
        (rule, count)
        for rule, count in store.all(
            "SELECT rule, count(DISTINCT alarm_id) FROM alarm JOIN escalation USING (alarm_id) GROUP BY 1 ORDER BY 1"
        )
    ]


async def look(judge: Judge, watch: AreaWatch | None) -> None:
    """What the worker does every two seconds."""
    await judge.round()
    if watch is None or await watch.round():
        await judge.quiet()
        if watch is not None:
            await judge.judge_all(await watch.released(), past=False)


@pytest.mark.timeout(300)
async def test_an_area_is_one_alarm_and_the_jams_inside_ring(
    pool: Pool, store: Store, town: Town, api: Api, make_token: MakeToken
) -> None:
    numbers = machines(store, town)
    judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
    watch = AreaWatch(pool, load_registry(), ["webhook"])
    pass_silently(store, 0)
    await look(judge, watch)
    assert rang(store) == []
    for number in numbers[100:103]:
        store.fault(number, "dispenser-gateway", "JAM", "MED-MEC-01")
        store.due(number)
    passed = 0
    for step in (110, 5, 5, 5, 20, 40):  # the first is over its limit at 120 s, the last at 180 s
        pass_silently(store, step)
        passed += step
        await look(judge, watch)
        told = dict(rang(store))
        assert sum(told.values()) <= 5, told
        assert told["jam"] == 3, "jams wait for nothing"
        if passed >= 125:
            assert told["area_contact_lost"] == 1, "when the first is over its limit the others are counted"
    assert rang(store) == [("area_contact_lost", 1), ("jam", 3)]
    assert store.all("SELECT count(*) FROM notification WHERE kind = 'raised'")[0][0] <= 5
    [(children, linked)] = store.all(
        "SELECT count(*), count(parent_id) FROM alarm"
        " WHERE rule = 'silent' AND cleared_at IS NULL AND quieted_by = 'area'"
    )
    assert (children, linked) == (MACHINES, MACHINES)  # open, shown, and told through the area's
    token = make_token("carer", payers=[town.payer])
    alarm = store.all("SELECT alarm_id FROM alarm WHERE area IS NOT NULL")[0][0]
    shown = (await api.get(f"alarms/{alarm}", token)).json()
    assert (len(shown["at_risk"]), len(shown["children"])) == (MACHINES, MACHINES)
    await back_again(store, judge, watch, numbers)


async def back_again(store: Store, judge: Judge, watch: AreaWatch, numbers: list[int]) -> None:
    """All but six are heard again: the area's alarm ends, and those six ring for themselves."""
    store.execute("UPDATE device_state SET last_seen_at = clock_timestamp() WHERE device_no = ANY (%s)", numbers[6:])
    await look(judge, watch)
    assert store.all("SELECT count(*) FROM alarm WHERE area IS NOT NULL AND cleared_at IS NULL") == [(0,)]
    assert dict(rang(store)) == {"area_contact_lost": 1, "jam": 3, "silent": 6}
    assert store.all("SELECT count(*) FROM alarm WHERE rule = 'silent' AND cleared_at IS NULL") == [(6,)]


async def test_without_areas_every_machine_rings(pool: Pool, store: Store, town: Town) -> None:
    """Negative control: the same silence, judged one by one."""
    machines(store, town, 40)
    pass_silently(store, 185)
    await look(Judge(pool, load_registry(), ["webhook"], WorkerMetrics()), None)
    assert rang(store) == [("silent", 40)]


async def test_our_own_lag_is_no_outage(pool: Pool, store: Store, town: Town) -> None:
    machines(store, town, 40)
    pass_silently(store, 0)
    store.execute("UPDATE device_state SET last_seen_at = last_seen_at - interval '1 hour'")
    store.execute("UPDATE ingest_watermark SET at = at - interval '1 hour'")
    await look(
        Judge(pool, load_registry(), ["webhook"], WorkerMetrics()), AreaWatch(pool, load_registry(), ["webhook"])
    )
    assert store.all("SELECT count(*) FROM alarm") == [(0,)]


async def test_a_few_silent_machines_ring_for_themselves(pool: Pool, store: Store, town: Town) -> None:
    numbers = machines(store, town, 40)
    pass_silently(store, 185)
    store.execute("UPDATE device_state SET last_seen_at = clock_timestamp() WHERE device_no = ANY (%s)", numbers[4:])
    await look(
        Judge(pool, load_registry(), ["webhook"], WorkerMetrics()), AreaWatch(pool, load_registry(), ["webhook"])
    )
    assert rang(store) == [("silent", 4)]


async def test_a_lease_has_one_holder_and_a_late_one_finds_the_fence(pool: Pool) -> None:
    first, second = Lease(pool, "areas", seconds=0.3), Lease(pool, "areas", seconds=30)
    assert await first.held()
    assert not await second.held()
    assert await first.held()
    fence = first.fence
    await asyncio.sleep(0.5)  # stopped for longer than its lease, as by SIGSTOP
    assert await second.held()
    assert second.fence is not None
    assert fence is not None
    assert second.fence > fence
    async with pool.connection() as connection, connection.transaction():
        with pytest.raises(LeaseLostError):
            await first.check(connection)
        await second.check(connection)
    assert not await first.held()


async def both_raise(pool: Pool, watches: list[AreaWatch]) -> None:
    for _ in range(3):
        await asyncio.gather(*(watch.round() for watch in watches), return_exceptions=True)


async def test_two_workers_open_one_area_alarm_and_without_the_lease_two(pool: Pool, store: Store, town: Town) -> None:
    machines(store, town, 40)
    pass_silently(store, 185)
    store.execute("DROP INDEX alarm_area_open, alarm_open")  # what would stop it, if the lease did not
    await both_raise(pool, [AreaWatch(pool, load_registry(), ["webhook"]) for _ in range(2)])
    assert store.all("SELECT count(*) FROM alarm WHERE area IS NOT NULL") == [(1,)]
    store.execute("UPDATE alarm SET cleared_at = clock_timestamp()")

    async def yes(lease: Lease) -> bool:
        lease.fence = 1
        return True

    async def unchecked(lease: Lease, _: object) -> None:
        """As if it were still ours."""

    both, read, opened = asyncio.Barrier(2), fetch_all, room(area_watch.__file__)["area_open"]

    async def read_by_both(connection: Connection, query: Statement, asked: Parameters | None = None) -> list[Row]:
        """What both read before either has written: the moment that the lease is for."""
        rows = await read(connection, query, asked)
        if query == opened:
            await asyncio.wait_for(both.wait(), 30)
        return rows

    with (
        patch.object(Lease, "held", yes),
        patch.object(Lease, "check", unchecked),
        patch.object(area_watch, "fetch_all", read_by_both),
    ):
        watches = [AreaWatch(pool, load_registry(), ["webhook"]) for _ in range(2)]
        await asyncio.gather(*(watch.round() for watch in watches))
    assert store.all("SELECT count(*) FROM alarm WHERE area IS NOT NULL AND cleared_at IS NULL")[0][0] == 2


async def test_a_power_cut_is_one_alarm_with_the_shortest_time_left_first(pool: Pool, store: Store, town: Town) -> None:
    """Forty machines on battery, 5.4 to 18 hours each; one has a dose due within the hour, one has jammed."""
    numbers = machines(store, town, 40)
    pass_silently(store, 0)
    for place, number in enumerate(numbers):
        store.fault(number, "dispenser-gateway", "MAINS", "MED-PWR-01", raised=datetime.now(UTC))
        store.heard(
            number, at=datetime.now(UTC), values={"battery.level": 30 + 70 * place / 39, "mains.present": False}
        )
    dose_soon, jammed = numbers[30], numbers[20]
    soon = (datetime.now(UTC) + timedelta(minutes=30)).astimezone(STOCKHOLM).time().replace(second=0, microsecond=0)
    store.execute(
        "INSERT INTO dose_schedule (device_no, version, times, weekdays, late_minutes, unknown_minutes, valid_from,"
        " entered_by) VALUES (%s, 1, %s::time[], '{0,1,2,3,4,5,6}', 60, 10, now() - interval '1 hour', 'test')",
        dose_soon,
        [soon],
    )
    store.fault(jammed, "dispenser-gateway", "JAM", "MED-MEC-01")
    for number in numbers:
        store.due(number)
    judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
    watch = AreaWatch(pool, load_registry(), ["webhook"])
    await look(judge, watch)
    store.execute("UPDATE rule_hold SET since = since - interval '61 seconds'")
    await look(judge, watch)
    assert rang(store) == [("area_power_lost", 1), ("jam", 1)]
    [(open_ones, quiet)] = store.all(
        "SELECT count(*), count(*) FILTER (WHERE quieted_by = 'area') FROM alarm WHERE rule = 'mains_lost'"
    )
    assert (open_ones, quiet) == (40, 40)
    [(detail,)] = store.all("SELECT detail FROM alarm WHERE area IS NOT NULL")
    listed = detail["devices"]
    ids = dict(store.all("SELECT device_no, device_id FROM device WHERE device_no = ANY (%s)", numbers))
    assert listed[0]["device_id"] == ids[dose_soon]
    assert listed[0]["hours"] <= 0.5
    rest = [device["hours_left"] for device in listed[1:]]
    assert rest == sorted(rest)
    assert rest[0] == pytest.approx(5.4, abs=0.1)
    assert [device["device_id"] for device in listed[1:4]] == [ids[number] for number in numbers[:3]]


async def test_who_sees_the_loan_says_where_its_device_stands_and_it_ends_with_the_loan(
    store: Store, town: Town, api: Api, make_token: MakeToken
) -> None:
    address = f"devices/{town.dispenser.device_id}/area"
    technician = make_token("technician", payers=[town.payer])
    assert (await api.get(address, technician)).json()["area"] == ""
    said = await api.call("PUT", address, technician, json={"area": "hemtjanst-norr"})
    assert (said.status_code, said.json()["area"]) == (200, "hemtjanst-norr")
    assert store.all("SELECT area FROM loan WHERE device_no = %s", town.dispenser.device_no) == [("hemtjanst-norr",)]
    assert (await api.call("PUT", address, technician, json={"area": "Storgatan 4"})).status_code == 422
    stranger = make_token("technician", payers=[town.other])
    assert (await api.call("PUT", address, stranger, json={"area": "soder"})).status_code == 404
    in_store = f"devices/{town.in_store.device_id}/area"
    assert (await api.call("PUT", in_store, make_token("administrator"), json={"area": "soder"})).status_code in {
        404,
        409,
    }
    actions = [action for _, action, _ in store.audit()]
    assert actions.count("area.set") == 1
    assert actions.count("area.read") == 1
