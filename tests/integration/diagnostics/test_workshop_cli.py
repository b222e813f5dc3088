"""`fjarrkoll command`, `hold` and `diagnose` against a real server: what a technician types, and what comes back."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fjarrkoll.api import command, diagnose, hold
from tests.integration.diagnostics import test_cli
from tests.integration.diagnostics.conftest import NOW, Store, Town
from tests.integration.diagnostics.test_cli import Run

api_url = test_cli.api_url
run = test_cli.run


@pytest.fixture(autouse=True)
def rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in (("command", command), ("diagnose", diagnose), ("hold", hold)):
        monkeypatch.setitem(test_cli.ROOMS, name, module.app)


def test_a_command_is_asked_listed_and_taken_back(run: Run, town: Town) -> None:
    asked = run("command", "ask", "A-1", "read_faults", "--wait", "0", "--json")
    assert asked.exit_code == 1, "it is not done yet"
    command_id = json.loads(asked.stdout)["command_id"]
    assert UUID(command_id)
    told = run("command", "list", "--language", "en").stdout
    assert "waiting to be sent" in told
    assert json.loads(run("command", "cancel", command_id, "--json").stdout)["state"] == "cancelled"
    listed = json.loads(run("command", "list", "--json").stdout)["items"]
    assert [(item["name"], item["state"], item["reason"]) for item in listed] == [
        ("read_faults", "cancelled", "taken_back")
    ]


def test_a_diagnosis_names_the_cause_and_what_is_raw(run: Run, town: Town, store: Store) -> None:
    store.heard(town.chair.device_no, at=NOW)
    store.fault(town.chair.device_no, "vr2", "9", "WC-BRK-03", raised=NOW - timedelta(hours=30))
    store.fault(town.chair.device_no, "vr2", "999", None, raised=NOW - timedelta(hours=3))
    found = json.loads(run("diagnose", "A-1", "--json").stdout)
    assert found["held"] is False
    assert found["causes"][0]["cause"] in {"lever_open", "brake_coil"}
    told = run("diagnose", "A-1", "--language", "en").stdout
    assert found["causes"][0]["title"]["en"].split()[0] in told
    assert "vr2" in told, "a code that nobody knows is shown as the device spells it"


def test_the_fleets_faults_the_codes_nobody_knows_and_the_dictionary(run: Run, town: Town, store: Store) -> None:
    for device in (town.chair, town.elsewhere):
        store.heard(device.device_no, at=NOW, first=NOW - timedelta(days=40))
        store.fault(device.device_no, "vr2", "9", "WC-BRK-03", raised=NOW - timedelta(days=3))
    store.fault(town.chair.device_no, "vr2", "999", None, raised=NOW - timedelta(days=3))
    assert "Felen är inte räknade än" in run("faults", "groups").stdout
    asyncio.run(store.count_faults())
    first = json.loads(run("faults", "groups", "--json").stdout)["items"][0]
    assert (first["meaning"]["code"], first["devices"]) == ("WC-BRK-03", 2)
    told = run("faults", "groups", "--days", "30", "--language", "en").stdout
    assert told.startswith("Counted ")
    assert "2/2" in told
    assert run("faults", "groups", "--days", "60").exit_code == 2, "only what is counted can be asked for"
    [unknown] = json.loads(run("faults", "unknown", "--json").stdout)["items"]
    assert (unknown["code"], unknown["devices"]) == ("999", 1)
    assert "vr2/999" in run("faults", "unknown").stdout
    explained = run("faults", "explain", "wheelchair", "vr2", "9", "--language", "en").stdout
    assert explained.startswith("WC-BRK-03: ")
    assert "%" in explained


READING = (
    ("devices", "list"),
    ("devices", "show", "A-1"),
    ("devices", "readings", "A-1", "battery.soc"),
    ("faults", "list", "A-1"),
    ("timeline", "A-1"),
    ("diagnose", "A-1"),
    ("ready", "check", "A-1"),
    ("orders", "list"),
    ("command", "list"),
)


def test_whatever_shows_a_held_device_says_so(run: Run, town: Town, store: Store) -> None:
    store.heard(town.chair.device_no, at=NOW)
    assert run("orders", "draft", "A-1", "--remark", "prov").exit_code == 0
    run("command", "ask", "A-1", "read_faults", "--wait", "0")
    before = {asked: marked(run(*asked).stdout) for asked in READING}
    assert run("hold", "place", "A-1", "--reason", "Rörde sig av sig själv").exit_code == 0
    assert {asked: marked(run(*asked).stdout) for asked in READING} == dict.fromkeys(READING, True)
    assert set(before.values()) == {False}, "the control: before the hold"


def marked(told: str) -> bool:
    return "⛔" in told or "AVVIKELSESPÄRR" in told


def test_a_hold_is_placed_shown_exported_verified_and_marked(run: Run, town: Town, tmp_path: Path) -> None:
    placed = json.loads(run("hold", "place", "A-1", "--reason", "Rörde sig av sig själv", "--json").stdout)
    number, package = str(placed["hold_id"]), tmp_path / "package.zip"
    assert "Rörde sig av sig själv" in run("hold", "show").stdout
    assert "⛔" in run("devices", "list").stdout
    refused = run("command", "ask", "A-1", "self_test", "--wait", "0")
    assert refused.exit_code != 0
    exported = run("hold", "export", number, "--file", str(package))
    assert exported.exit_code == 0, exported.output
    [seal] = [made["manifest_sha256"] for made in json.loads(run("hold", "show", number, "--json").stdout)["exports"]]
    assert run("hold", "verify", str(package), "--seal", seal).exit_code == 0
    package.write_bytes(package.read_bytes()[:-200])
    assert run("hold", "verify", str(package), "--seal", seal).exit_code != 0, "the control: a package cut short"
