"""Readiness through the API: unknown is never ready, data decide, and what can be staged is staged."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from fleet.plumbing.store.register import Enrolled
from fleet.signals import Audience
from tests.fixtures.database import MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

MODEL = "permobil-m3"


@pytest.fixture
def chair(make_device: MakeDevice, store: Store) -> Enrolled:
    """A chair in store of which everything is known and well, once its model's data are entered."""
    made = make_device("wheelchair", MODEL, individual_number="W-1")
    store.execute("UPDATE device SET firmware = '2.1' WHERE device_no = %s", made.device_no)
    store.heard(made.device_no, at=datetime.now(UTC), values={"battery.soc": 95.0, "battery.soh": 91.0})
    answered(store, made.device_no)
    return made


def answered(store: Store, device_no: int, offset: timedelta = timedelta(seconds=-1)) -> None:
    """A live answer to a command, by a clock so far off."""
    now = datetime.now(UTC)
    store.execute(
        "INSERT INTO command_reply (device_no, boot, seq, command_id, status, reason, result, ts, received_at)"
        " VALUES (%s, 1, (SELECT count(*) FROM command_reply), 'x', 'done', '', '{}', %s, %s)",
        device_no,
        now + offset,
        now,
    )


async def put(api: Api, token: str, where: str, **body: Any) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return await api.call("PUT", where, token, content=json.dumps(body), headers=headers)


async def enter_model(api: Api, token: str, version: str = "2.1") -> None:
    assert (await put(api, token, f"models/{MODEL}/software/{version}", note="provad")).status_code == 200
    for kind, days in (("inspection", 365), ("calibration", None)):
        assert (await put(api, token, f"models/{MODEL}/schedule/{kind}", every_days=days)).status_code == 200


def answers(item: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["answer"] for check in item["checks"]}


async def test_a_device_becomes_ready_one_unknown_after_the_other(
    api: Api, make_token: MakeToken, chair: Enrolled
) -> None:
    token, where = make_token("administrator"), f"devices/{chair.device_id}/readiness"
    first = (await api.get(where, token)).json()
    assert first["verdict"] == "unknown"
    assert {name for name, answer in answers(first).items() if answer == "unknown"} == {"software", "schedule"}
    await enter_model(api, token)
    second = (await api.get(where, token)).json()
    assert (second["verdict"], answers(second)["inspection"]) == ("unknown", "unknown")
    tomorrow = (NOW + timedelta(days=2)).date().isoformat()
    service = {"kind": "inspection", "done_on": tomorrow}
    assert (await api.post(f"devices/{chair.device_id}/services", token, service)).json()["code"] == "not_yet"
    service["done_on"] = (NOW - timedelta(days=3)).date().isoformat()
    third = (await api.post(f"devices/{chair.device_id}/services", token, service)).json()
    assert third["verdict"] == "ready", third["reason"]
    assert answers(third)["calibration"] == "not_needed"
    assert (await api.get(where, make_token("technician"))).json()["verdict"] == "ready"


async def test_each_thing_that_goes_wrong_is_seen(
    api: Api, make_token: MakeToken, chair: Enrolled, store: Store
) -> None:
    token, where = make_token("administrator"), f"devices/{chair.device_id}/readiness"
    await enter_model(api, token)
    service = {"kind": "inspection", "done_on": NOW.date().isoformat()}
    ready = (await api.post(f"devices/{chair.device_id}/services", token, service)).json()
    assert ready["verdict"] == "ready", ready["reason"]

    async def now_not_ok(name: str) -> None:
        found = (await api.get(where, token)).json()
        assert (found["verdict"], answers(found)[name]) == ("not_ready", "not_ok"), found["reason"]

    answered(store, chair.device_no, timedelta(minutes=-20))
    await now_not_ok("clock")
    answered(store, chair.device_no)
    store.fault(chair.device_no, "r-net", "never-heard-of", None)
    await now_not_ok("faults")
    store.clear_fault(chair.device_no, "never-heard-of")
    store.heard(chair.device_no, at=datetime.now(UTC), values={"battery.soh": 40.0})
    await now_not_ok("battery")
    store.heard(chair.device_no, at=datetime.now(UTC), values={"battery.soh": 91.0})
    assert (await api.get(where, token)).json()["verdict"] == "ready"
    withdrawn = await api.post(f"models/{MODEL}/software/2.1/withdraw", token, {"note": "batteriet räknas fel"})
    assert withdrawn.json()["software"][0]["wanted"] is False
    assert answers((await api.get(where, token)).json())["software"] == "unknown"
    assert (await api.post(f"models/{MODEL}/software/2.1/withdraw", token, {})).status_code == 409
    await put(api, token, f"models/{MODEL}/software/2.2")
    await now_not_ok("software")
    store.execute(
        "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
        " VALUES (%s, 'fallet utreds', 'x', 'technician')",
        chair.device_no,
    )
    await now_not_ok("hold")
    failed = {**service, "passed": False, "note": "bromsen"}
    assert (await api.post(f"devices/{chair.device_id}/services", token, failed)).status_code == 200
    await now_not_ok("inspection")


async def test_a_clock_that_was_not_believed_is_unknown(
    api: Api, make_token: MakeToken, chair: Enrolled, store: Store
) -> None:
    answered(store, chair.device_no, timedelta(0))  # ingest put the server's time in its place
    found = (await api.get(f"devices/{chair.device_id}/readiness", make_token())).json()
    assert answers(found)["clock"] == "unknown"


async def test_a_device_that_says_nothing_is_unknown_in_all_it_would_say(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    found = (await api.get(f"devices/{town.in_store.device_id}/readiness", make_token())).json()
    assert found["verdict"] == "unknown"
    for name in ("contact", "battery", "faults", "clock"):
        assert answers(found)[name] == "unknown"
    assert all(check["find_out"]["sv"] for check in found["checks"] if check["answer"] == "unknown")


async def test_lists_by_file_unit_depot_and_model(
    api: Api, make_token: MakeToken, town: Town, chair: Enrolled, store: Store
) -> None:
    token = make_token()
    listed = (await api.post("readiness", token, {"devices": ["W-1", "A-1", "A-1", "no-such"]})).json()
    assert [item["individual_number"] for item in listed["items"]] == ["A-1", "W-1"]
    assert (listed["not_found"], listed["counts"]["unknown"]) == (["no-such"], 2)
    theirs = (await api.post("readiness", make_token(payers=[town.other]), {"devices": ["A-1"]})).json()
    assert (theirs["items"], theirs["not_found"]) == ([], ["A-1"]), "told exactly as if it did not exist"
    store.execute("INSERT INTO depot (code, name) VALUES ('syd', 'Syd')")
    store.execute("UPDATE device SET depot_id = (SELECT depot_id FROM depot) WHERE individual_number = 'W-1'")
    store.execute(
        "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES ('u-1', 'Rehab', %s, 'HSL')",
        town.payer.payer_id,
    )
    store.execute(
        "UPDATE loan SET prescriber_id = (SELECT prescriber_id FROM prescriber) WHERE device_no = %s",
        town.chair.device_no,
    )
    for query, numbers in (({"depot": "syd"}, ["W-1"]), ({"unit": "u-1"}, ["A-1"]), ({"depot": "nord"}, [])):
        found = (await api.get("readiness", token, **query)).json()
        assert [item["individual_number"] for item in found["items"]] == numbers
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("readiness", token, model=MODEL, limit=1, **cursor)).json()
        seen += [item["individual_number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["A-1", "B-1", "S-1", "W-1"]
    assert (await api.get("readiness", token)).json()["code"] == "choose_one"
    assert (await api.get("readiness", token, depot="syd", model=MODEL)).json()["code"] == "choose_one"


async def test_what_can_be_staged_is_asked_once(api: Api, make_token: MakeToken, chair: Enrolled, store: Store) -> None:
    store.execute("DELETE FROM command_reply")
    token, key = make_token(), {"Idempotency-Key": "ready-1234"}
    where = f"devices/{chair.device_id}/readiness/stage"
    first = (await api.call("POST", where, token, headers=key)).json()
    assert [entry["command"] for entry in first["staged"]] == ["sync_clock"]
    assert first["staged"][0]["command_id"] is not None
    again = (await api.call("POST", where, token, headers=key)).json()
    assert again == first
    assert store.all("SELECT name, level FROM command") == [("sync_clock", "reversible")]
    carer = (await api.call("POST", where, make_token("carer"), headers=key)).json()
    refused = next(entry for entry in carer["staged"] if entry["command"] == "sync_clock")
    assert refused["command_id"] is None
    assert refused["refused"]["sv"]


async def test_software_changes_are_kept_though_the_device_tells_only_the_latest(store: Store, chair: Enrolled) -> None:
    with psycopg.connect(store.database.ingest) as connection:
        for version in ("2.2", "2.2", "2.3"):
            connection.execute("UPDATE device SET firmware = %s WHERE device_no = %s", [version, chair.device_no])
    assert store.all("SELECT firmware_from, firmware_to FROM software_change ORDER BY change_id") == [
        ("", "2.1"),
        ("2.1", "2.2"),
        ("2.2", "2.3"),
    ]


async def test_only_an_administrator_changes_what_devices_must_be(api: Api, make_token: MakeToken) -> None:
    for role in ("technician", "carer", "analyst", "prescriber_unit"):
        assert (await put(api, make_token(role), f"models/{MODEL}/software/9", note="")).status_code == 403
    assert (await put(api, make_token("administrator"), "models/no-such/software/9", note="")).status_code == 404


async def test_faults_of_another_view_are_not_claimed_to_be_absent(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.heard(town.dispenser.device_no, at=datetime.now(UTC))
    where = f"devices/{town.dispenser.device_id}/readiness"
    mine = (await api.get(where, make_token(audiences=(Audience.TECHNICAL,)))).json()
    whole = (await api.get(where, make_token("administrator", audiences=tuple(Audience)))).json()
    reason = {found: next(c for c in item["checks"] if c["name"] == "faults")["reason"]["sv"]
              for found, item in (("mine", mine), ("whole", whole))}  # fmt: skip
    assert "i din vy" in reason["mine"]
    assert reason["whole"] == "Inget aktivt fel."
