"""Buffer stores: what lies where, what takes it out, and its use by its own days alone."""

from datetime import UTC, date, datetime, timedelta

from fleet.clock import local_day
from tests.fixtures.database import Database, MakeDevice, lend_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY: date = local_day(NOW)


async def name_stores(api: Api, token: str, *codes: str) -> None:
    for code in codes:
        made = await api.call("PUT", f"stores/{code}", token, json={"title": f"Avdelning {code}"})
        assert made.status_code == 200, made.text


async def test_a_device_lies_in_one_store_until_it_is_taken_lent_or_scrapped(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    token = make_token("analyst", name="analyst")
    await name_stores(api, token, "a", "b")
    address = f"devices/{town.in_store.device_id}/placement"
    assert (await api.post(address, token, {"store": "a"})).json()["store"] == "a"
    assert (await api.post(address, token, {"store": "b"})).json()["store"] == "b"
    state = "SELECT stock_state FROM device WHERE device_no = %s"
    assert store.all(state, town.in_store.device_no) == [("buffer_store",)]
    counts = {item["code"]: item["devices"] for item in (await api.get("stores", token)).json()["items"]}
    assert counts == {"a": 0, "b": 1}
    assert (await api.post(f"{address}/end", token, {})).json()["store"] is None
    assert store.all(state, town.in_store.device_no) == [("in_stock",)]
    assert (await api.post(f"{address}/end", token, {})).json()["code"] == "placement_refused"
    await api.post(address, token, {"store": "a"})
    lend_device(database, town.in_store.device_no, town.payer, "HSL", datetime.now(UTC))
    assert store.all("SELECT count(*) FROM buffer_placement WHERE taken_on IS NULL") == [(0,)]
    assert (await api.post(address, token, {"store": "a"})).status_code == 409
    assert (await api.post(address, token, {"store": "none"})).status_code == 404
    assert (await api.post(address, make_token("prescriber_unit"), {"store": "a"})).status_code == 403
    assert [line[1] for line in store.audit()].count("store.place") == 3


async def test_use_is_judged_by_days_with_data_and_too_few_are_unknown(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store
) -> None:
    token = make_token("analyst")
    await name_stores(api, token, "a", "b")
    days = [TODAY - timedelta(days=ago) for ago in range(1, 61)]
    used = {"idle": 2, "busy": 58, "normal": 30, "young": 5}
    for name, number in used.items():
        device = make_device("wheelchair", individual_number=name)
        heard = days[:10] if name == "young" else days
        store.days(device.device_no, "wheelchair", heard=heard, used=heard[:number])
        store.heard(device.device_no, at=NOW, first=NOW - timedelta(days=60))
        await api.post(f"devices/{device.device_id}/placement", token, {"store": "b" if name == "busy" else "a"})
    mute = make_device("wheelchair", individual_number="mute")
    store.execute("UPDATE device SET enrolled_at = NULL WHERE device_no = %s", mute.device_no)
    await api.post(f"devices/{mute.device_id}/placement", token, {"store": "a"})
    store.execute("UPDATE buffer_placement SET placed_on = %s", TODAY - timedelta(days=80))
    store.judge()
    body = (await api.get("stores/use", token)).json()
    said = {item["individual_number"]: item["use"] for item in body["items"]}
    assert said == {"idle": "under", "busy": "over", "normal": "normal", "young": "unknown", "mute": "unknown"}
    assert (body["devices"], body["known"], body["under_used"], body["over_used"]) == (5, 3, 1, 1)
    assert body["moves"] == [{"individual_number": "idle", "from_store": "a", "to_store": "b"}]
    assert "om 2 av 5" in body["meaning"]["sv"]
    assert len((await api.get("stores/use", token, store="b")).json()["items"]) == 1
    part = make_token("analyst", frames=("HSL",), payers=[])
    assert (await api.get("stores/use", part)).json()["items"] == [], "what is in store belongs to no payer"
