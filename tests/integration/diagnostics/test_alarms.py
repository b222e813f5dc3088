"""Alarms and faults through the API: who sees them, who takes them, what a fault means."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.alarms import repository
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town


async def test_an_alarm_is_seen_in_its_own_view_only(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    number = town.dispenser.device_no
    care, technical = store.alarm(number, "dose_missed", Audience.CARE), store.alarm(number, "jam")
    cases = {
        make_token("carer", payers=[town.payer]): {care},
        make_token("technician", payers=[town.payer]): {technical},
        make_token("carer", payers=[town.other]): set(),
        make_token("carer", payers=[town.payer], frames=("HSL",)): set(),
    }
    for token, seen in cases.items():
        listed = (await api.get("alarms", token)).json()["items"]
        assert {item["alarm_id"] for item in listed} == seen
        for alarm in (care, technical):
            assert (await api.get(f"alarms/{alarm}", token)).status_code == (200 if alarm in seen else 404)
            if alarm not in seen:
                assert (await api.post(f"alarms/{alarm}/take", token)).status_code == 404


async def test_of_many_takers_one_has_it(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    alarm = store.alarm(town.chair.device_no, "battery_low")
    tokens = [make_token("technician", name=f"taker-{number}") for number in range(6)]
    answers = await asyncio.gather(*(api.post(f"alarms/{alarm}/take", token) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    winner = next(token for token, answer in zip(tokens, answers, strict=True) if answer.status_code == 200)
    again = await api.post(f"alarms/{alarm}/take", winner)
    assert again.status_code == 200
    assert again.json()["cleared_at"] is None  # taken is not over
    loser = next(token for token in tokens if token != winner)
    assert (await api.post(f"alarms/{alarm}/take", loser)).json()["code"] == "alarm_taken"
    assert (await api.get("alarms", loser, taken=True)).json()["items"][0]["taken_by"] == again.json()["taken_by"]


async def test_an_alarm_that_ended_is_not_taken(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    alarm = store.alarm(town.chair.device_no, "battery_low")
    store.execute("UPDATE alarm SET cleared_at = now(), cleared_why = 'condition_ended'")
    token = make_token("technician")
    assert (await api.post(f"alarms/{alarm}/take", token)).json()["code"] == "alarm_over"
    assert (await api.get("alarms", token)).json()["items"] == []
    [item] = (await api.get("alarms", token, state="all")).json()["items"]
    assert item["cleared_why"]["sv"] == "Villkoret gäller inte längre."


async def test_filters(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    first, second = store.alarm(town.chair.device_no, "one"), store.alarm(town.elsewhere.device_no, "two")
    token = make_token("technician")
    for query, expected in (
        ({}, [second, first]),
        ({"payer": "kommun-a"}, [first]),
        ({"device_id": town.elsewhere.device_id}, [second]),
        ({"class": "dispenser"}, []),
        ({"severity": "high"}, [second, first]),
        ({"severity": "critical"}, []),
        ({"taken": "false"}, [second, first]),
        ({"taken": "true"}, []),
        ({"limit": "1"}, [second]),
    ):
        items = (await api.get("alarms", token, **query)).json()["items"]
        assert [item["alarm_id"] for item in items] == expected, query


async def test_whichever_way_they_are_found_a_municipality_sees_the_same_alarms(
    api: Api, make_token: MakeToken, town: Town, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through its devices, or through all alarms that ever were: open and ended ones, page by page, with any filter."""
    made = [store.alarm(town.chair.device_no, f"rule-{number}") for number in range(3)]
    made.append(store.alarm(town.dispenser.device_no, "rule-3"))
    store.alarm(town.elsewhere.device_no, "rule-4")
    store.execute(
        "UPDATE alarm SET cleared_at = clock_timestamp(), cleared_why = 'x' WHERE rule IN ('rule-1', 'rule-4')"
    )
    token, found = make_token("technician", payers=[town.payer]), list[list[Any]]()
    for few in (repository._FEW, 0):
        monkeypatch.setattr(repository, "_FEW", few)
        first = (await api.get("alarms", token, state="all", limit="2")).json()
        second = (await api.get("alarms", token, state="all", limit="2", cursor=first["next_cursor"])).json()
        chair = {"device_id": town.chair.device_id}
        asked = ({"class": "dispenser"}, {"payer": "kommun-a"}, {"payer": "kommun-b"}, chair)
        rest = [(await api.get("alarms", token, state="all", **query)).json() for query in asked]
        found.append([[item["alarm_id"] for item in page["items"]] for page in (first, second, *rest)])
    newest = sorted(made, reverse=True)
    assert found[0] == [newest[:2], newest[2:], [made[3]], newest, [], newest[1:]]
    assert found[0] == found[1]


async def test_faults_carry_meaning_and_unknown_codes_are_shown_raw(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number = town.chair.device_no
    fault = load_registry()["wheelchair"].faults[0]
    native = fault.native[0]
    store.fault(number, native.system, native.code, fault.code, raised=NOW - timedelta(hours=2))
    store.fault(number, "vr2", "<script>alert(1)</script>", None, raised=NOW - timedelta(hours=1))
    store.fault(number, "vr2", "99", None, raised=NOW - timedelta(days=3), cleared=NOW - timedelta(days=2))
    address, token = f"devices/{town.chair.device_id}/faults", make_token("technician")
    raw, known = (await api.get(address, token)).json()["items"]
    assert (known["known_code"], known["meaning"]["code"]) == (True, fault.code)
    assert known["meaning"]["action"]["sv"] == fault.action.sv
    assert (raw["known_code"], raw["meaning"], raw["code"]) == (False, None, "<script>alert(1)</script>")
    every = (await api.get(address, token, state="all")).json()["items"]
    assert len(every) == 3
    assert every[-1]["cleared_by"] == "device"
    first = (await api.get(address, token, state="all", limit=2)).json()
    rest = (await api.get(address, token, state="all", limit=2, cursor=first["next_cursor"])).json()
    assert first["items"] + rest["items"] == every


async def test_a_fault_of_another_view_is_not_shown(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    care = next(f for f in load_registry()["dispenser"].faults if f.audience is Audience.CARE and f.native)
    native = care.native[0]
    store.fault(town.dispenser.device_no, native.system, native.code, care.code)
    address = f"devices/{town.dispenser.device_id}/faults"
    assert (await api.get(address, make_token("technician"))).json()["items"] == []
    assert len((await api.get(address, make_token("carer"))).json()["items"]) == 1
