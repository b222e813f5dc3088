"""Life and wear over a real database: censoring, unknown ages, repairs of two kinds, rights."""

from datetime import date, timedelta

from fleet.clock import local_day
from tests.fixtures.database import MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY: date = local_day(NOW)
YEAR = 365


def aged(store: Store, device_no: int, *, acquired: int | None, ended: int | None = None, registered: int = 0) -> None:
    """A device acquired so many days ago, registered as long ago unless said otherwise, and perhaps out of service."""
    store.execute(
        "UPDATE device SET acquired_on = %s, registered_at = now() - make_interval(days => %s), stock_state = %s"
        " WHERE device_no = %s",
        None if acquired is None else TODAY - timedelta(days=acquired),
        registered or acquired or 0,
        "in_stock" if ended is None else "scrapped",
        device_no,
    )
    if ended is not None:
        gone = TODAY - timedelta(days=ended)
        store.execute("UPDATE device SET out_of_service_on = %s WHERE device_no = %s", gone, device_no)


async def test_a_model_has_its_life_with_interval_and_what_is_unknown_is_null(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store
) -> None:
    token = make_token("analyst", name="analyst")
    devices = [make_device("scale", individual_number=f"V-{number}") for number in range(24)]
    for number, device in enumerate(devices):
        if number < 12:
            aged(store, device.device_no, acquired=8 * YEAR, ended=(number % 3 + 1) * YEAR)
        elif number < 22:
            aged(store, device.device_no, acquired=8 * YEAR)
        elif number == 22:
            aged(store, device.device_no, acquired=None)
        else:
            aged(store, device.device_no, acquired=YEAR, ended=2 * YEAR, registered=3 * YEAR)
    body = (await api.get("wear", token, **{"class": "scale"})).json()
    [model] = body["items"]
    assert (model["devices"], model["dated"], model["contradictory"], model["ended"]) == (24, 23, 1, 13)
    assert model["ended_dated"] == 12
    assert (model["median_years"], model["repairs"], model["repairs_a_year"]) == (7.0, None, None)
    assert body["repairs_since"] is None, "nobody has written a repair down: unknown, not none"
    assert model["median_low"] <= 7 < (model["median_high"] or 99)
    curve = (await api.get(f"wear/{model['model_key']}", token)).json()["curve"]
    assert [point["at_risk"] for point in curve] == [22, 18, 14]
    assert [point["lasting"] for point in curve] == [0.8182, 0.6364, 0.4545]
    assert all(point["low"] < point["lasting"] < point["high"] for point in curve)
    assert (await api.get("wear/none", token)).status_code == 404
    assert [line[1] for line in store.audit()] == ["wear.read", "wear.curve"]


async def test_a_device_that_was_old_when_registered_counts_from_then(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store
) -> None:
    for number in range(12):
        device = make_device("scale", individual_number=f"V-{number}")
        aged(store, device.device_no, acquired=5 * YEAR, registered=YEAR, ended=30 if number < 6 else None)
    [model] = (await api.get("wear", make_token("analyst"))).json()["items"]
    assert model["begins_years"] == 3.92, "nothing is known of their first years"
    assert model["dated"] == 12


async def test_repairs_come_from_orders_and_from_a_list_and_are_counted_once(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number = town.chair.device_no
    aged(store, number, acquired=2 * YEAR)
    store.execute("UPDATE device SET stock_state = 'on_loan' WHERE device_no = %s", number)
    store.execute(
        "INSERT INTO work_order (device_no, state, priority, audience, title_sv, title_en, reported_at, start_by,"
        " done_by, created_by, closed_at, solved, minutes_spent) VALUES (%s, 'done', 'ordinary', 'technical', 'x', 'x',"
        " now(), now(), now(), 'x', now(), 'visit', 90), (%s, 'done', 'ordinary', 'technical', 'x', 'x', now(), now(),"
        " now(), 'x', now(), 'no_fault_found', 30)",
        number,
        number,
    )
    store.execute(
        "INSERT INTO device_repair (device_no, done_on, reference, minutes_spent, cost_sek, noted_by)"
        " VALUES (%s, %s, 'R-1', 45, 1250.50, 'x'), (%s, %s, 'R-2', NULL, NULL, 'x')",
        number,
        TODAY - timedelta(days=YEAR),
        number,
        TODAY - timedelta(days=30),
    )
    token = make_token("analyst")
    models = {item["model_key"]: item for item in (await api.get("wear", token)).json()["items"]}
    [(key,)] = store.all("SELECT model_key FROM device WHERE device_no = %s", number)
    wear = models[key]
    assert wear["repairs"] == 3
    assert wear["repairs_low"] < wear["repairs_a_year"] < wear["repairs_high"]
    assert wear["repair_minutes"] == {"sum": "135", "known": 2}
    assert wear["repair_cost_sek"] == {"sum": "1250.50", "known": 1}
    passport = (await api.get(f"devices/{town.chair.device_id}/passport", token)).json()
    assert passport["repairs"] == 3
    assert models[store.all("SELECT model_key FROM device WHERE device_class = 'dispenser'")[0][0]]["repairs"] == 0


async def test_what_devices_count_in_a_year_is_told_of_how_many(
    api: Api, make_token: MakeToken, make_device: MakeDevice, store: Store
) -> None:
    for number in range(3):
        device = make_device("wheelchair", individual_number=f"V-{number}")
        aged(store, device.device_no, acquired=2 * YEAR)
        store.heard(device.device_no, at=NOW, values={"drive.odometer_total": 400.0 * (number + 1)})
    [model] = (await api.get("wear", make_token("analyst"))).json()["items"]
    [use] = [entry for entry in model["use"] if entry["key"] == "drive.odometer_total"]
    assert (use["devices"], use["unit"], round(use["middle"])) == (3, "km", 400)


async def test_a_part_of_the_fleet_would_miss_what_was_scrapped_so_it_is_refused(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    answer = await api.get("wear", make_token("analyst", payers=[town.payer]))
    assert (answer.status_code, answer.json()["code"]) == (403, "whole_fleet_only")
    assert (await api.get("wear", make_token("analyst", frames=("HSL",)))).status_code == 403
    assert (await api.get("wear", make_token("prescriber_unit"))).status_code == 403


def test_a_device_leaves_service_when_scrapped_or_lost_and_comes_back_when_found(town: Town, store: Store) -> None:
    number = town.in_store.device_no
    for state, ended in (("lost", TODAY), ("scrapped", TODAY), ("in_stock", None)):
        store.execute("UPDATE device SET stock_state = %s WHERE device_no = %s", state, number)
        [(gone,)] = store.all("SELECT out_of_service_on FROM device WHERE device_no = %s", number)
        assert gone == ended, state
