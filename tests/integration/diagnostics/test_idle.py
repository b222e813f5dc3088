"""The idle list: SQL and domain say the same, figures carry denominators, unknown is never unused."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from diagnostics.devices.service import use_of
from diagnostics.queries import fetch_all
from diagnostics.resources import Resources
from diagnostics.verdicts import JUDGED, judgement, limits
from fleet.clock import local_day
from fleet.idle import cost_sek
from fleet.plumbing.store.scope import Scope, scoped
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakePayer
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY = local_day(NOW)


def random_fleet(database: Database, payer_id: int, size: int, seed: int) -> None:
    """Devices of every model with everything that a verdict looks at drawn at random, edges among it."""
    drawn = random.Random(seed)
    models = [(profile.name, model.key) for profile, model in load_registry().models()]
    ago = [0, 1, 2, 3, 4, 6, 7, 8, 13, 14, 15, 20, 21, 29, 30, 31, 44, 45, 59, 60, 61, 119, 120, 121, 200, 400]

    def some_time_ago() -> datetime | None:
        if drawn.random() < 0.15:
            return None
        return NOW - timedelta(days=drawn.choice(ago), minutes=drawn.randrange(1440))

    with psycopg.connect(database.owner) as connection:
        for number in range(size):
            device_class, model = drawn.choice(models)
            row = connection.execute(
                "INSERT INTO device (device_id, individual_number, device_class, model_key, enrolled_at)"
                " VALUES (%s, %s, %s, %s, %s) RETURNING device_no",
                [f"d-{number:05}", f"R-{number:05}", device_class, model, None if drawn.random() < 0.1 else NOW],
            ).fetchone()
            assert row is not None
            loan = some_time_ago()
            if loan is not None:
                connection.execute(
                    "INSERT INTO loan (device_no, payer_id, legal_frame, started_at) VALUES (%s, %s, 'HSL', %s)",
                    [row[0], payer_id, loan],
                )
            first, seen, used = some_time_ago(), some_time_ago(), some_time_ago()
            if drawn.random() < 0.5:
                seen = NOW - timedelta(days=drawn.randrange(5), minutes=drawn.randrange(1440))
            if seen is not None:
                connection.execute(
                    "INSERT INTO device_state (device_no, first_seen_at, last_seen_at, last_used_day)"
                    " VALUES (%s, %s, %s, %s)",
                    [row[0], min(first or seen, seen), seen, None if used is None else local_day(used)],
                )


async def test_sql_and_domain_give_the_same_verdict(
    resources: Resources, make_payer: MakePayer, database: Database
) -> None:
    """On a random fleet, on days in summer, winter and at the turn of the clocks; and every verdict and step occurs."""
    random_fleet(database, make_payer().payer_id, 600, seed=7)
    registry, met = load_registry(), set()
    days = [TODAY + timedelta(days=shift) for shift in (0, 1, 30, 100, 160, 250)]
    async with scoped(resources.pool, Scope.everything()) as connection:
        for today in days:
            rows = await fetch_all(connection, JUDGED, limits(registry, today))
            assert len(rows) == 600
            for row in rows:
                found = judgement(registry, row, today)
                assert (row["verdict"], row["step"], row["since"]) == (found.verdict, found.step, found.since), row
                met.add((str(found.verdict), str(found.step)))
    assert {verdict for verdict, _ in met} == {
        "used", "unused", "never_started", "too_early", "silent", "never_connected", "cannot_report", "in_stock",
    }  # fmt: skip
    assert {step for _, step in met} == {"none", "note", "contact", "propose"}


def unused(store: Store, device_no: int, days: int) -> None:
    store.execute("UPDATE loan SET started_at = started_at - interval '300 days' WHERE device_no = %s", device_no)
    store.heard(device_no, used=TODAY - timedelta(days=days), first=NOW - timedelta(days=300))


async def test_the_list_has_reason_cost_and_denominators(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unused(store, town.chair.device_no, 40)
    store.heard(town.dispenser.device_no, at=NOW - timedelta(days=20), used=TODAY - timedelta(days=20))  # silent
    body = (await api.get("idle", make_token("analyst"))).json()
    [item] = body["items"]
    assert item["individual_number"] == "A-1"
    assert (item["use"]["verdict"], item["use"]["days"]) == ("unused", 40)
    assert "40 dagar" in item["use"]["reason"]["sv"]
    rent = Decimal(item["rent_sek_per_month"])
    assert rent == Decimal(str(load_registry()["wheelchair"].models[0].rent_sek))
    assert Decimal(item["cost_sek_so_far"]) == cost_sek(rent, 40)
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
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database
) -> None:
    random_fleet(database, make_payer().payer_id, 150, seed=3)
    token = make_token("analyst")
    for verdict in ("unused", "in_stock", "silent"):
        whole = [
            item["device_id"] for item in (await api.get("idle", token, verdict=verdict, limit=200)).json()["items"]
        ]
        seen: list[str] = []
        query: dict[str, Any] = {"verdict": verdict, "limit": 2}
        while True:
            body = (await api.get("idle", token, **query)).json()
            seen += [item["device_id"] for item in body["items"]]
            if body["next_cursor"] is None:
                break
            query["cursor"] = body["next_cursor"]
        assert len(whole) > 2
        assert seen == whole


def test_a_class_without_a_profile_cannot_report() -> None:
    row = {
        "device_class": "gone",
        "idle_policy": "default",
        "loan_started_at": NOW - timedelta(days=99),
        "enrolled_at": NOW,
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "last_used_day": date(2026, 1, 1),
    }
    assert use_of(load_registry(), row, TODAY).verdict == "cannot_report"
