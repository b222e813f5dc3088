"""The life of an alarm through the API and the engine: taken, handed over, given back, resolved, judged, journalled."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from diagnostics.alarms.judging import Judge
from diagnostics.metrics import WorkerMetrics
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from fleet.rules import FaultActive
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

CHAIR = load_registry()["wheelchair"]
JOYSTICK = next(rule for rule in CHAIR.rules if isinstance(rule, FaultActive) and rule.name == "joystick_fault")


async def judge_once(database: Database, *, sweep: bool = False) -> None:
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        judge = Judge(pool, load_registry(), ["webhook"], WorkerMetrics())
        await judge.round()
        if sweep:
            await judge.sweep()


def journal(store: Store) -> list[tuple[str, str, str]]:
    rows = store.all("SELECT kind, actor, note FROM alarm_journal ORDER BY entry_id")
    return [(kind, actor, note) for kind, actor, note in rows]


def calls(store: Store) -> int:
    """How many times people have been told that it began."""
    return int(store.all("SELECT count(*) FROM notification WHERE kind = 'raised'")[0][0])


async def jam(store: Store, database: Database, town: Town, *, ago: timedelta = timedelta(minutes=1)) -> int:
    store.heard(town.chair.device_no)
    store.fault(town.chair.device_no, "vr2", "7", JOYSTICK.faults[0], raised=NOW - ago)
    store.due(town.chair.device_no)
    await judge_once(database)
    return int(store.all("SELECT max(alarm_id) FROM alarm WHERE cleared_at IS NULL")[0][0])


async def test_taken_with_a_plan_commented_and_resolved(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    alarm, token = await jam(store, database, town), make_token("technician", name="tekniker")
    taken = (await api.post(f"alarms/{alarm}/take", token, {"plan": "åker dit kl 10"})).json()
    assert (taken["state"], taken["taken_by"], taken["plan"]) == ("taken", "tekniker", "åker dit kl 10")
    await api.post(f"alarms/{alarm}/comment", token, {"note": "kabeln är av"})
    done = (await api.post(f"alarms/{alarm}/resolve", token, {"note": "bytt kabel"})).json()
    assert (done["state"], done["closed_by"], done["verdict"]) == ("resolved", "tekniker", "true")
    assert (await api.post(f"alarms/{alarm}/resolve", token, {})).json()["code"] == "alarm_over"
    assert journal(store) == [
        ("raised", "engine", ""),
        ("taken", "tekniker", "åker dit kl 10"),
        ("commented", "tekniker", "kabeln är av"),
        ("resolved", "tekniker", "bytt kabel"),
    ]
    shown = (await api.get(f"alarms/{alarm}", token)).json()["journal"]
    assert [entry["kind"] for entry in shown] == ["raised", "taken", "commented", "resolved"]
    audit = [action for _, action, _ in store.audit()]
    assert audit == ["alarm.take", "alarm.comment", "alarm.close", "alarm.read"]


async def test_resolved_rests_while_its_condition_goes_on_and_a_new_occurrence_rings(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    alarm, token = await jam(store, database, town), make_token("technician")
    await api.post(f"alarms/{alarm}/resolve", token, {})
    store.due(town.chair.device_no)
    await judge_once(database, sweep=True)
    assert store.all("SELECT count(*) FROM alarm") == [(1,)]
    store.clear_fault(town.chair.device_no, "7")
    store.due(town.chair.device_no)
    await judge_once(database)
    assert store.all("SELECT rests FROM alarm") == [(False,)]
    assert await jam(store, database, town, ago=timedelta()) != alarm


async def test_a_safety_alarm_resolved_while_it_goes_on_rings_again_after_four_hours(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    alarm = await jam(store, database, town, ago=timedelta(hours=9))
    await api.post(f"alarms/{alarm}/resolve", make_token("technician"), {})
    moved = "UPDATE alarm SET raised_at = raised_at - %s, cleared_at = cleared_at - %s"
    store.execute(moved, timedelta(hours=3, minutes=59), timedelta(hours=3, minutes=59))
    await judge_once(database, sweep=True)
    assert store.all("SELECT count(*) FROM alarm") == [(1,)]
    store.execute(moved, timedelta(minutes=2), timedelta(minutes=2))
    await judge_once(database, sweep=True)
    assert store.all("SELECT count(*) FROM alarm WHERE cleared_at IS NULL") == [(1,)]


async def test_handed_over_by_name_it_stays_until_the_other_takes_it(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    alarm = await jam(store, database, town)
    first, second, third = (make_token("technician", name=name) for name in ("anna", "bo", "cia"))
    refused = await api.post(f"alarms/{alarm}/hand-over", first, {"to": "bo"})
    assert refused.json()["code"] == "alarm_not_yours"
    await api.post(f"alarms/{alarm}/take", first)
    offered = (await api.post(f"alarms/{alarm}/hand-over", first, {"to": "bo", "note": "går av"})).json()
    assert (offered["taken_by"], offered["handed_to"]) == ("anna", "bo")
    assert (await api.post(f"alarms/{alarm}/take", third)).json()["code"] == "alarm_taken"
    taken = (await api.post(f"alarms/{alarm}/take", second)).json()
    assert (taken["taken_by"], taken["handed_to"]) == ("bo", None)
    assert [entry[:2] for entry in journal(store)[1:]] == [("taken", "anna"), ("offered", "anna"), ("taken", "bo")]


async def test_given_back_to_nobody_it_rings_again(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    alarm, token = await jam(store, database, town), make_token("technician")
    await api.post(f"alarms/{alarm}/take", token)
    assert store.all("SELECT ended_at IS NOT NULL FROM escalation") == [(True,)]
    back = (await api.post(f"alarms/{alarm}/hand-over", token, {})).json()
    assert (back["state"], back["taken_by"]) == ("open", None)
    await judge_once(database)
    assert store.all("SELECT ended_at IS NULL FROM escalation") == [(True,)]
    assert store.all("SELECT quieted_by FROM alarm") == [(None,)]


async def test_verdicts_make_precision_and_the_unjudged_count_as_neither(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("technician")
    period = {"from": (NOW - timedelta(days=1)).isoformat(), "to": (NOW + timedelta(days=1)).isoformat()}
    for number in range(4):
        alarm = store.alarm(town.chair.device_no, "battery_low")
        address = f"alarms/{alarm}/{'false' if number == 0 else 'resolve'}"
        assert (await api.post(address, token, {})).status_code == 200
    unjudged = store.alarm(town.chair.device_no, "battery_low")
    assert (await api.post(f"alarms/{unjudged}/verdict", token, {"verdict": "true"})).json()["code"] == "alarm_open"
    [item] = (await api.get("alarms/precision", token, **period)).json()["items"]
    assert (item["raised"], item["judged_true"], item["judged_false"], item["precision"]) == (5, 3, 1, 0.75)
    store.execute("UPDATE alarm SET cleared_at = now(), cleared_why = 'condition_ended' WHERE cleared_at IS NULL")
    await api.post(f"alarms/{unjudged}/verdict", token, {"verdict": "expected"})
    [item] = (await api.get("alarms/precision", token, **period)).json()["items"]
    assert item["precision"] == 0.8


@pytest.mark.parametrize("role", ["api", "worker"])
def test_the_journal_is_only_ever_added_to(store: Store, town: Town, database: Database, role: str) -> None:
    alarm = store.alarm(town.chair.device_no, "battery_low")
    store.execute("INSERT INTO alarm_journal (alarm_id, kind, actor) VALUES (%s, 'raised', 'engine')", alarm)
    for statement in ("UPDATE alarm_journal SET note = 'x'", "DELETE FROM alarm_journal", "TRUNCATE alarm_journal"):
        with (
            psycopg.connect(getattr(database, role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


async def test_nobody_acts_on_what_they_do_not_see(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    alarm = store.alarm(town.dispenser.device_no, "jam", Audience.CARE)
    token = make_token("technician")
    bodies: dict[str, Any] = {
        "hand-over": {},
        "resolve": {},
        "false": {},
        "comment": {"note": "x"},
        "verdict": {"verdict": "true"},
    }
    for action, body in bodies.items():
        assert (await api.post(f"alarms/{alarm}/{action}", token, body)).status_code == 404, action
    assert store.all("SELECT count(*) FROM alarm_journal") == [(0,)]


async def test_one_device_has_its_own_setting_within_bounds(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    token = make_token("technician", payers=[town.payer], name="tekniker")
    address = f"devices/{town.dispenser.device_id}/alarm-settings"
    body = {"value": 25.0, "reason": "bor långt bort"}
    refused = await api.post(f"{address}/battery_low/below", token, {**body, "value": 31})
    assert (refused.status_code, refused.json()["low"], refused.json()["high"]) == (422, 10.0, 30.0)
    assert (await api.post(f"{address}/battery_low/above", token, body)).status_code == 404
    assert (await api.post(f"{address}/dose_missed/fresh_seconds", token, body)).status_code == 404
    [item] = [
        entry
        for entry in (await api.post(f"{address}/battery_low/below", token, body)).json()["items"]
        if entry["rule"] == "battery_low"
    ]
    assert (item["default"], item["value"], item["set_by"]) == (20.0, 25.0, "tekniker")
    store.heard(town.dispenser.device_no, values={"battery.level": 22.0})
    await judge_once(database, sweep=True)
    assert store.all("SELECT rule FROM alarm") == [("battery_low",)]
    await api.post(f"{address}/battery_low/below", token, {"reason": "flyttat hem"})
    assert store.all("SELECT count(*) FROM rule_override WHERE ended_at IS NULL") == [(0,)]
    assert [action for _, action, _ in store.audit()] == ["alarm_settings.set", "alarm_settings.set"]


async def test_flapping_is_one_alarm_and_its_first_is_never_late(town: Town, store: Store, database: Database) -> None:
    number = town.chair.device_no
    store.heard(number)
    for turn in range(8):
        store.fault(number, "vr2", "7", JOYSTICK.faults[0], raised=NOW + timedelta(seconds=turn))
        store.due(number)
        await judge_once(database)
        assert store.all("SELECT count(*) FROM alarm WHERE cleared_at IS NULL") == [(1,)], turn
        store.clear_fault(number, "7")
        store.due(number)
        await judge_once(database)
    assert store.all("SELECT count(*) FROM alarm") == [(3,)]
    [(times, lingering)] = store.all("SELECT times, ended_since IS NOT NULL FROM alarm WHERE cleared_at IS NULL")
    assert (times, lingering) == (6, True)
    store.execute("UPDATE alarm SET ended_since = ended_since - interval '15 minutes'")
    store.execute("UPDATE alarm_timer SET due_at = now()")
    await judge_once(database)
    assert store.all("SELECT count(*) FROM alarm WHERE cleared_at IS NULL") == [(0,)]
    assert store.all("SELECT count(*) FROM alarm_timer") == [(0,)]
