"""What people write about loans: interval, source, replacement, consent, equipment; rights, audit, loan boundary."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fleet.clock import local_day
from tests.fixtures.database import Database, MakeDevice, lend_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY: date = local_day(NOW)


async def test_interval_source_and_borrower_are_kept_one_by_one_and_the_key_is_never_shown(
    api: Api, make_token: MakeToken, town: Town, store: Store, make_device: MakeDevice
) -> None:
    token, technician = make_token("analyst", name="analyst"), make_token("technician")
    await api.call("PUT", "sources/maker", technician, json={"title": "Makers feed", "kind": "maker_feed"})
    address = f"devices/{town.chair.device_id}/loan"
    first = await api.call("PATCH", address, token, json={"prescribed_interval_days": 7, "borrower_key": "k-12345678"})
    assert first.status_code == 200, first.text
    second = (await api.call("PATCH", address, token, json={"source": "maker"})).json()
    assert (second["prescribed_interval_days"], second["source"]["title"], second["borrower_known"]) == (
        7,
        "Makers feed",
        True,
    )
    assert "k-12345678" not in str(second)
    other = make_device("wheelchair", loan=(town.payer, "HSL"), individual_number="A-9")
    await api.call("PATCH", f"devices/{other.device_id}/loan", token, json={"borrower_key": "k-12345678"})
    assert (await api.get(address, token)).json()["same_borrower"] == [{"individual_number": "A-9", "held": False}]
    forgotten = (await api.call("PATCH", address, token, json={"prescribed_interval_days": None})).json()
    assert (forgotten["prescribed_interval_days"], forgotten["source"]["code"]) == (None, "maker")
    assert store.all("SELECT detail FROM audit WHERE action = 'loan.use' ORDER BY audit_id LIMIT 1") == [
        ({"borrower_key": True, "prescribed_interval_days": 7},)
    ]
    assert [line[1] for line in store.audit()].count("loan.use") == 4


@pytest.mark.parametrize(
    "body",
    [
        {"prescribed_interval_days": 0},
        {"borrower_key": "191212121212"},
        {"borrower_key": "Anna Andersson"},
        {"source": "a b"},
        {"name": "x"},
    ],
)
async def test_what_could_name_a_person_or_cannot_be_is_refused(
    api: Api, make_token: MakeToken, town: Town, body: dict[str, Any]
) -> None:
    answer = await api.call("PATCH", f"devices/{town.chair.device_id}/loan", make_token("analyst"), json=body)
    assert answer.status_code == 422
    assert "191212" not in answer.text


async def test_an_unknown_source_or_a_device_in_store_is_refused_with_a_sentence(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    token = make_token("analyst")
    answer = await api.call("PATCH", f"devices/{town.chair.device_id}/loan", token, json={"source": "none"})
    assert (answer.status_code, answer.json()["code"]) == (409, "loan_fact_refused")
    in_store = f"devices/{town.in_store.device_id}/loan"
    assert (await api.call("PATCH", in_store, token, json={"prescribed_interval_days": 2})).status_code == 409
    assert (await api.get(in_store, token)).json()["loan_started"] is None


async def test_a_replacement_changes_the_verdict_and_can_be_taken_back(
    api: Api, make_token: MakeToken, town: Town, store: Store, make_device: MakeDevice
) -> None:
    token, number = make_token("analyst", name="analyst"), town.chair.device_no
    make_device("wheelchair", loan=(town.payer, "HSL"), individual_number="A-9")
    days = [TODAY - timedelta(days=ago) for ago in range(29)]
    store.days(number, "wheelchair", heard=days, used=days[25:])
    store.heard(number, at=NOW, first=NOW - timedelta(days=29), used=days[25])
    address = f"devices/{town.chair.device_id}/loan/replacement"
    asked = {"individual_number": "A-9", "from_day": (TODAY - timedelta(days=20)).isoformat()}
    made = await api.call("PUT", address, token, json=asked)
    assert made.json()["replaced_by"]["individual_number"] == "A-9", made.text
    store.judge()
    assert store.all("SELECT verdict FROM idle_verdict WHERE device_no = %s", number) == [("replaced",)]
    for wrong in ({"individual_number": "A-2"}, {"individual_number": "A-1"}, {"from_day": "2020-01-01"}):
        assert (await api.call("PUT", address, token, json={**asked, **wrong})).status_code == 409, wrong
    back = await api.post(f"{address}/withdraw", token, {"why": "fel nummer"})
    assert back.json()["replaced_by"] is None
    assert (await api.post(f"{address}/withdraw", token, {"why": "fel nummer"})).status_code == 409
    assert [line[1:] for line in store.audit()] == [("loan.replaced", number), ("loan.not_replaced", number)]


async def test_consent_is_given_in_a_loan_and_asked_anew_after_the_return(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    token = make_token("analyst", name="analyst")
    device, number = town.chair.device_id, town.chair.device_no
    assert (await api.get(f"devices/{device}/loan", token)).json()["consented_at"] is None
    given = {"given": True, "why": "undertecknat vid utlämning"}
    first = (await api.post(f"devices/{device}/loan/consent", token, given)).json()["consented_at"]
    assert first is not None
    again = (await api.post(f"devices/{device}/loan/consent", token, given)).json()["consented_at"]
    assert again == first, "given twice is given the first time"
    assert (await api.post(f"devices/{device}/return", token, {"why": "lämnad"})).status_code == 200
    assert (await api.post(f"devices/{device}/loan/consent", token, given)).status_code == 409
    lend_device(database, number, town.other, "HSL", datetime.now(UTC))
    assert (await api.get(f"devices/{device}/loan", token)).json()["consented_at"] is None
    withdrawn = {"given": False, "why": "återkallat per telefon"}
    await api.post(f"devices/{device}/loan/consent", token, given)
    assert (await api.post(f"devices/{device}/loan/consent", token, withdrawn)).json()["consented_at"] is None
    actions = [line[1] for line in store.audit() if line[1].startswith("loan.consent")]
    assert actions == ["loan.consent", "loan.consent", "loan.consent", "loan.consent_withdrawn"]


async def test_a_dispenser_with_an_administration_service_is_never_basic_equipment(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("technician")
    address = f"devices/{town.dispenser.device_id}/equipment"
    assert (await api.post(address, token, {"administration_service": True})).json()["administration_service"]
    refused = await api.post(address, token, {"basic_equipment": True}, headers={"accept-language": "sv"})
    assert (refused.status_code, refused.json()["code"]) == (409, "loan_fact_refused")
    assert "alltid personligt förskriven" in refused.json()["detail"]
    chair = await api.post(f"devices/{town.chair.device_id}/equipment", token, {"administration_service": True})
    assert "Only dispensers" in chair.json()["detail"]
    assert store.all("SELECT basic_equipment FROM device WHERE device_no = %s", town.dispenser.device_no) == [(False,)]


async def test_facts_end_with_the_loan_and_belong_to_those_who_see_it(
    api: Api, make_token: MakeToken, town: Town, database: Database
) -> None:
    mine, theirs = (
        make_token("prescriber_unit", payers=[town.payer]),
        make_token("prescriber_unit", payers=[town.other]),
    )
    address = f"devices/{town.chair.device_id}/loan"
    assert (await api.call("PATCH", address, theirs, json={"prescribed_interval_days": 3})).status_code == 404
    assert (await api.call("PATCH", address, mine, json={"prescribed_interval_days": 3})).status_code == 200
    assert (await api.call("PATCH", address, make_token("carer"), json={})).status_code == 403
    await api.post(f"devices/{town.chair.device_id}/return", make_token("analyst"), {"why": "lämnad"})
    lend_device(database, town.chair.device_no, town.other, "HSL", datetime.now(UTC))
    assert (await api.get(address, mine)).status_code == 404
    assert (await api.get(address, theirs)).json()["prescribed_interval_days"] is None


async def test_a_source_has_health_with_denominators_and_outages_that_end(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    technician = make_token("technician", name="tech")
    named = {"title": "Makers feed", "kind": "maker_feed"}
    made = (await api.call("PUT", "sources/maker", technician, json=named)).json()
    assert (made["health"], made["devices"]) == ("unknown", 0)
    await api.call("PATCH", f"devices/{town.chair.device_id}/loan", technician, json={"source": "maker"})
    store.heard(town.chair.device_no, at=NOW)
    shown = (await api.get("sources/maker", make_token("analyst"))).json()
    assert (shown["health"], shown["heard_last_day"], shown["can_report"]) == ("works", 1, 1)
    since = (TODAY - timedelta(days=3)).isoformat()
    stands = await api.post("sources/maker/outages", technician, {"from_day": since, "reason": "driftstörning"})
    assert (stands.json()["health"], stands.json()["outages"][0]["until_day"]) == ("outage", None)
    over = (await api.post("sources/maker/outages/end", technician, {})).json()
    assert over["outages"][0]["until_day"] == TODAY.isoformat()
    assert (await api.post("sources/maker/outages/end", technician, {})).json()["code"] == "outage_refused"
    ahead = {"from_day": (TODAY + timedelta(days=2)).isoformat(), "reason": "planerat"}
    assert (await api.post("sources/maker/outages", technician, ahead)).status_code == 409
    assert (await api.call("PUT", "sources/maker", make_token("analyst"), json=named)).status_code == 403
    assert (await api.get("sources/none", technician)).status_code == 404
    assert len((await api.get("sources", technician)).json()["items"]) == 1
    assert [line[1] for line in store.audit() if line[0] == "tech"] == [
        "source.keep", "loan.use", "source.outage", "source.outage_over", "sources.read",
    ]  # fmt: skip
