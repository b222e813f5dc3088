"""The worker's count of a large fleet: the same figures as counting for the answer, told with when they were made."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.wear import counting
from diagnostics.wear.counting import WearCount
from fleet.plumbing.database import database_pool
from tests.fixtures.database import Database, MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store
from tests.integration.wear.test_wear import TODAY, YEAR, aged


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[WearCount]:
    async with database_pool(database.worker, "counting", largest=1) as pool:
        yield WearCount(pool, lambda: NOW)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any fleet is a large one."""
    monkeypatch.setattr(counting, "LIVE_UP_TO", 0)


def furnish(make_device: MakeDevice, store: Store) -> None:
    """Chairs of all ages, some gone, all counting kilometres, one of them repaired twice."""
    devices = [make_device("wheelchair", individual_number=f"V-{number}") for number in range(15)]
    for number, device in enumerate(devices):
        aged(store, device.device_no, acquired=(3 + number % 4) * YEAR, ended=YEAR if number % 3 == 0 else None)
        store.heard(device.device_no, at=NOW, values={"drive.odometer_total": 400.0 * (number + 1)})
    for reference, cost in (("R-1", 1250.5), ("R-2", None)):
        store.execute(
            "INSERT INTO device_repair (device_no, done_on, reference, minutes_spent, cost_sek, noted_by)"
            " VALUES (%s, %s, %s, 45, %s, 'x')",
            devices[1].device_no,
            TODAY - timedelta(days=YEAR),
            reference,
            cost,
        )


async def asked(api: Api, token: str) -> dict[str, Any]:
    body: dict[str, Any] = (await api.get("wear", token, **{"class": "wheelchair"})).json()
    return body


@pytest.mark.usefixtures("large")
async def test_what_the_worker_counted_is_what_the_answer_would_have_counted(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store, worker: WearCount
) -> None:
    token = make_token("analyst")
    furnish(make_device, store)
    live = await asked(api, token)
    assert live["counted_at"] is None
    [model] = live["items"]
    assert [model[name] for name in ("devices", "ended", "repairs")] == [15, 5, 2]
    assert model["repair_cost_sek"] == {"sum": "1250.50", "known": 1}
    assert model["use"] != []
    curve = (await api.get(f"wear/{model['model_key']}", token)).json()
    await worker.round()
    kept = await asked(api, token)
    assert kept["counted_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert {**kept, "counted_at": None} == live
    assert (await api.get(f"wear/{model['model_key']}", token)).json() == curve
    make_device("wheelchair", individual_number="V-new")
    assert (await asked(api, token))["items"] == live["items"], "as it was counted, and it says when"
    await worker.round()
    assert (await asked(api, token))["items"][0]["devices"] == 16


@pytest.mark.usefixtures("large")
async def test_an_old_count_is_not_told(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store, worker: WearCount
) -> None:
    make_device("wheelchair", individual_number="V-1")
    await worker.round()
    store.execute("UPDATE wear_count SET counted_at = counted_at - interval '7 hours'")
    make_device("wheelchair", individual_number="V-2")
    found = await asked(api, make_token("analyst"))
    assert (found["counted_at"], found["items"][0]["devices"]) == (None, 2)


async def test_a_fleet_that_is_counted_while_one_waits_is_always_counted_anew(
    api: Api, make_token: MakeToken, make_device: MakeDevice, worker: WearCount
) -> None:
    make_device("wheelchair", individual_number="V-1")
    await worker.round()
    make_device("wheelchair", individual_number="V-2")
    found = await asked(api, make_token("analyst"))
    assert (found["counted_at"], found["items"][0]["devices"]) == (None, 2)


@pytest.mark.usefixtures("large")
async def test_counters_of_another_view_are_not_told(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store, worker: WearCount
) -> None:
    furnish(make_device, store)
    await worker.round()
    for audience, told in (("technical", True), ("clinical", False)):
        found = await asked(api, make_token("analyst", audiences=(audience,)))
        assert (found["items"][0]["use"] != []) == told, audience
