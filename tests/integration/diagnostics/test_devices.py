"""Devices through the API: what is shown, to whom, and what is said of the unknown."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fleet.clock import local_day
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import MakeDevice, MakePayer, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


async def test_each_token_sees_its_own_and_the_rest_is_not_there(api: Api, make_token: MakeToken, town: Town) -> None:
    unknown = (await api.get("devices/d-nobody", make_token("technician"))).json()
    cases = {
        make_token("technician", payers=[town.payer]): {"A-1", "A-2"},
        make_token("technician", payers=[town.payer], frames=("HSL",)): {"A-1"},
        make_token("technician", payers=[town.payer], frames=("SoL",)): {"A-2"},
        make_token("technician", payers=[town.other]): {"B-1"},
        make_token("technician", payers=[]): set(),
        make_token("administrator"): {"A-1", "A-2", "B-1", "S-1"},
    }
    devices = {d.individual_number: d.device_id for d in (town.chair, town.dispenser, town.elsewhere, town.in_store)}
    for token, seen in cases.items():
        listed = (await api.get("devices", token)).json()["items"]
        assert {item["individual_number"] for item in listed} == seen
        for number, device_id in devices.items():
            for address in (f"devices/{device_id}", f"devices/{device_id}/faults", f"devices/{device_id}/events"):
                answer = await api.get(address, token)
                assert answer.status_code == (200 if number in seen else 404)
                if number not in seen:  # told exactly as if it did not exist
                    assert {**answer.json(), "instance": ""} == {**unknown, "instance": ""}


async def test_one_device_with_its_present(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    chair = town.chair
    # Not the module's moment: in a whole run it may be a quarter of an hour ago, and the age is judged below.
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    store.heard(chair.device_no, at=at, used=local_day(NOW), values={"battery.soc": 87.5})
    store.reading(chair.device_no, "wheelchair", at, {"battery_soc": 87.5})
    store.days(chair.device_no, "wheelchair", heard=[], used=[local_day(NOW)])
    store.judge()
    answer = await api.get(f"devices/{chair.device_id}", make_token("technician"))
    assert answer.status_code == 200
    body = answer.json()
    states = {entry["metric"]: entry for entry in body["state"]}
    charge = states["battery.soc"]
    assert (charge["known"], charge["value"], charge["unit"]) == (True, 87.5, "%")
    assert charge["happened_at"] == at.isoformat().replace("+00:00", "Z")
    assert charge["known_at"] == (at + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert 180 <= charge["age_seconds"] < 600
    unknown = states["battery.soh"]
    assert (unknown["known"], unknown["value"]) == (False, None)
    assert unknown["why_unknown"]["sv"]
    assert body["loan"]["payer"]["code"] == "kommun-a"
    assert (body["use"]["verdict"], body["last_used"]) == ("used", local_day(NOW).isoformat())


async def test_a_device_never_heard_is_unknown_not_unused(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.judge()
    body = (await api.get(f"devices/{town.chair.device_id}", make_token("technician"))).json()
    assert (body["last_seen"], body["last_used"], body["online"]) == (None, None, None)
    assert body["use"]["verdict"] == "never_connected"
    assert not any(entry["known"] for entry in body["state"])


async def test_audiences_part_the_views(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    apap = make_device("apap", loan=(town.payer, "HSL"))
    store.heard(apap.device_no, values={})
    technical = (await api.get(f"devices/{apap.device_id}", make_token("technician"))).json()["state"]
    clinical = (await api.get(f"devices/{apap.device_id}", make_token("clinical"))).json()["state"]
    by_audience = {
        audience: {m.key for m in load_registry()["apap"].metrics if m.audience is audience} for audience in Audience
    }
    assert by_audience[Audience.CLINICAL]
    assert {entry["metric"] for entry in technical} <= by_audience[Audience.TECHNICAL]
    assert by_audience[Audience.CLINICAL] & {entry["metric"] for entry in clinical}
    clinical_metric = min(by_audience[Audience.CLINICAL])
    readings = f"devices/{apap.device_id}/readings"
    assert (await api.get(readings, make_token("technician"), metric=clinical_metric)).status_code == 404
    assert (await api.get(readings, make_token("clinical"), metric=clinical_metric)).status_code == 200


async def test_the_next_payer_sees_nothing_of_the_previous_loan(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    chair = town.chair
    before = NOW - timedelta(days=10)
    store.heard(chair.device_no, at=before, used=local_day(before), values={"battery.soc": 12.0})
    store.reading(chair.device_no, "wheelchair", before, {"battery_soc": 12.0})
    store.event(chair.device_no, "charge_started", before)
    return_device(store.database, chair.device_no, NOW - timedelta(days=5))
    lend_device(store.database, chair.device_no, town.other, "HSL", NOW - timedelta(days=4))
    store.judge()
    token = make_token("technician", payers=[town.other])
    body = (await api.get(f"devices/{chair.device_id}", token)).json()
    assert body["use"]["verdict"] == "never_connected"
    assert body["last_used"] is None
    assert not any(entry["known"] for entry in body["state"])
    period = {"from": (NOW - timedelta(days=20)).isoformat(), "to": NOW.isoformat()}
    readings = await api.get(f"devices/{chair.device_id}/readings", token, metric="battery.soc", **period)
    assert readings.json()["points"] == []
    assert (await api.get(f"devices/{chair.device_id}/events", token, **period)).json()["items"] == []
    assert (
        await api.get(f"devices/{chair.device_id}", make_token("technician", payers=[town.payer]))
    ).status_code == 404
    whole = make_token("administrator")
    assert len((await api.get(f"devices/{chair.device_id}/events", whole, **period)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"individual_number": "A-2"}, {"A-2"}),
        ({"individual_number": "A"}, set()),
        ({"class": "dispenser"}, {"A-2"}),
        ({"payer": "kommun-b"}, {"B-1"}),
        ({"state": "in_stock"}, {"S-1"}),
        ({"state": "never_connected"}, {"A-2", "B-1"}),
        ({"state": "alarm"}, {"A-1"}),
        ({"state": "used"}, {"A-1"}),
        ({"text": "A-2"}, {"A-2"}),
        ({"text": "a-"}, {"A-1", "A-2"}),
        ({"text": "a-2"}, {"A-2"}),
        ({"text": "-1"}, {"A-1", "B-1", "S-1"}),
        ({"text": "%"}, set()),
        ({"text": "_-1"}, set()),
        ({"text": "'; DROP TABLE device; --"}, set()),
        ({"class": "wheelchair", "payer": "kommun-a"}, {"A-1"}),
    ],
)
async def test_search(  # noqa: PLR0917 - fixtures, and a row of a table
    api: Api, make_token: MakeToken, town: Town, store: Store, query: dict[str, str], found: set[str]
) -> None:
    store.heard(town.chair.device_no, used=local_day(NOW))
    store.days(town.chair.device_no, "wheelchair", heard=[], used=[local_day(NOW)])
    store.judge()
    store.alarm(town.chair.device_no, "battery_low")
    answer = await api.get("devices", make_token("administrator"), **query)
    assert {item["individual_number"] for item in answer.json()["items"]} == found


async def test_a_text_is_found_within_numbers_of_the_own_scope_and_with_the_other_filters(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.execute("UPDATE device SET serial_number = 'SN-' || individual_number || '-zebra'")

    async def found(token: str, **query: str) -> set[str]:
        return {item["individual_number"] for item in (await api.get("devices", token, **query)).json()["items"]}

    own, whole = make_token("technician", payers=[town.payer]), make_token("administrator")
    assert await found(whole, text="ZEBR") >= {"A-1", "A-2", "B-1", "S-1"}
    assert await found(own, text="ZEBR") == {"A-1", "A-2"}
    assert await found(own, text="ZEBR", **{"class": "dispenser"}) == {"A-2"}
    assert await found(whole, text="1-zeb%") == set(), "no wildcard"
    assert await found(whole, text=town.chair.device_id[3:9]) == {"A-1"}
    assert await found(own, text="zebu") == set()


async def test_a_text_without_three_letters_or_digits_in_a_row_is_found_all_the_same(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    """Numbers painted with dashes are searched for as they are painted, in either case, and by a part of them."""
    store.execute("UPDATE device SET individual_number = 'AB-1' || right(individual_number, 1) || '-56'"
                  " WHERE individual_number IN ('A-1', 'A-2')")  # fmt: skip
    store.execute(
        "UPDATE device SET serial_number = '12-34-' || device_no WHERE individual_number IN ('AB-11-56', 'B-1')"
    )
    own, whole = make_token("technician", payers=[town.payer]), make_token("administrator")

    async def found(token: str, text: str) -> set[str]:
        answer = await api.get("devices", token, text=text)
        return {item["individual_number"] for item in answer.json()["items"]}

    assert await found(own, "AB-1") == await found(own, "ab-1") == {"AB-11-56", "AB-12-56"}
    assert await found(own, "b-12-5") == {"AB-12-56"}
    assert await found(own, "AB-12-56") == {"AB-12-56"}
    assert await found(whole, "12-34-") == {"AB-11-56", "B-1"}
    assert await found(own, "12-34-") == {"AB-11-56"}, "of the own scope"
    assert [await found(whole, text) for text in ("b_12", "1%5", "Q-1")] == [set()] * 3


async def test_a_page_is_stable_while_devices_come_and_go(
    api: Api, make_token: MakeToken, make_device: MakeDevice, make_payer: MakePayer, store: Store
) -> None:
    payer = make_payer()
    for number in range(10):
        make_device("scale", loan=(payer, "HSL"), individual_number=f"N-{number:02}")
    token = make_token("technician", payers=[payer])
    seen: list[str] = []
    address = "/api/v1/devices?limit=3"
    for turn in range(6):
        answer = await api.get(address, token)
        seen += [item["individual_number"] for item in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            assert "link" not in answer.headers
            break
        # One before and one after the place we stand at, and one that we have seen goes.
        make_device("scale", loan=(payer, "HSL"), individual_number=f"A-{turn}")
        make_device("scale", loan=(payer, "HSL"), individual_number=f"Z-{turn}")
        store.execute(
            "UPDATE loan SET ended_at = now() FROM device"
            " WHERE device.device_no = loan.device_no AND individual_number = %s",
            seen[0],
        )
        address = answer.headers["link"].split(">")[0].removeprefix("<")
    assert seen[:10] == [f"N-{number:02}" for number in range(10)]
    assert len(seen) == len(set(seen))
    assert not any(number.startswith("A-") for number in seen)
    assert any(number.startswith("Z-") for number in seen)


async def test_readings_are_whole_or_drawn_together_and_gaps_stay(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    chair = town.chair
    start = NOW.replace(minute=0, second=0) - timedelta(hours=6)
    for minute in [*range(60), *range(180, 240)]:
        store.reading(chair.device_no, "wheelchair", start + timedelta(minutes=minute), {"battery_soc": minute % 100})
    address, token = f"devices/{chair.device_id}/readings", make_token("technician")
    period = {"from": start.isoformat(), "to": (start + timedelta(hours=4)).isoformat(), "metric": "battery.soc"}
    whole = (await api.get(address, token, **period)).json()
    assert (whole["downsampled"], len(whole["points"]), whole["buckets"]) == (False, 120, [])
    assert whole["points"][3]["value"] == 3
    drawn = (await api.get(address, token, **period, points=10)).json()
    assert (drawn["downsampled"], drawn["points"], drawn["bucket_seconds"]) == (True, [], 1800)
    assert len(drawn["buckets"]) == 4  # two hours of four have readings
    first = drawn["buckets"][0]
    assert (first["minimum"], first["average"], first["maximum"], first["readings"]) == (0, 14.5, 29, 30)
    assert sum(bucket["readings"] for bucket in drawn["buckets"]) == 120


async def test_a_value_has_the_digits_that_were_sent(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    chair = town.chair
    for minute in range(3):
        store.reading(chair.device_no, "wheelchair", NOW - timedelta(minutes=minute), {"battery_soc": 33.3})
    address, token = f"devices/{chair.device_id}/readings", make_token("technician")
    whole = (await api.get(address, token, metric="battery.soc")).json()
    assert [point["value"] for point in whole["points"]] == [33.3] * 3
    drawn = (await api.get(address, token, metric="battery.soc", points=1)).json()
    assert {(b["minimum"], b["average"], b["maximum"]) for b in drawn["buckets"]} == {(33.3, 33.3, 33.3)}


async def test_a_flag_is_true_or_false_and_a_share_when_drawn_together(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    device = town.dispenser
    for minute in range(4):
        store.reading(device.device_no, "dispenser", NOW - timedelta(minutes=minute), {"mains_present": minute > 0})
    address, token = f"devices/{device.device_id}/readings", make_token("technician")
    whole = (await api.get(address, token, metric="mains.present")).json()
    assert [point["value"] for point in whole["points"]] == [True, True, True, False]
    drawn = (await api.get(address, token, metric="mains.present", points=1)).json()
    assert sum(bucket["average"] * bucket["readings"] for bucket in drawn["buckets"]) == 3


async def test_events_newest_first_page_by_page(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    for minute in range(5):
        store.event(town.chair.device_no, "charge_started", NOW - timedelta(minutes=minute), data={"level": minute})
    address, token = f"devices/{town.chair.device_id}/events", make_token("technician")
    first = (await api.get(address, token, limit=3)).json()
    rest = (await api.get(address, token, limit=3, cursor=first["next_cursor"])).json()
    assert [item["data"]["level"] for item in first["items"] + rest["items"]] == [0, 1, 2, 3, 4]
    assert rest["next_cursor"] is None
    assert first["items"][0]["title"]["sv"]


async def test_days_are_swedish(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    store.heard(town.chair.device_no, used=date(2026, 3, 29))
    body = (await api.get(f"devices/{town.chair.device_id}", make_token("administrator"))).json()
    assert body["last_used"] == "2026-03-29"
