"""Limits of a whole class: tried, set from a day on, followed by alarms and verdicts, audited, and given back."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from diagnostics.alarms.judging import Judge
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town
from tests.integration.diagnostics.test_administration import Visitor, visitor
from tests.integration.diagnostics.test_idle import said, unused

__all__ = ["visitor"]
LIMITS = {"note_days": 10, "contact_days": 20, "propose_days": 35}
DISPENSER = "classes/dispenser/settings"
CHAIR = "classes/wheelchair/settings"


def held(body: dict[str, Any], name: str, setting: str) -> dict[str, Any]:
    [item] = [item for item in body["items"] if (item["name"], item["setting"]) == (name, setting)]
    return dict(item)


async def test_verdicts_follow_the_limits_of_the_class_and_the_profile_again(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("administrator", name="chief")
    unused(store, town.chair.device_no, 40)
    store.judge()
    before = said(store, town.chair.device_no)
    tried = (await api.get(f"{CHAIR}/idle/indoor/estimate", token, **LIMITS)).json()
    assert (tried["proven_unused"], tried["propose_then"]) == (1, 1)
    assert tried["propose_now"] == (before[1] == "propose")
    body = {"limits": LIMITS, "reason": "beslut i styrgruppen"}
    answer = (await api.post(f"{CHAIR}/idle/indoor", token, body)).json()
    assert (held(answer, "indoor", "propose_days")["holds"], answer["lines"][0]["set_by"]) == (35.0, "chief")
    store.judge()
    assert said(store, town.chair.device_no) == ("unused", "propose")
    await api.post(f"{CHAIR}/idle/indoor", token, {"limits": None, "reason": "åter"})
    store.judge()
    assert said(store, town.chair.device_no) == before
    assert ("chief", "class_settings.set", None) in store.audit()


async def test_alarms_follow_the_class_and_a_devices_own_setting_goes_before_it(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    token, number = make_token("administrator"), town.dispenser.device_no
    store.heard(number, values={"battery.level": 24.0})
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        judge = Judge(pool, load_registry(), ())
        await judge.sweep()
        assert store.all("SELECT count(*) FROM alarm") == [(0,)]
        body = {"value": 28.0, "reason": "för sena larm"}
        assert (await api.post(f"{DISPENSER}/rules/battery_low/below", token, body)).status_code == 200
        settings = f"devices/{town.dispenser.device_id}/alarm-settings"
        shown = (await api.get(settings, token)).json()["items"]
        assert {item["default"] for item in shown if item["rule"] == "battery_low"} == {28.0}
        await api.post(f"{settings}/battery_low/below", token, {"value": 12.0, "reason": "nära"})
        await judge.sweep()
        assert store.all("SELECT count(*) FROM alarm") == [(0,)], "the device's own limit is lower"
        await api.post(f"{settings}/battery_low/below", token, {"value": None, "reason": "åter"})
        await judge.sweep()
        assert store.all("SELECT rule FROM alarm WHERE cleared_at IS NULL") == [("battery_low",)]


async def test_a_change_to_come_does_not_hold_yet(api: Api, make_token: MakeToken, town: Town) -> None:
    token = make_token("administrator")
    later = (NOW.date() + timedelta(days=7)).isoformat()
    body = {"value": 28.0, "reason": "från nästa vecka", "begins": later}
    answer = (await api.post(f"{DISPENSER}/rules/battery_low/below", token, body)).json()
    item = held(answer, "battery_low", "below")
    assert (item["holds"], item["is_set"], item["planned"]) == (20.0, False, 28.0)
    assert item["planned_from"] is not None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{DISPENSER}/rules/battery_low/below", {"value": 90, "reason": "x"}, 422),
        (f"{DISPENSER}/rules/battery_low/below", {"value": 25, "reason": " "}, 422),
        (f"{DISPENSER}/rules/battery_low/below", {"value": 25, "reason": "x", "begins": "2020-01-01"}, 422),
        (f"{DISPENSER}/rules/battery_low/above", {"value": 25, "reason": "x"}, 404),
        ("classes/nothing/settings/rules/battery_low/below", {"value": 25, "reason": "x"}, 404),
        (f"{CHAIR}/idle/nowhere", {"limits": LIMITS, "reason": "x"}, 404),
        (f"{CHAIR}/idle/indoor", {"limits": LIMITS | {"note_days": 34, "contact_days": 20}, "reason": "x"}, 422),
        (f"{CHAIR}/idle/indoor", {"limits": LIMITS | {"note_days": 1}, "reason": "x"}, 422),
    ],
)
async def test_what_cannot_be_set_is_refused(
    api: Api, make_token: MakeToken, store: Store, path: str, *, body: dict[str, Any], status: int
) -> None:
    assert (await api.post(path, make_token("administrator"), body)).status_code == status
    assert store.all("SELECT count(*) FROM class_setting") == [(0,)]


async def test_only_an_administrator_of_everything_sets_it(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    body = {"value": 25.0, "reason": "x"}
    for token in (make_token("technician"), make_token("administrator", payers=[town.payer])):
        assert (await api.post(f"{DISPENSER}/rules/battery_low/below", token, body)).status_code == 403
    assert store.all("SELECT count(*) FROM class_setting") == [(0,)]


async def test_in_the_console_nothing_is_saved_that_was_not_tried(visitor: Visitor, town: Town, store: Store) -> None:
    place = "/administration/limits/dispenser"
    store.reading(town.dispenser.device_no, "dispenser", NOW - timedelta(hours=5), {"battery_level": 24.0})
    untried = {"what": "rule:battery_low.below", "value": "28", "reason": "sent", "begins": ""}
    assert (await visitor.post(place, untried)).status_code == 422
    page = await visitor.get(place, what="rule:battery_low.below", value="28,0")
    proof = re.search(r'name="proof" value="(\w+)"', page.text)
    assert proof is not None, page.text
    assert re.findall(r"<dd>(\d+)</dd>", page.text)[:2] == ["0", "1"], "none at 20, one at 28"
    assert (await visitor.post(place, {**untried, "proof": proof[1], "value": "29"})).status_code == 422
    assert (await visitor.post(place, {**untried, "proof": proof[1]})).status_code == 303
    assert store.all("SELECT device_class, kind, name, value, set_by FROM class_setting") == [
        ("dispenser", "rule", "battery_low", 28.0, "chief")
    ]
    back = {"what": "rule:battery_low.below", "default": "1", "reason": "åter"}
    assert (await visitor.post(place, back)).status_code == 303
    assert "28" in (await visitor.get(place)).text, "what was set stays in sight"
    assert store.all("SELECT value FROM class_setting ORDER BY class_setting_id DESC LIMIT 1") == [(None,)]


async def test_idle_limits_in_the_console(visitor: Visitor, town: Town, store: Store) -> None:
    place, given = "/administration/limits/wheelchair", {name: str(days) for name, days in LIMITS.items()}
    unused(store, town.chair.device_no, 40)
    store.judge()
    page = await visitor.get(place, what="idle:indoor", **given)
    proof = re.search(r'name="proof" value="(\w+)"', page.text)
    assert proof is not None, page.text
    saved = {"what": "idle:indoor", **given, "proof": proof[1], "reason": "beslut", "begins": date.max.isoformat()}
    assert (await visitor.post(place, saved)).status_code == 422, "too far ahead"
    assert (await visitor.post(place, {**saved, "begins": ""})).status_code == 303
    detail = store.all("SELECT detail FROM audit WHERE action = 'class_settings.set'")[-1][0]
    assert json.loads(json.dumps(detail))["values"]["propose_days"] == 35
    assert (await visitor.get("/administration/limits")).status_code == 200
