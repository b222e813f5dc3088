"""The fleet's faults through the API: one group for many devices, its rate, what is new, and codes nobody knows."""

from datetime import timedelta
from typing import Any

from tests.fixtures.database import MakeDevice, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


async def groups(api: Api, token: str, **query: Any) -> dict[str, Any]:
    answer = await api.get("faults/groups", token, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def chair(make_device: MakeDevice, store: Store, town: Town, firmware: str, *, days: int = 40) -> int:
    made = make_device("wheelchair", loan=(town.payer, "HSL"))
    store.execute(
        "UPDATE device SET model_key = 'pg-vr2', firmware = %s WHERE device_no = %s", firmware, made.device_no
    )
    store.execute("DELETE FROM software_change WHERE device_no = %s", made.device_no)
    store.heard(made.device_no, at=NOW, first=NOW - timedelta(days=days))
    return made.device_no


async def test_the_same_fault_on_many_devices_is_one_group_with_its_exact_rate(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    chairs = [chair(make_device, store, town, "1.0") for _ in range(5)]
    for number in chairs[:3]:
        store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=10))
    store.fault(chairs[0], "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=30), cleared=NOW - timedelta(days=29))
    assert await store.count_faults() == 1
    body = await groups(api, make_token("technician"), days=90)
    assert body["counted_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert body["total"] == 1
    group = body["items"][0]
    assert (group["meaning"]["code"], group["model"], group["devices"], group["times"]) == ("WC-MOT-01", "pg-vr2", 3, 4)
    assert (group["active"], group["devices_observed"]) == (3, 5)
    assert abs(group["device_days"] - 200) < 1
    assert abs(group["rate"]["per_1000_device_days"] - 20) < 0.2
    assert group["rate"]["low"] < 20 < group["rate"]["high"]
    assert [line[1] for line in store.audit()] == ["fault_groups.read"]


async def test_a_fault_that_came_with_a_firmware_is_marked(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    for _ in range(6):
        chair(make_device, store, town, "1.0", days=60)
    fresh = [chair(make_device, store, town, "2.0", days=12) for _ in range(5)]
    for number in fresh:
        store.fault(number, "vr2", "7", "WC-JOY-01", raised=NOW - timedelta(days=3))
    await store.count_faults()
    found = (await groups(api, make_token("technician"), new_only=True))["items"]
    assert len(found) == 1
    assert [(part["firmware"], part["new_since_firmware"]) for part in found[0]["firmwares"]] == [("2.0", True)]


async def test_the_firmware_of_a_fault_is_the_one_it_came_on(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number = chair(make_device, store, town, "1.0")
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=5))
    store.execute("UPDATE device SET firmware = '2.0' WHERE device_no = %s", number)
    store.execute("UPDATE software_change SET known_at = now() - interval '1 day' WHERE device_no = %s", number)
    await store.count_faults()
    parts = (await groups(api, make_token("technician")))["items"][0]["firmwares"]
    assert [(part["firmware"], round(part["device_days"])) for part in parts] == [("1.0", 39)]


async def test_before_anything_is_counted_nothing_is_said(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number = chair(make_device, store, town, "1.0")
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=5))
    body = await groups(api, make_token("technician"))
    assert (body["counted_at"], body["items"]) == (None, [])


async def test_without_device_days_there_is_no_rate(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number = chair(make_device, store, town, "1.0", days=0)
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=5))
    await store.count_faults()
    (item,) = (await groups(api, make_token("technician")))["items"]
    assert item["rate"] == {"per_1000_device_days": None, "low": None, "high": None}
    assert item["trend"] == "unknown"


async def days_of(api: Api, token: str, **query: Any) -> tuple[float, int]:
    """Device-days and devices of the first group."""
    group = (await groups(api, token, days=90, **query))["items"][0]
    return round(group["device_days"], 1), group["devices_observed"]


async def test_days_are_counted_once_and_late_data_corrects_the_past(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number, token = chair(make_device, store, town, "1.0", days=40), make_token("technician")
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=20))
    store.execute("UPDATE device_state SET last_seen_at = %s WHERE device_no = %s", NOW - timedelta(days=10), number)
    await store.count_faults()
    first = store.all("SELECT xmin::text, ctid::text, * FROM fault_group ORDER BY period_days, payer_id")
    await store.count_faults()
    assert store.all("SELECT xmin::text, ctid::text, * FROM fault_group ORDER BY period_days, payer_id") == first, (
        "what did not change is not written"
    )
    assert await days_of(api, token) == (30.0, 1), "nobody knows of the ten days since"
    store.execute("UPDATE device_state SET last_seen_at = %s WHERE device_no = %s", NOW, number)
    await store.count_faults()
    assert await days_of(api, token) == (40.0, 1), "it was there, and told of it late"


async def test_faults_and_days_are_those_of_the_loan_that_is_open(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number = chair(make_device, store, town, "1.0", days=50)  # lent to the first payer thirty days ago
    return_device(store.database, number, NOW - timedelta(days=10))
    lend_device(store.database, number, town.other, "HSL", NOW - timedelta(days=4))
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=20), cleared=NOW - timedelta(days=19))
    store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=2))
    await store.count_faults()
    lived = dict(store.all("SELECT payer_id, round(days::numeric, 1)::float FROM device_days WHERE period_days = 90"))
    assert lived == {0: 50.0, town.other.payer_id: 4.0}
    other, everyone = make_token("technician", payers=[town.other]), make_token("technician")
    assert (await days_of(api, other), await days_of(api, everyone)) == ((4.0, 1), (50.0, 1))
    times = [(await groups(api, token))["items"][0]["times"] for token in (other, everyone)]
    assert times == [1, 2], "the first payer's fault is no longer anybody's but those who see everything"
    assert (await groups(api, make_token("technician", payers=[town.payer])))["items"] == []


async def test_a_device_that_had_a_fault_in_two_loans_is_one_device(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    number = chair(make_device, store, town, "1.0", days=50)
    for ago in (45, 20, 3):
        raised = NOW - timedelta(days=ago)
        store.fault(number, "vr2", "2", "WC-MOT-01", raised=raised, cleared=raised + timedelta(hours=1))
    await store.count_faults()
    seen = [
        [(g["devices"], g["times"]) for g in (await groups(api, make_token("technician", payers=payers)))["items"]]
        for payers in (None, [town.payer], [town.payer, town.other], [town.other])
    ]
    assert seen == [[(1, 3)], [(1, 2)], [(1, 2)], []]


async def test_what_ends_or_is_gone_leaves_its_group(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    one, other = (chair(make_device, store, town, "1.0") for _ in range(2))
    token = make_token("technician")
    for number in (one, other):
        store.fault(number, "vr2", "2", "WC-MOT-01", raised=NOW - timedelta(days=5))
    store.fault(one, "vr2", "9", "WC-BRK-03", raised=NOW - timedelta(days=5))
    await store.count_faults()
    assert [(g["devices"], g["active"]) for g in (await groups(api, token))["items"]] == [(2, 2), (1, 1)]
    store.clear_fault(one, "2")
    store.execute("DELETE FROM device_fault WHERE code = '9'")
    await store.count_faults()
    assert [(g["devices"], g["active"]) for g in (await groups(api, token))["items"]] == [(2, 1)]
    week = (await groups(api, token, days=7))["items"]
    assert [g["devices"] for g in week] == [2]
    later = NOW + timedelta(days=20)
    await store.count_faults(later)
    assert (await groups(api, token, days=7))["items"] == []
    assert (await api.get("faults/groups", token, days=60)).status_code == 422, "only what is counted"


async def test_groups_hold_only_what_the_caller_sees(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    store.fault(town.elsewhere.device_no, "vr2", "9", "WC-BRK-03", raised=NOW - timedelta(days=2))
    store.fault(town.dispenser.device_no, "philips-mds", "MISSED_DOSE", "MED-DOS-01", raised=NOW - timedelta(days=2))
    await store.count_faults()
    mine = make_token("technician", payers=[town.payer])
    assert (await groups(api, mine))["items"] == []
    assert [g["meaning"]["code"] for g in (await groups(api, make_token("carer", payers=[town.payer])))["items"]] == [
        "MED-DOS-01"
    ]


async def test_unknown_codes_are_counted_raw_and_gone_once_the_catalogue_knows_them(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    for number in (town.chair.device_no, town.elsewhere.device_no):
        store.fault(number, "vr2", "=cmd|'x'!A1", None, raised=NOW - timedelta(days=2))
    store.fault(town.chair.device_no, "vr2", "9", None, raised=NOW - timedelta(days=2))
    items = (await api.get("faults/unknown", make_token("technician"))).json()["items"]
    assert [(item["system"], item["code"], item["devices"]) for item in items] == [("vr2", "=cmd|'x'!A1", 2)]
    assert items[0]["line_to_add"].startswith("native(")


async def test_the_dictionary_tells_the_same_number_apart_by_system(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    token = make_token("technician", payers=[town.payer])
    meanings = {}
    for system in ("vr2", "shark", "rem24"):
        answer = await api.get("faults/dictionary", token, **{"class": "wheelchair", "system": system, "code": "3"})
        (entry,) = answer.json()["items"]
        meanings[system] = (entry["meaning"]["code"], entry["priority"])
        assert entry["causes"][0]["check"]["sv"]
    assert [code for code, _ in meanings.values()] == ["WC-MOT-02", "WC-MOT-09", "WC-MOT-08"]
    missing = await api.get("faults/dictionary", token, **{"class": "wheelchair", "system": "vr2", "code": "77"})
    assert missing.status_code == 404
    assert (await api.get("faults/dictionary", token, **{"class": "nonsense"})).status_code == 404
