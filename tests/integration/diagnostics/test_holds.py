"""An incident hold: evidence is kept and sealed, nothing above reading is asked, two persons with two roles lift it."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from fleet.clock import to_milliseconds
from fleet.commands import Level
from fleet.evidence import MANIFEST, problems
from fleet.plumbing.store.keeping.held import keep_held
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import Database, MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

REASON = {"reason": "The chair moved by itself"}
LIFT = {"reason": "The maker has looked at it"}


async def place(api: Api, token: str, device_id: str) -> dict[str, Any]:
    answer = await api.post(f"devices/{device_id}/holds", token, REASON)
    assert answer.status_code == 201, answer.text
    placed: dict[str, Any] = answer.json()
    return placed


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def wrong(files: dict[str, bytes], seal: str) -> list[str]:
    found = {n: (hashlib.sha256(data).hexdigest(), len(data)) for n, data in files.items() if n != MANIFEST}
    return problems(files[MANIFEST], found, seal)


async def test_a_held_device_is_marked_and_refuses_everything_above_reading(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token, chair = make_token("technician", name="anna"), town.chair.device_id
    waiting = await api.post(
        f"devices/{chair}/commands", token, {"name": "self_test"}, headers={"idempotency-key": "before-hold"}
    )
    held = await place(api, make_token("carer"), chair)
    assert held["open"]
    assert (await api.get(waiting.headers["location"], token)).json()["state"] == "cancelled"
    for name, status in (("self_test", 409), ("clear_fault", 409), ("set_upload_interval", 409), ("read_faults", 202)):
        answer = await api.post(
            f"devices/{chair}/commands", token, {"name": name}, headers={"idempotency-key": f"hold-{name}"}
        )
        assert answer.status_code == status, name
        assert answer.json().get("code", "incident_hold") == "incident_hold"
    assert (await api.get(f"devices/{chair}", token)).json()["held"] is True
    listed = (await api.get("devices", token)).json()["items"]
    assert {item["individual_number"] for item in listed if item["held"]} == {"A-1"}
    assert (await api.get("holds", token, device_id=chair)).json()["items"][0]["hold_id"] == held["hold_id"]
    again = await api.post(f"devices/{chair}/holds", token, REASON)
    assert (again.status_code, again.json()["code"]) == (409, "held_already")
    assert store.all("SELECT count(*) FROM incident_hold") == [(1,)]


@pytest.mark.parametrize("device_class", [profile.name for profile in load_registry()])
async def test_every_command_above_reading_is_refused_and_every_reading_is_not(  # noqa: PLR0917 - its parts by name
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store, device_class: str
) -> None:
    """With its control: before the hold the same commands are taken."""
    device = make_device(device_class, loan=(town.payer, "HSL"))
    token, known = make_token("administrator", audiences=tuple(Audience)), load_registry()[device_class].all_commands
    given = {"stage_update": {"version": "2.4.1"}}

    async def answers(when: str) -> dict[str, tuple[int, str]]:
        found = {}
        for command in known:
            least = {parameter.name: parameter.low for parameter in command.parameters}
            body = {"name": command.name, "parameters": given.get(command.name, least)}
            key = {"idempotency-key": f"{when}-{command.name}"}
            answer = await api.post(f"devices/{device.device_id}/commands", token, body, headers=key)
            found[command.name] = (answer.status_code, answer.json().get("code", ""))
            store.execute("UPDATE command SET state = 'expired' WHERE state = 'queued'")
        return found

    assert set((await answers("before")).values()) == {(202, "")}
    await place(api, token, device.device_id)
    held = await answers("held")
    reading = {command.name for command in known if command.level is Level.READ}
    assert {name for name, answer in held.items() if answer == (202, "")} == reading
    assert {answer for name, answer in held.items() if name not in reading} == {(409, "incident_hold")}


async def test_two_persons_with_two_roles_lift_it(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    anna, bo = make_token("technician", name="anna"), make_token("technician", name="bo")
    carin, chair = make_token("clinical", name="carin"), town.chair.device_id
    hold = f"holds/{(await place(api, anna, chair))['hold_id']}"
    nobody = await api.post(f"{hold}/lift", carin)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "lift_not_asked")
    assert (await api.post(f"{hold}/ask-lift", make_token("carer"), LIFT)).status_code == 403
    assert (await api.post(f"{hold}/ask-lift", anna, {"reason": " "})).status_code == 422
    assert (await api.post(f"{hold}/ask-lift", anna, LIFT)).status_code == 200
    for token in (anna, bo):
        refused = await api.post(f"{hold}/lift", token)
        assert (refused.status_code, refused.json()["code"]) == (403, "same_person")
    store.execute("UPDATE api_token SET holder = 'person-1' WHERE name IN ('anna', 'carin')")
    asked = await api.post(f"{hold}/ask-lift", anna, LIFT)
    assert asked.json()["open"]
    assert (await api.post(f"{hold}/lift", carin)).status_code == 403, "the same person under another role"
    store.execute("UPDATE api_token SET holder = NULL")
    lifted = await api.post(f"{hold}/lift", carin)
    assert (lifted.status_code, lifted.json()["open"], lifted.json()["lifted_by"]) == (200, False, "carin")
    assert (await api.get(f"devices/{chair}", anna)).json()["held"] is False
    assert (await api.get(hold, make_token("technician", payers=[town.other]))).status_code == 404


async def test_the_package_is_sealed_holds_what_the_caller_may_see_and_tells_every_change(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    chair, token = town.chair, make_token("technician", name="anna")
    store.heard(chair.device_no)
    store.reading(chair.device_no, "wheelchair", NOW, {"battery_soc": 80.0, "seat_tilt_angle": 12.0})
    store.event(chair.device_no, "drive_started", NOW)
    hold_id = (await place(api, token, chair.device_id))["hold_id"]
    answer = await api.post(f"holds/{hold_id}/export", token)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    files, seal = unpacked(answer.content), answer.headers["x-evidence-seal"]
    assert wrong(files, seal) == []
    (reading,) = [json.loads(line) for line in files["readings_technical.jsonl"].splitlines()]
    assert reading["battery_soc"] == 80.0
    assert b"seat_tilt_angle" not in answer.content + b"".join(files.values()), "clinical, and she is a technician"
    assert b"drive_started" in files["events.jsonl"]
    assert json.loads(files[MANIFEST])["audiences"] == ["technical"]
    assert b"hold.place" in files["touched.jsonl"]
    noted = (await api.get(f"holds/{hold_id}", token)).json()["exports"]
    assert [(entry["manifest_sha256"], entry["bytes"]) for entry in noted] == [(seal, len(answer.content))]
    forged = {**files, "events.jsonl": b""}
    assert wrong(forged, seal) == ["events.jsonl: it was changed"]
    whole = await api.post(f"holds/{hold_id}/export", make_token("administrator", audiences=tuple(Audience)))
    assert b"seat_tilt_angle" in unpacked(whole.content)["readings_clinical.jsonl"]
    assert (await api.post(f"holds/{hold_id}/export", make_token("carer"))).status_code == 403


async def test_rows_outlive_their_chunk_while_the_device_is_held(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    """The same rows of a device that is not held are gone: the hold is what keeps them."""
    chair, other, token = town.chair, town.elsewhere, make_token("technician")
    long_ago = NOW - timedelta(days=500)
    store.execute("UPDATE device SET loan_started_at = %s", long_ago - timedelta(days=1))
    for device in (chair, other):
        store.reading(device.device_no, "wheelchair", long_ago, {"battery_soc": 80.0, "seat_tilt_angle": 12.0})
        store.event(device.device_no, "drive_started", long_ago)
    hold_id = (await place(api, token, chair.device_id))["hold_id"]
    week = (long_ago - timedelta(days=8), long_ago + timedelta(days=60))
    with psycopg.connect(database.owner, autocommit=True) as owner:
        for table in ("reading_wheelchair", "device_event"):
            assert [keep_held(owner, table, *week) for _ in range(2)] == [1, 0], "once, however often it is done"
            owner.execute("SELECT drop_chunks(%s::regclass, older_than => now() - interval '100 days')", [table])
    assert store.all("SELECT count(*) FROM reading_wheelchair") == [(0,)]
    files = unpacked((await api.post(f"holds/{hold_id}/export", token)).content)
    kept = [json.loads(line) for line in files["kept.jsonl"].splitlines()]
    assert {(row["source"], row["ts"][:10]) for row in kept} == {
        ("reading_wheelchair", f"{long_ago:%Y-%m-%d}"),
        ("device_event", f"{long_ago:%Y-%m-%d}"),
    }
    reading = next(row for row in kept if row["source"] == "reading_wheelchair")
    assert reading["content"]["battery_soc"] == 80.0
    assert "seat_tilt_angle" not in reading["content"]
    assert to_milliseconds(long_ago) % 2**31 == reading["seq"]
    assert store.all("SELECT DISTINCT device_no FROM held_row") == [(chair.device_no,)]


async def test_the_mark_stands_wherever_a_held_device_is_shown(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token, chair = make_token("technician", audiences=tuple(Audience)), town.chair
    store.heard(chair.device_no, at=NOW)
    store.alarm(chair.device_no, "battery_low")

    async def marks() -> dict[str, object]:
        alarms = (await api.get("alarms", token)).json()["items"]
        devices = (await api.get("devices", token)).json()["items"]
        order = (await api.post(f"devices/{chair.device_id}/orders", token, {"remark": "x"})).json()["order"]
        passport = await api.get(f"devices/{chair.device_id}/passport", token)
        page = await api.get(f"devices/{chair.device_id}/passport.html", token)
        return {
            "alarms": alarms[0]["held"],
            "devices": next(item["held"] for item in devices if item["device_id"] == chair.device_id),
            "order": order["on_hold"],
            "passport": passport.json()["held"],
            "label": "AVVIKELSESPÄRR" in page.text or "INCIDENT HOLD" in page.text,
            "diagnosis": (await api.get(f"devices/{chair.device_id}/diagnosis", token)).json()["held"],
            "readiness": "hold" in (await api.get(f"devices/{chair.device_id}/readiness", token)).text.lower(),
        }

    before = await marks()
    await place(api, token, chair.device_id)
    after = await marks()
    assert {name for name, mark in before.items() if mark} <= {"readiness"}
    assert {name for name, mark in after.items() if not mark} == set()
