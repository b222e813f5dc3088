"""Work orders through the API: findings drawn together, due on the calendar, worked once, learned from, exported."""

import asyncio
import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from diagnostics.resources import Resources
from fleet.calendar import WorkCalendar
from fleet.clock import STOCKHOLM
from fleet.deadlines import repair_due
from fleet.dictionary import knowledge_of
from fleet.priority import PriorityClass
from fleet.registry import load_registry
from fleet.rules import FaultActive
from fleet.signals import Audience
from tests.fixtures.database import lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

ORDINARY = "WC-BAT-01"
EVIL = '=HYPERLINK("http://x";"y")'


async def draft(api: Api, token: str, device_id: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"devices/{device_id}/orders", token, body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fault_id(store: Store, code: str = "2") -> int:
    return int(store.all("SELECT device_fault_id FROM device_fault WHERE code = %s ORDER BY 1 DESC", code)[0][0])


async def test_a_fault_becomes_a_draft_due_on_the_calendar(
    api: Api, make_token: MakeToken, town: Town, store: Store, resources: Resources
) -> None:
    friday = datetime(2026, 12, 18, 13, tzinfo=UTC)
    resources.clock = lambda: friday
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY, raised=friday - timedelta(hours=3))
    found = await draft(api, make_token(), town.chair.device_id, faults=[fault_id(store)], parts=["battery_pair"])
    order = found["order"]
    assert found["new"] is True
    assert (order["state"], order["individual_number"], order["parts"]) == ("draft", "A-1", ["battery_pair"])
    due = repair_due(PriorityClass(order["priority"]), friday, WorkCalendar())
    assert datetime.fromisoformat(order["start_by"]) == due.start_by
    assert datetime.fromisoformat(order["done_by"]) == due.done_by
    assert order["findings"][0]["fault_code"] == ORDINARY
    assert order["findings"][0]["happened_at"] != order["findings"][0]["known_at"]
    assert order["may"] == ["place", "finish", "cancel"]


async def test_a_fault_and_the_alarm_it_raised_are_one_order(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    rule = next(r for p in load_registry() for r in p.rules if isinstance(r, FaultActive) and p.name == "dispenser")
    code = min(rule.fault_codes())
    fault = load_registry()["dispenser"].faults_by_code[code]
    device, token = town.dispenser, make_token(audiences=tuple(Audience))
    store.fault(device.device_no, fault.native[0].system, fault.native[0].code, code)
    alarm = store.alarm(device.device_no, rule.name, fault.audience)
    number = fault_id(store, fault.native[0].code)
    first = await draft(api, token, device.device_id, faults=[number])
    second = await draft(api, token, device.device_id, alarms=[alarm])
    again = await draft(api, token, device.device_id, alarms=[alarm], faults=[number])
    assert (first["new"], second["new"], again["new"]) == (True, False, False)
    assert (second["added"], again["added"]) == (1, 0)
    assert first["order"]["order_id"] == second["order"]["order_id"] == again["order"]["order_id"]
    assert {finding["kind"] for finding in again["order"]["findings"]} == {"fault", "alarm"}
    assert store.all("SELECT count(*) FROM work_order") == [(1,)]


async def test_the_dictionary_says_how_soon_and_what_to_bring(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    entry = knowledge_of(load_registry()["wheelchair"]).entry(ORDINARY)
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY)
    token = make_token()
    order = (await draft(api, token, town.chair.device_id, faults=[fault_id(store)]))["order"]
    assert order["priority"] == entry.priority
    assert order["parts"] == [part.key for part in entry.parts][:5]
    cause, _ = entry.causes[1]
    diagnosed = await draft(api, token, town.chair.device_id, causes=[cause.key])
    assert diagnosed["new"] is False, "a cause that explains the one active fault is about that fault"
    assert cause.title.sv in {finding["title"]["sv"] for finding in diagnosed["order"]["findings"]}
    unknown = await api.post(f"devices/{town.chair.device_id}/orders", token, {"causes": ["no_such_cause"]})
    assert unknown.status_code == 404


async def test_many_who_draft_at_once_make_one_order(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY)
    number, token = fault_id(store), make_token()
    found = await asyncio.gather(*(draft(api, token, town.chair.device_id, faults=[number]) for _ in range(8)))
    assert Counter(one["new"] for one in found) == {True: 1, False: 7}
    assert len({one["order"]["order_id"] for one in found}) == 1


async def test_a_more_urgent_finding_makes_the_order_more_urgent_and_never_less(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY)
    token, number = make_token(), fault_id(store)
    slow = await draft(api, token, town.chair.device_id, faults=[number], priority="ordinary")
    fast = await draft(api, token, town.chair.device_id, faults=[number], priority="on_call")
    calm = await draft(api, token, town.chair.device_id, faults=[number], priority="ordinary")
    assert [one["order"]["priority"] for one in (slow, fast, calm)] == ["ordinary", "on_call", "on_call"]
    assert fast["order"]["done_by"] < slow["order"]["done_by"]
    assert calm["order"]["done_by"] == fast["order"]["done_by"]


async def test_the_course_of_an_order_and_what_it_teaches(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY)
    token = make_token(name="tekniker-1")
    order = (await draft(api, token, town.chair.device_id, faults=[fault_id(store)]))["order"]
    where = f"orders/{order['order_id']}"
    assert (await api.post(f"{where}/start", token, {})).status_code == 409
    placed = await api.post(f"{where}/place", token, {"technician": "verkstad-syd", "reason": "ring först"})
    assert (placed.json()["state"], placed.json()["technician"]) == ("placed", "verkstad-syd")
    started = (await api.post(f"{where}/start", token, {})).json()
    assert started["started_at"] is not None
    contradiction = await api.post(f"{where}/finish", token, {"solved": "visit", "visits": 0})
    assert (contradiction.status_code, contradiction.json()["code"]) == (422, "contradictory_outcome")
    outcome = {
        "solved": "visit",
        "cause": "worn_batteries",
        "parts_used": ["battery_pair"],
        "visits": 1,
        "first_visit_fixed": True,
        "minutes_spent": 95,
    }
    done = (await api.post(f"{where}/finish", token, outcome)).json()
    assert (done["state"], done["outcome"], done["may"]) == ("done", outcome, [])
    assert [step["state"] for step in done["transitions"]] == ["draft", "placed", "started", "done"]
    assert (await api.post(f"{where}/cancel", token, {})).status_code == 409
    learned = (await api.get("orders/causes", token, **{"class": "wheelchair"})).json()["items"]
    assert [(c["fault_code"], c["cause"], c["orders"], c["first_visit_fixed"]) for c in learned] == [
        (ORDINARY, "worn_batteries", 1, 1)
    ]
    later = await draft(api, token, town.chair.device_id, faults=[fault_id(store)])
    assert later["new"] is True, "what is over takes nothing in any more"
    actions = [action for _, action, _ in store.audit()]
    assert [a for a in actions if a.startswith("order.")] == [
        *("order.draft", "order.place", "order.start", "order.finish", "order.draft")
    ]


async def test_work_on_a_held_device_cannot_be_started(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token()
    order = (await draft(api, token, town.chair.device_id, remark="föll framåt"))["order"]
    store.execute(
        "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
        " VALUES (%s, 'fallet utreds', 'x', 'technician')",
        town.chair.device_no,
    )
    placed = (await api.post(f"orders/{order['order_id']}/place", token, {})).json()
    assert placed["on_hold"] is True
    refused = await api.post(f"orders/{order['order_id']}/start", token, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "on_hold")
    told = (await api.get("orders/export", token, format="json")).json()["arbetsordrar"]
    assert told[0]["avvikelsespärr"] == "JA"
    entries = (await api.get(f"devices/{town.chair.device_id}/timeline", token, kind="hold")).json()["items"]
    assert [entry["data"]["reason"] for entry in entries] == ["fallet utreds"]


async def test_of_two_who_finish_at_once_one_is_told_that_it_is_over(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.fault(town.chair.device_no, "vr2", "2", ORDINARY)
    token = make_token()
    order = (await draft(api, token, town.chair.device_id, faults=[fault_id(store)]))["order"]
    answers = await asyncio.gather(
        *(
            api.post(f"orders/{order['order_id']}/finish", token, {"solved": "remotely", "minutes_spent": 10})
            for _ in range(6)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert store.all("SELECT sum(orders)::integer FROM cause_outcome") == [(1,)]


async def test_measures_have_denominators_and_name_their_assumption(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token()

    async def closed(remark: str, **outcome: Any) -> None:
        order = (await draft(api, token, town.chair.device_id, remark=remark))["order"]
        assert (await api.post(f"orders/{order['order_id']}/finish", token, outcome)).status_code == 200

    empty = (await api.get("orders/measures", token)).json()
    assert (empty["done"], empty["hours_saved"], empty["first_visit_rate"]) == (0, None, None)
    await closed("one", solved="remotely", minutes_spent=30)
    await closed("two", solved="remotely")
    await closed("three", solved="visit", visits=1, first_visit_fixed=True)
    await closed("four", solved="visit", visits=2, first_visit_fixed=False)
    await closed("five", solved="visit", visits=1)
    # the same matter again within the settling time: the first visit did not end it after all
    await closed("six", solved="visit", visits=1, first_visit_fixed=True)
    await draft(api, token, town.chair.device_id, remark="six")
    found = (await api.get("orders/measures", token)).json()
    assert (found["visits_avoided"], found["done"]) == (2, 6)
    assert (found["hours_saved"], found["timed"]) == (2.5, 1)
    assert (found["first_visit_rate"], found["first_known"], found["visited"]) == (0.3333, 3, 4)
    assert (found["came_back"], found["open_now"]) == (1, 1)
    assert "antagande" in found["visit_minutes_basis"]
    administrator = make_token("administrator")
    changed = await api.call(
        "PUT",
        "orders/settings/visit_minutes",
        administrator,
        content=json.dumps({"value": 90, "basis": "tidsstudie"}),
        headers={"content-type": "application/json"},
    )
    assert changed.status_code == 200
    assert (await api.get("orders/measures", token)).json()["hours_saved"] == 1.0


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("closes_minute", 300, 422), ("opens_minute", 1000, 422), ("visit_minutes", 0, 422), ("nothing", 1, 404)],
)
async def test_a_number_that_makes_no_sense_is_refused(
    api: Api, make_token: MakeToken, name: str, value: int, status: int
) -> None:
    body = json.dumps({"value": value, "basis": "prov"})
    headers = {"content-type": "application/json"}
    where = f"orders/settings/{name}"
    assert (
        await api.call("PUT", where, make_token("administrator"), content=body, headers=headers)
    ).status_code == status
    assert (await api.call("PUT", where, make_token("technician"), content=body, headers=headers)).status_code == 403


async def test_lists_are_paged_filtered_and_kept_apart(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    everything = make_token()
    for number, device in enumerate((town.chair, town.dispenser, town.elsewhere)):
        for remark in ("a", "b"):
            await draft(
                api, everything, device.device_id, remark=f"{remark}{number}", priority="acute" if number else None
            )
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = (await api.get("orders", everything, limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [item["order_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6
    mine = make_token(payers=[town.payer])
    assert len((await api.get("orders", mine)).json()["items"]) == 4
    assert len((await api.get("orders", mine, priority="acute")).json()["items"]) == 2
    assert len((await api.get("orders", mine, device=town.chair.device_id)).json()["items"]) == 2
    assert (await api.get("orders", mine, overdue=True)).json()["items"] == []
    theirs = (await api.get("orders", everything, payer="kommun-b")).json()["items"][0]["order_id"]
    assert (await api.get(f"orders/{theirs}", mine)).status_code == 404
    assert (await api.post(f"orders/{theirs}/place", mine, {})).status_code == 404
    assert (await api.get("orders", make_token("carer"))).status_code == 403
    assert (
        await api.post(f"devices/{town.chair.device_id}/orders", make_token("analyst"), {"remark": "x"})
    ).status_code == 403
    assert (await api.post(f"devices/{town.chair.device_id}/orders", everything, {})).json()["code"] == "no_finding"
    assert (await api.post(f"devices/{town.chair.device_id}/orders", everything, {"faults": [99]})).status_code == 404


async def test_an_order_stays_with_its_loan(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    order = (await draft(api, make_token(), town.chair.device_id, remark="hjulet glappar"))["order"]
    return_device(store.database, town.chair.device_no, datetime.now(UTC))
    lend_device(store.database, town.chair.device_no, town.other, "HSL", datetime.now(UTC))
    theirs = make_token(payers=[town.other])
    assert (await api.get(f"orders/{order['order_id']}", theirs)).status_code == 404
    new = await draft(api, theirs, town.chair.device_id, remark="hjulet glappar")
    assert new["new"] is True
    assert (await api.get(f"orders/{order['order_id']}", make_token())).status_code == 200


async def test_files_say_what_the_list_says_and_no_cell_is_a_formula(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token()
    await draft(api, token, town.chair.device_id, remark=EVIL, description=EVIL, parts=["+1", "@x"])
    store.execute("UPDATE work_order SET reported_at = %s", NOW)
    plain = await api.get("orders/export", token, format="csv")
    assert plain.headers["content-type"].startswith("text/csv")
    assert plain.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8-sig")), delimiter=";"))
    assert (rows[0]["individnummer"], rows[0]["prioritet"], rows[0]["status"]) == ("A-1", "ordinarie", "utkast")
    assert rows[0]["anmäld"] == NOW.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    assert rows[0]["beskrivning"] == f"'{EVIL}"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())
    book = await api.get("orders/export", token, format="xlsx")
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(book.content))
    cells = sheets.get_sheet_by_index(0).to_python()
    assert dict(zip(map(str, cells[0]), cells[1], strict=True))["individnummer"] == "A-1"
    assert dict(zip(map(str, cells[0]), cells[1], strict=True))["rubrik"] == EVIL, "text, whatever it looks like"
    told = (await api.get("orders/export", token, format="json")).json()["arbetsordrar"]
    assert told[0]["rubrik"] == EVIL
    assert [row[1] for row in store.audit()][-3:] == ["orders.export"] * 3
