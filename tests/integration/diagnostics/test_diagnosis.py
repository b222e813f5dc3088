"""Diagnosis through the API: what is gathered, for whom, and what is said where little is known."""

from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from fjarrkoll.api import diagnose
from tests.fixtures.database import MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


async def asked(api: Api, token: str, device_id: str) -> dict[str, Any]:
    answer = await api.get(f"devices/{device_id}/diagnosis", token)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def command(store: Store, device_no: int, name: str, result: dict[str, Any]) -> None:
    store.execute(
        "INSERT INTO command (device_no, counter, name, level, state, requested_by, parameters, expires_at,"
        " answered_at, result, idempotency_key) VALUES (%s, (SELECT coalesce(max(counter), 0) + 1 FROM command), %s,"
        " 'read', 'succeeded', 'test', '{}', now(), now(), %s, gen_random_uuid()::text)",
        device_no,
        name,
        Jsonb(result),
    )


async def test_a_worn_battery_is_found_from_fault_readings_self_test_and_freeze_frame(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    chair = make_device("wheelchair", loan=(town.payer, "HSL"))
    store.execute("UPDATE device SET model_key = 'sunrise-q50r' WHERE device_no = %s", chair.device_no)
    store.heard(chair.device_no, at=NOW - timedelta(minutes=5))
    store.fault(chair.device_no, "q50-r", "1", "WC-BAT-01", raised=NOW - timedelta(days=2))
    for day in range(10):
        at = NOW - timedelta(days=day, hours=1)
        store.reading(chair.device_no, "wheelchair", at, {"battery_voltage": 19.4, "battery_soc": 55.0})
        store.event(chair.device_no, "charge_started", at - timedelta(hours=8))
        store.event(chair.device_no, "charge_complete", at - timedelta(hours=2))
    command(store, chair.device_no, "self_test", {"grade": "fail", "subsystems": {"battery": {"grade": "fail"}}})
    frozen = {"system": "q50-r", "code": "1", "freeze_frame": {"ts": 1, "values": {"battery.soc": 18.0}}}
    command(store, chair.device_no, "read_fault_log", {"log": [frozen, {"nonsense": 1}, 7]})
    body = await asked(api, make_token("technician"), chair.device_id)
    assert body["causes"][0]["cause"] == "battery_worn"
    assert (body["conclusion"], body["priority"], body["found"]) == ("found", "acute", ["battery_worn"])
    assert [part["part"] for part in body["parts"]] == ["battery_pair"]
    signs = {item["sign"] for item in body["causes"][0]["speaks_for"]}
    assert {"WC-BAT-01", "voltage_sags", "test_battery"} <= signs
    terminal = next((c for c in body["causes"] if c["cause"] == "battery_terminal"), None)
    if terminal is not None:
        assert "sag_at_fault" in {item["sign"] for item in terminal["speaks_against"]}
    assert "battery_worn" not in str([c["not_known"] for c in body["causes"]])


async def test_a_device_never_heard_cannot_be_told_about(api: Api, make_token: MakeToken, town: Town) -> None:
    body = await asked(api, make_token("technician"), town.chair.device_id)
    assert (body["conclusion"], body["found"], body["priority"]) == ("cannot_tell", [], None)


async def test_an_unknown_code_is_shown_raw_and_one_the_catalogue_has_learned_is_known(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    chair = town.chair
    store.heard(chair.device_no, at=NOW)
    store.fault(chair.device_no, "vr2", "<b>99</b>", None, raised=NOW - timedelta(hours=30))
    body = await asked(api, make_token("technician"), chair.device_id)
    assert body["conclusion"] == "cannot_tell"
    assert [(code["system"], code["code"]) for code in body["unknown_codes"]] == [("vr2", "<b>99</b>")]
    store.fault(chair.device_no, "vr2", "9", None, raised=NOW - timedelta(hours=30))
    body = await asked(api, make_token("technician"), chair.device_id)
    assert body["causes"][0]["cause"] in {"lever_open", "brake_coil"}
    assert [code["code"] for code in body["unknown_codes"]] == ["<b>99</b>"]


async def test_only_those_who_see_the_device_get_a_diagnosis_and_each_leaves_one_line(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    mine, other = make_token("technician", payers=[town.payer]), make_token("technician", payers=[town.other])
    assert (await api.get(f"devices/{town.chair.device_id}/diagnosis", other)).status_code == 404
    await asked(api, mine, town.chair.device_id)
    assert [line[1:] for line in store.audit()] == [("diagnosis.read", town.chair.device_no)]


async def test_what_an_audience_may_not_see_is_not_known_and_moves_nothing(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    scale = make_device("scale", loan=(town.payer, "HSL"))
    store.heard(scale.device_no, at=NOW)
    for day in range(24):
        weight = 70.0 if day > 9 else 76.0
        store.reading(scale.device_no, "scale", NOW - timedelta(days=day, hours=1), {"body_weight": weight})
    clinical = await asked(api, make_token("clinical"), scale.device_id)
    technical = await asked(api, make_token("technician"), scale.device_id)
    assert clinical["causes"][0]["cause"] == "cell_drifts"
    assert [fault["code"] for fault in clinical["derived_faults"]] == ["SCL-DRF-01"]
    assert technical["derived_faults"] == []
    unseen = [item for cause in technical["causes"] for item in cause["not_known"] if item["sign"] == "SCL-DRF-01"]
    assert all(item["found"] is None and "76" not in item["detail"]["sv"] for item in unseen)
    told = [item for cause in technical["causes"] for part in ("speaks_for", "speaks_against") for item in cause[part]]
    assert not [item for item in told if "body.weight" in item["detail"]["en"]]


async def test_the_earlier_loan_is_no_evidence_of_this_one(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    chair = make_device("wheelchair", loan=(town.payer, "HSL"))
    store.execute("UPDATE loan SET started_at = now() - interval '2 days' WHERE device_no = %s", chair.device_no)
    store.heard(chair.device_no, at=NOW)
    store.fault(
        chair.device_no, "vr2", "9", "WC-BRK-03", raised=NOW - timedelta(days=9), cleared=NOW - timedelta(days=8)
    )
    body = await asked(api, make_token("technician", payers=[town.payer]), chair.device_id)
    assert "WC-BRK-03" not in str(body)


def test_it_reads_well_in_a_terminal() -> None:
    from diagnostics.diagnosis.examples import DIAGNOSIS  # noqa: PLC0415 - the example is the answer

    seen = CliRunner().invoke(diagnose.app, ["--help"])
    assert "what is probably wrong" in seen.output
    lines = diagnose._lines(DIAGNOSIS, "sv")
    assert lines[0].startswith("Nästa kontroll: Kör självtest på distans (på distans, 2 min)")
    assert any(line.startswith("Ta med: Kolsats") for line in lines)
    assert any("8 arbetstimmar" in line for line in lines)


def test_a_terminal_says_up_to_when_hourly_values_reach() -> None:
    from diagnostics.diagnosis.examples import DIAGNOSIS  # noqa: PLC0415 - the example is the answer

    rolled = {**DIAGNOSIS, "hourly_until": "2026-11-26T11:00:00Z", "counted_at": "2026-11-28T08:15:00Z"}
    raw = {**DIAGNOSIS, "hourly_until": None, "counted_at": None}
    swedish, english = (set(diagnose._lines(rolled, told)) - set(diagnose._lines(raw, told)) for told in ("sv", "en"))
    assert len(swedish) == len(english) == 1
    for line in (*swedish, *english):
        assert "2026-11-26 12:00" in line
        assert "2026-11-28 09:15" in line
    assert swedish != english
