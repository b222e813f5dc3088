"""Verdict runs over a real database: late data, reconnects, absences, loans, sources; and the list that shows them."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from diagnostics.devices.service import use_of
from fleet.clock import local_day
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakeDevice, MakePayer, Payer, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY = local_day(NOW)
TONIGHT = local_day(NOW, 12)


def ago(days: int, today: date = TODAY) -> date:
    return today - timedelta(days=days)


def between(oldest: int, newest: int = 0) -> list[date]:
    return [ago(days) for days in range(newest, oldest + 1)]


def unused(store: Store, device_no: int, days: int) -> None:
    """An indoor chair, lent long ago, used daily until `days` before today and heard every day until today."""
    store.execute("UPDATE loan SET started_at = started_at - interval '300 days' WHERE device_no = %s", device_no)
    store.execute(
        "UPDATE device SET model_key = 'pg-vr2' WHERE device_no = %s AND device_class = 'wheelchair'", device_no
    )
    store.days(device_no, "wheelchair", heard=between(200), used=between(200, days))
    store.heard(device_no, used=ago(days), first=NOW - timedelta(days=300))


def row(store: Store, device_no: int) -> dict[str, Any]:
    [found] = store.all("SELECT verdict, step, since, days FROM idle_verdict WHERE device_no = %s", device_no)
    return dict(zip(("verdict", "step", "since", "days"), found, strict=True))


def said(store: Store, device_no: int) -> tuple[str, str]:
    found = row(store, device_no)
    return found["verdict"], found["step"]


async def test_the_list_has_reason_cost_and_denominators(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unused(store, town.chair.device_no, 40)
    store.heard(town.dispenser.device_no, at=NOW - timedelta(days=20), used=ago(20))  # silent
    store.judge()
    body = (await api.get("idle", make_token("analyst"))).json()
    [item] = body["items"]
    assert item["individual_number"] == "A-1"
    assert (item["use"]["verdict"], item["use"]["days"]) == ("unused", 39)  # today is not over
    assert "39 dagar" in item["use"]["reason"]["sv"]
    assert item["recent_days"].endswith("U" + "n" * 40)
    rent = Decimal(item["rent_sek_per_month"])
    assert Decimal(item["cost_sek_so_far"]) == pytest.approx(rent * 39 / Decimal("30.4375"), abs=Decimal("0.02"))
    summary = body["summary"]
    assert {
        name: summary[name] for name in ("devices", "on_loan", "can_report", "reported", "proven_unused", "unknown")
    } == {"devices": 4, "on_loan": 3, "can_report": 3, "reported": 1, "proven_unused": 1, "unknown": 2}
    assert Decimal(summary["rent_sek_per_month_proven_unused"]) == rent
    assert "1 av 1" in summary["meaning"]["sv"]
    assert sum(entry["devices"] for entry in summary["by_verdict"]) == 4


async def test_filters_narrow_list_and_denominators_alike(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unused(store, town.chair.device_no, 40)
    unused(store, town.elsewhere.device_no, 41)
    store.judge()
    token = make_token("analyst")

    async def numbers(**query: Any) -> tuple[list[str], int]:
        body = (await api.get("idle", token, **query)).json()
        return [item["individual_number"] for item in body["items"]], body["summary"]["devices"]

    assert await numbers() == (["B-1", "A-1"], 4)  # longest first
    assert await numbers(payer="kommun-a") == (["A-1"], 2)
    assert await numbers(**{"class": "dispenser"}) == ([], 1)
    assert await numbers(verdict="never_connected") == (["A-2"], 4)
    assert await numbers(verdict="in_stock") == (["S-1"], 4)
    assert (await numbers(step="note"))[0] == []
    own = make_token("prescriber_unit", payers=[town.payer])
    body = (await api.get("idle", own)).json()
    assert ([item["individual_number"] for item in body["items"]], body["summary"]["devices"]) == (["A-1"], 2)


async def test_pages_of_the_list_meet_each_device_once(
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database, store: Store
) -> None:
    payer = make_payer()
    loan = NewLoan(payer_id=payer.payer_id, legal_frame="HSL", started_at=NOW - timedelta(days=300))
    news = [
        NewDevice(device_class="wheelchair", model_key="pg-vr2", individual_number=f"P-{n:03}", loan=loan)
        for n in range(40)
    ]
    with psycopg.connect(database.owner) as connection:
        enrolled = enroll_devices(connection, news, NOW)
    for number, device in enumerate(enrolled):
        last = 30 + number % 5 if number % 2 else 0
        store.days(device.device_no, "wheelchair", heard=between(60), used=between(60, last))
    store.judge()
    token = make_token("analyst")
    for verdict in ("unused", "used"):
        whole = [
            item["device_id"] for item in (await api.get("idle", token, verdict=verdict, limit=200)).json()["items"]
        ]
        seen: list[str] = []
        query: dict[str, Any] = {"verdict": verdict, "limit": 3}
        while True:
            body = (await api.get("idle", token, **query)).json()
            seen += [item["device_id"] for item in body["items"]]
            if body["next_cursor"] is None:
                break
            query["cursor"] = body["next_cursor"]
        assert len(whole) == 20
        assert seen == whole


def test_a_device_that_was_off_for_weeks_and_is_back_proves_nothing_about_them(store: Store, town: Town) -> None:
    chair = town.chair.device_no
    unused(store, chair, 60)
    store.execute("DELETE FROM usage_day WHERE device_no = %s AND local_day BETWEEN %s AND %s", chair, ago(58), ago(2))
    store.judge()
    assert said(store, chair) == ("used", "none")


def test_late_data_changes_the_past_and_is_counted_once(store: Store, town: Town) -> None:
    chair = town.chair.device_no
    unused(store, chair, 40)
    store.judge()
    assert said(store, chair) == ("unused", "propose")
    store.watermark(NOW + timedelta(hours=1))
    store.days(chair, "wheelchair", heard=[], used=[ago(30)])
    moment = NOW - timedelta(days=30)
    store.reading(chair, "wheelchair", moment, {"drive_distance": 900.0}, delay=timedelta(days=30, seconds=30))
    for _ in range(2):
        store.judge(NOW + timedelta(minutes=5))
        found = row(store, chair)
        assert (found["verdict"], found["step"]) != ("unused", "propose")
        assert found["days"] in {28, 29, 30}


def test_what_did_not_change_is_not_written_again(store: Store, town: Town) -> None:
    unused(store, town.chair.device_no, 40)
    assert store.judge().written == 4
    assert store.judge(NOW + timedelta(seconds=10)).written == 0
    assert store.judge(NOW + timedelta(days=1)).written == 0  # nothing was heard since: nothing more is known
    store.days(town.chair.device_no, "wheelchair", heard=[ago(-1)])
    assert store.judge(NOW + timedelta(days=1, seconds=10)).written == 1


def test_a_change_of_verdict_is_remembered(store: Store, town: Town) -> None:
    chair = town.chair.device_no
    unused(store, chair, 40)
    store.judge()
    store.days(chair, "wheelchair", heard=[], used=[TODAY])
    store.judge(NOW + timedelta(seconds=10))
    history = store.all("SELECT verdict, step FROM idle_verdict_change WHERE device_no = %s ORDER BY changed_at", chair)
    assert history == [("unused", "propose"), ("used", "none")]


def absence(store: Store, device_no: int, start: date, end: date | None) -> None:
    store.execute(
        "INSERT INTO absence (loan_id, device_no, from_day, until_day, kind, noted_by)"
        " SELECT loan_id, device_no, %s, %s, 'hospital', 't' FROM loan WHERE device_no = %s AND ended_at IS NULL",
        start,
        end,
        device_no,
    )


def test_a_registered_absence_is_no_idleness(store: Store, town: Town) -> None:
    chair = town.chair.device_no
    unused(store, chair, 40)
    absence(store, chair, ago(35), None)
    store.judge()
    assert said(store, chair) == ("absent", "none")
    store.execute("UPDATE absence SET withdrawn_at = now()")
    store.judge(NOW + timedelta(seconds=10))
    assert said(store, chair) == ("unused", "propose")


async def test_the_next_borrower_begins_anew(
    api: Api, make_token: MakeToken, store: Store, town: Town, database: Database
) -> None:
    chair = town.chair.device_no
    unused(store, chair, 40)
    absence(store, chair, ago(20), None)
    store.judge()
    return_device(database, chair, NOW - timedelta(days=3))
    lend_device(database, chair, town.other, "HSL", NOW - timedelta(days=2))
    token = make_token("analyst", payers=[town.other])
    body = (await api.get(f"devices/{town.chair.device_id}", token)).json()
    assert body["use"]["verdict"] == "not_judged"  # the earlier borrower's verdict is nobody's any more
    store.judge(NOW + timedelta(seconds=10))
    assert said(store, chair) == ("too_early", "none")
    old = make_token("analyst", payers=[town.payer])
    assert (await api.get("idle", old, verdict="too_early")).json()["items"] == []


def fleet_of(database: Database, store: Store, payer: Payer, count: int, heard: Iterable[date]) -> list[int]:
    loan = NewLoan(payer_id=payer.payer_id, legal_frame="HSL", started_at=NOW - timedelta(days=300))
    model = load_registry()["apap"].models[0].key
    news = [
        NewDevice(device_class="apap", model_key=model, individual_number=f"N-{n:03}", loan=loan) for n in range(count)
    ]
    with psycopg.connect(database.owner) as connection:
        numbers = [device.device_no for device in enroll_devices(connection, news, NOW)]
    for number in numbers:
        store.days(number, "apap", heard=heard, used=heard)
    return numbers


def test_a_maker_s_feed_that_stops_makes_no_device_unused(
    store: Store, make_payer: MakePayer, database: Database
) -> None:
    numbers = fleet_of(database, store, make_payer(), 15, between(60, 9))  # a night is a day from noon to noon
    store.judge()
    assert {said(store, number) for number in numbers} == {("source_lost", "none")}


def test_one_silent_device_among_many_is_silent(store: Store, make_payer: MakePayer, database: Database) -> None:
    numbers = fleet_of(database, store, make_payer(), 15, between(60))
    store.execute("DELETE FROM usage_day WHERE device_no = %s AND local_day > %s", numbers[0], ago(9))
    store.judge()
    assert said(store, numbers[0]) == ("silent", "none")
    assert {said(store, number)[0] for number in numbers[1:]} == {"used"}


async def test_another_machine_of_the_same_person_is_shown(
    api: Api, make_token: MakeToken, store: Store, make_payer: MakePayer, database: Database
) -> None:
    old, new = fleet_of(database, store, make_payer(), 2, between(200, 40))
    store.days(old, "apap", heard=between(39))
    store.days(new, "apap", heard=between(39), used=between(39))
    store.execute("INSERT INTO loan_use (loan_id, device_no, borrower_key) SELECT loan_id, device_no, 'p1' FROM loan")
    store.judge()
    assert said(store, old) == ("replaced", "contact")
    [item] = (await api.get("idle", make_token("analyst"))).json()["items"]
    assert item["other_device"] == "N-001"
    assert "N-001" in item["use"]["reason"]["sv"]
    assert "161 dagar användes både" in item["use"]["reason"]["sv"]


async def test_the_second_opinion_has_its_interval_and_says_where_it_differs(
    api: Api, make_token: MakeToken, store: Store, make_payer: MakePayer, database: Database
) -> None:
    numbers = fleet_of(database, store, make_payer(), 120, between(200))
    for place, number in enumerate(numbers):  # everyone skips days now and then, and is ill once
        store.execute(
            "UPDATE usage_day SET amount = 0 WHERE device_no = %s AND ((%s::date - local_day) %% 7 = 0"
            " OR local_day BETWEEN %s AND %s)",
            number,
            ago(place % 7),
            ago(100 + place),
            ago(95 + place - place % 9),
        )
    for number in numbers[:4]:
        store.execute("UPDATE usage_day SET amount = 0 WHERE device_no = %s AND local_day >= %s", number, ago(60))
    store.judge(learn=True)
    items = (await api.get("idle", make_token("analyst"))).json()["items"]
    assert len(items) == 4
    for item in items:
        use = item["use"]
        assert use["in_use_low"] <= use["in_use"] <= use["in_use_high"] < 0.2
        assert use["opinion"] == "agrees"
        assert "Sannolikhet att det fortfarande används" in use["reason"]["sv"]
    p = store.all("SELECT p_in_use FROM idle_verdict WHERE verdict = 'used'")
    assert min(found for (found,) in p) > 0.9


def test_a_class_without_a_profile_cannot_report(store: Store, make_device: MakeDevice, make_payer: MakePayer) -> None:
    device = make_device("scale", loan=(make_payer(), "HSL"))
    store.execute("INSERT INTO device_class VALUES ('gone', 'Borta', 'Gone', 0, 'x', 'x')")
    store.execute("INSERT INTO idle_policy VALUES ('gone', 'default', 1, 1, 1, '{}', NULL, 30, 3)")
    store.execute("INSERT INTO device_model VALUES ('gone-1', 'gone', 'm', 'n', '', 'default')")
    store.execute(
        "UPDATE device SET device_class = 'gone', model_key = 'gone-1' WHERE device_no = %s", device.device_no
    )
    store.judge()
    assert said(store, device.device_no) == ("cannot_report", "none")


def test_a_verdict_that_was_never_made_is_unknown() -> None:
    names = (
        "since", "days", "last_used_day", "last_heard_day", "unheard_days", "absent_days", "quiet_days", "note_days",
        "contact_days", "propose_days", "usual_gap_days", "longest_gap_days", "other_device", "double_days",
        "source_title", "p_in_use", "p_low", "p_high", "opinion", "judged_at",
    )  # fmt: skip
    use = use_of({**dict.fromkeys(names), "verdict": "not_judged", "step": "none"}, TODAY)
    assert (use.verdict, use.step, use.reason.sv) == ("not_judged", "none", "Inte bedömt än.")


async def test_money_has_its_denominators_by_every_group(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unused(store, town.chair.device_no, 40)
    store.judge()
    token = make_token("analyst")
    for by in ("payer", "municipality", "class", "prescriber", "depot"):
        body = (await api.get("idle/money", token, by=by)).json()
        total = body["total"]
        assert [total[name] for name in ("on_loan", "can_report", "reported", "proven_unused", "proposed")] == [
            *(3, 3, 1, 1, 1)
        ]
        assert Decimal(total["saving_sek_per_year"]) == 12 * Decimal(total["saving_sek_per_month"]) > 0
        assert sum(item["on_loan"] for item in body["items"]) == 3
    first = (await api.get("idle/money", token, by="class", limit=1)).json()
    assert (first["groups"], len(first["items"]), first["items"][0]["proposed"]) == (2, 1, 1), "most to save first"
    assert first["total"] == total, "the sum is of every group, shown or not"
    own = make_token("prescriber_unit", payers=[town.other])
    assert (await api.get("idle/money", own)).json()["total"]["proposed"] == 0
