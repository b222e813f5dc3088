"""A fault whose sign a technician may not see is found by the worker, and told without what it was seen in."""

from datetime import timedelta

from diagnostics.faults.deriving import DerivedFaults, sought
from fleet.clock import local_day
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.fixtures.database import MakeDevice, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town
from tests.integration.diagnostics.test_derived_faults import daily, derived, scale_stepped
from tests.integration.diagnostics.test_diagnosis import asked


async def derive(store: Store) -> int:
    """A round, as the worker makes it."""
    async with database_pool(store.database.worker, "test-derived", largest=1) as pool:
        return await DerivedFaults(pool, load_registry(), lambda: NOW, share=1.0).round()


def active(store: Store) -> list[int]:
    return [row[0] for row in store.all("SELECT device_no FROM device_fault WHERE cleared_at IS NULL ORDER BY 1")]


def test_only_the_drifting_scale_needs_it() -> None:
    assert [entry.code for entry in sought(load_registry())] == ["SCL-DRF-01"]


async def test_a_technician_is_told_that_a_scale_drifts_and_nothing_of_weights(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    drifts, steady = (make_device("scale", loan=(town.payer, "HSL")) for _ in range(2))
    scale_stepped(store, drifts.device_no)
    daily(store, steady.device_no, "scale", 24, lambda _: {"body_weight": 70.0})
    token = make_token("technician")
    assert derived(await asked(api, token, drifts.device_id)) == set(), "nobody has looked yet"
    assert (await derive(store), await derive(store)) == (1, 0)
    assert active(store) == [drifts.device_no]
    told = await asked(api, token, drifts.device_id)
    assert derived(told) == {"SCL-DRF-01"}
    assert told["causes"][0]["cause"] == "cell_drifts"
    assert derived(await asked(api, token, steady.device_id)) == set()
    listed = await api.get(f"devices/{drifts.device_id}/faults", token)
    (fault,) = listed.json()["items"]
    assert (fault["meaning"]["code"], fault["source"], fault["text"]) == ("SCL-DRF-01", "derived", "")
    assert "body.weight" not in str(told) + listed.text
    said = [item for part in ("speaks_for", "speaks_against") for item in told["causes"][0][part]]
    [why] = [item["detail"]["en"] for item in said if item["sign"] == "SCL-DRF-01"]
    assert why == "the platform saw it in readings not shown here"
    assert store.all("SELECT device_no FROM evaluation_due WHERE device_no = %s", drifts.device_no), "alarms judge it"


async def test_it_ends_with_steady_weights_or_a_passed_check_and_not_with_silence(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    steadied, checked, silent = (make_device("scale", loan=(town.payer, "HSL")) for _ in range(3))
    for scale in (steadied, checked, silent):
        scale_stepped(store, scale.device_no)
    assert await derive(store) == 3
    store.execute("UPDATE reading_scale SET body_weight = 70 WHERE device_no = %s", steadied.device_no)
    store.execute("DELETE FROM reading_scale WHERE device_no = %s", silent.device_no)
    store.execute(
        "INSERT INTO device_service (device_no, kind, done_on, passed, recorded_by)"
        " VALUES (%s, 'calibration', %s, true, 'x')",
        checked.device_no,
        local_day(NOW),
    )
    assert (await derive(store), await derive(store)) == (2, 0)
    assert active(store) == [silent.device_no]
    assert store.all("SELECT DISTINCT cleared_by FROM device_fault WHERE cleared_at IS NOT NULL") == [("judged",)]


async def test_the_weight_of_another_borrower_is_no_drift(make_device: MakeDevice, town: Town, store: Store) -> None:
    scale = make_device("scale", loan=(town.payer, "HSL"))
    scale_stepped(store, scale.device_no)
    return_device(store.database, scale.device_no, NOW - timedelta(days=10))
    lend_device(store.database, scale.device_no, town.other, "HSL", NOW - timedelta(days=10))
    assert await derive(store) == 0
