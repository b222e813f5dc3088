"""Recall cases: begun only on proof, moved only by the table, every transition in the journal, one winner of a race."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from diagnostics.problems import Problem
from diagnostics.recall import service
from diagnostics.recall.schemas import MoveAsked
from diagnostics.recall.watching import RecallWatch
from diagnostics.rights import Role
from diagnostics.security import Caller
from diagnostics.work import Work
from fleet.calendar import WorkCalendar
from fleet.deadlines import recall_due
from fleet.plumbing.database import Pool, database_pool
from fleet.plumbing.store.scope import Scope, scoped
from fleet.recall import FINAL, TRANSITIONS, Action
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.recall.conftest import NOW, TODAY, Api, MakeToken, Prove, Store, Town, used

WHY = {"why": "månadens genomgång"}


async def begin(api: Api, token: str, device_id: str) -> int:
    answer = await api.post("recalls", token, {"device_id": device_id, **WHY})
    assert answer.status_code == 201, answer.text
    [case_id] = answer.json()["case_ids"]
    return int(case_id)


async def go(api: Api, token: str, case_id: int, action: str, **more: Any) -> Any:
    return await api.post(f"recalls/{case_id}/move", token, {"action": action, "why": "så är det", **more})


async def walk(api: Api, token: str, case_id: int, *actions: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for action in actions:
        answer = await go(api, token, case_id, action)
        assert answer.status_code == 200, (action, answer.text)
        body = answer.json()
    return body


async def test_a_case_goes_from_proposal_to_stock_with_clocks_money_and_a_journal(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    prove(town.chair.device_no)
    token = make_token("analyst", name="analyst")
    case_id = await begin(api, token, town.chair.device_id)
    ordered = await walk(api, token, case_id, "ask", "confirm", "order")
    due = recall_due(NOW, WorkCalendar())
    assert ordered["clocks"] == {
        "rent_stops": due.rent_stops.isoformat(),
        "pick_up_by": due.pick_up_by.isoformat(),
        "deregister_by": due.deregistered_by.isoformat(),
        "overdue": False,
    }
    assert ordered["saved_sek_so_far"] == "0.00"
    assert ordered["possible"] == ["collect", "lose", "need", "withdraw"]
    end = await walk(api, token, case_id, "collect", "deregister", "recondition", "stock")
    assert end["state"] == "in_stock"
    assert [line["after"] for line in end["journal"]] == [
        "proposed",
        "asked",
        "confirmed_unused",
        "pick_up_ordered",
        "collected",
        "deregistered",
        "reconditioned",
        "in_stock",
    ]
    assert {line["actor"] for line in end["journal"]} == {"analyst"}
    assert all(line["why"] for line in end["journal"])
    assert store.all("SELECT stock_state FROM device WHERE device_no = %s", town.chair.device_no) == [("in_stock",)]
    [(ended,)] = store.all("SELECT ended_at IS NOT NULL FROM loan WHERE device_no = %s", town.chair.device_no)
    assert ended


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"verdict": "silent", "step": "none"}, "silence"),
        ({"verdict": "absent", "step": "none"}, "prove"),
        ({"verdict": "unused", "step": "contact"}, "prove"),
        ({"days": 40}, "before the loan"),  # the loan is thirty days old
        ({"judged_day": TODAY - timedelta(days=4)}, "too old"),
        ({"last_heard_day": TODAY - timedelta(days=9)}, "silent"),
        ({"used": TODAY}, "used since"),
    ],
)
async def test_nothing_is_proposed_without_fresh_proof_of_no_use_in_the_open_loan(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, overrides: dict[str, Any], sentence: str
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no, **overrides)
    answer = await api.post("recalls", token, {"device_id": town.chair.device_id, **WHY})
    assert (answer.status_code, answer.json()["code"]) == (409, "recall_refused")
    assert sentence in answer.json()["detail"]
    assert (await api.post("recalls", token, WHY)).json() == {"proposed": 0, "case_ids": []}
    assert store.all("SELECT count(*) FROM recall_case") == [(0,)]


async def test_an_absence_or_a_valid_answer_keeps_a_device_from_being_proposed(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no)
    store.execute(
        "INSERT INTO absence (loan_id, device_no, from_day, kind, noted_by)"
        " SELECT loan_id, device_no, %s, 'hospital', 'x' FROM loan WHERE device_no = %s",
        TODAY - timedelta(days=2),
        town.chair.device_no,
    )
    asked = {"device_id": town.chair.device_id, **WHY}
    assert "absence" in (await api.post("recalls", token, asked)).json()["detail"]
    store.execute("UPDATE absence SET withdrawn_at = now()")
    case_id = await begin(api, token, town.chair.device_id)
    assert "open case" in (await api.post("recalls", token, asked)).json()["detail"]
    until = (TODAY + timedelta(days=30)).isoformat()
    body = (await go(api, token, case_id, "need", snooze_until=until)).json()
    assert (body["state"], body["snoozed_until"]) == ("needed", until)
    assert "still holds" in (await api.post("recalls", token, asked)).json()["detail"]
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_moves")
    store.execute("UPDATE recall_case SET snoozed_until = %s", TODAY - timedelta(days=1))
    assert (await api.post("recalls", token, asked)).status_code == 201


GUARDED: dict[str, dict[str, Any]] = {
    "recall_on_silence": {"known_until": TODAY - timedelta(days=9), "since": TODAY - timedelta(days=20)},
    "recall_across_loans": {"since": TODAY - timedelta(days=40)},
    "recall_needs_proof": {"since": TODAY - timedelta(days=19)},
    "recall_case_verdict_check": {"verdict": "silent"},
    "recall_begins_proposed": {"state": "collected"},
}


@pytest.mark.parametrize("constraint", GUARDED)
def test_the_database_itself_refuses_a_case_without_proof(
    town: Town, prove: Prove, store: Store, database: Database, constraint: str
) -> None:
    prove(town.chair.device_no)
    overrides = dict(GUARDED[constraint])
    with psycopg.connect(database.owner) as connection:
        insert_case(connection, town.chair.device_no)  # control: with proof it is taken
        connection.rollback()
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            insert_case(connection, town.chair.device_no, **overrides)
    if constraint != "recall_case_verdict_check":  # the trigger speaks first, and knows that no verdict says so
        assert refused.value.diag.constraint_name == constraint


def insert_case(connection: psycopg.Connection, device_no: int, **overrides: Any) -> None:
    values = {
        "state": "proposed",
        "verdict": "unused",
        "since": TODAY - timedelta(days=20),
        "known_until": TODAY,
        **overrides,
    }
    connection.execute(
        """
        INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, individual_number, device_class, model_key,
                                 state, verdict, since, known_until, days, proposed_at, proposed_by, changed_at,
                                 changed_by, why)
        SELECT d.device_no, l.loan_id, l.payer_id, l.legal_frame, d.individual_number, d.device_class, d.model_key,
               %(state)s, %(verdict)s, %(since)s, %(known_until)s, 20, now(), 'x', now(), 'x', 'x'
          FROM device d JOIN loan l USING (device_no) WHERE d.device_no = %(device_no)s
        """,
        {**values, "device_no": device_no},
    )


def test_the_database_holds_the_same_table_of_transitions(store: Store) -> None:
    rows = store.all("SELECT before, action, after FROM recall_move")
    assert {(before, action): after for before, action, after in rows} == TRANSITIONS
    [(predicate,)] = store.all("SELECT pg_get_indexdef('recall_case_open'::regclass)")
    assert all(f"'{state}'" in predicate for state in FINAL)
    assert predicate.count("::text") == len(FINAL)


async def test_moves_outside_the_table_are_refused_by_the_api_and_by_the_database(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, database: Database
) -> None:
    prove(town.chair.device_no)
    token = make_token("analyst")
    case_id = await begin(api, token, town.chair.device_id)
    answer = await go(api, token, case_id, "collect")
    assert (answer.status_code, answer.json()["code"]) == (409, "recall_refused")
    assert "ask" in answer.json()["detail"]
    assert (await go(api, token, case_id, "wake_up")).status_code == 422
    statements = (
        "UPDATE recall_case SET state = 'collected', action = 'collect'",
        "UPDATE recall_case SET why = 'other'",
        "UPDATE recall_case SET state = 'asked', action = 'ask', since = since - 1",
        "UPDATE recall_transition SET why = 'other'",
        "DELETE FROM recall_transition",
    )
    with psycopg.connect(database.owner, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(statement.encode())
    assert store.all("SELECT count(*) FROM recall_transition") == [(1,)]


async def test_who_may_what_and_whose(api: Api, make_token: MakeToken, town: Town, prove: Prove) -> None:
    prove(town.chair.device_no)
    analyst = make_token("analyst")
    case_id = await begin(api, analyst, town.chair.device_id)
    unit, other = make_token("prescriber_unit", payers=[town.payer]), make_token("prescriber_unit", payers=[town.other])
    assert (await go(api, other, case_id, "confirm")).status_code == 404
    assert (await api.get("recalls", other)).json()["items"] == []
    assert (await go(api, unit, case_id, "ask")).json()["code"] == "recall_answers_only"
    assert (await go(api, unit, case_id, "confirm")).status_code == 200
    assert (await go(api, unit, case_id, "order")).status_code == 403
    assert (await api.post("recalls", unit, WHY)).status_code == 403
    assert (await go(api, make_token("carer"), case_id, "need")).status_code == 403
    personal = {"action": "need", "why": "gäller 19121212-1212"}
    assert (await api.post(f"recalls/{case_id}/move", unit, personal)).status_code == 422
    await walk(api, analyst, case_id, "order", "collect")
    [item] = (await api.get("recalls", unit)).json()["items"]
    assert (item["state"], item["device_id"], item["individual_number"]) == ("collected", None, "A-1")


async def test_a_device_that_wakes_up_stops_its_case_and_says_so(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, database: Database
) -> None:
    token = make_token("analyst")
    for device in (town.chair, town.dispenser):
        prove(device.device_no)
    woken, asleep = (
        await begin(api, token, town.chair.device_id),
        await begin(api, token, town.dispenser.device_id),
    )
    await walk(api, token, woken, "confirm")
    used(store, town.chair.device_no, TODAY)
    refused = await go(api, token, woken, "order")
    assert (refused.status_code, refused.json()["code"]) == (409, "recall_used_again")
    async with database_pool(database.worker, "test") as pool:
        assert await RecallWatch(pool).round() == 1
        assert await RecallWatch(pool).round() == 0
    body = (await api.get(f"recalls/{woken}", token)).json()
    assert (body["state"], body["possible"]) == ("woken_up", [])
    assert TODAY.isoformat() in body["why"]
    assert (await api.get(f"recalls/{asleep}", token)).json()["state"] == "proposed"
    false = (await api.get("recalls/summary", token)).json()["false_recalls"]
    assert (false["woken_up"], false["answered"], false["waiting"], false["rate"]) == (1, 1, 1, 1.0)


async def test_an_absence_takes_an_unanswered_proposal_back(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, database: Database
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no)
    case_id = await begin(api, token, town.chair.device_id)
    store.execute(
        "INSERT INTO absence (loan_id, device_no, from_day, kind, noted_by)"
        " SELECT loan_id, device_no, %s, 'travel', 'x' FROM loan WHERE device_no = %s",
        TODAY,
        town.chair.device_no,
    )
    async with database_pool(database.worker, "test") as pool:
        assert await RecallWatch(pool).round() == 1
    assert (await api.get(f"recalls/{case_id}", token)).json()["state"] == "withdrawn"


async def test_the_false_recall_rate_has_its_denominator_and_nobodys_silence_counts_as_right(
    api: Api, make_token: MakeToken, town: Town, prove: Prove
) -> None:
    token = make_token("analyst")
    empty = (await api.get("recalls/summary", token)).json()["false_recalls"]
    assert (empty["rate"], empty["answered"]) == (None, 0)
    ids = []
    for device in (town.chair, town.dispenser, town.elsewhere):
        prove(device.device_no)
        ids.append(await begin(api, token, device.device_id))
    await walk(api, token, ids[0], "need")
    await walk(api, token, ids[1], "confirm", "order")
    body = (await api.get("recalls/summary", token)).json()
    assert body["false_recalls"]["rate"] == 0.5
    assert body["false_recalls"]["waiting"] == 1
    assert "1 av 2" in body["false_recalls"]["meaning"]["sv"]
    assert (body["cases"], body["open"]) == (3, 2)
    assert (await api.get("recalls/summary", token, payer="kommun-b")).json()["cases"] == 1


async def test_money_is_counted_from_the_day_the_rent_stopped(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no)
    case_id = await begin(api, token, town.chair.device_id)
    await walk(api, token, case_id, "confirm", "order")
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_moves")
    store.execute("UPDATE recall_case SET rent_stops = %s, pick_up_by = %s", TODAY - timedelta(days=10), TODAY)
    body = (await api.get(f"recalls/{case_id}", token)).json()
    assert body["saved_sek_so_far"] == "134.70"  # 410 SEK a month of 365.25 / 12 days, 10 days
    figures = (await api.get("recalls/summary", token)).json()
    assert (figures["saved_sek_so_far"], figures["rent_stopped"]) == ("134.70", 1)
    assert figures["rent_stopped_sek_per_month"] == "410.00"


async def test_a_thousand_transitions_at_once_leave_one_winner_each(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, database: Database
) -> None:
    """Each decides from the state it read and then writes, through the service that the API calls."""
    token = make_token("analyst")
    case_ids = []
    for device in (town.chair, town.dispenser):
        prove(device.device_no)
        case_ids.append(await begin(api, token, device.device_id))
    actions = (Action.ASK, Action.NEED, Action.CONFIRM, Action.WITHDRAW)
    caller = Caller("racer", Role.ANALYST, "", Scope.everything(), frozenset(Audience))
    gate = asyncio.Semaphore(16)

    async def one(pool: Pool, number: int) -> str:
        asked = MoveAsked(action=actions[number % 4], why="så är det")
        try:
            async with gate, scoped(pool, caller.scope) as connection:
                work = Work(connection, caller, load_registry(), NOW)
                await service.make_move(work, await service.one_case(work, case_ids[number % 2]), asked)
        except Problem as problem:
            return problem.code
        return "won"

    async with database_pool(database.api, "test", largest=16) as pool:
        said = await asyncio.gather(*(one(pool, number) for number in range(1000)))
    assert set(said) <= {"won", "recall_refused", "recall_moved"}
    won = said.count("won")
    rows = store.all("SELECT case_id, before, action, after FROM recall_transition ORDER BY transition_id")
    assert won == len(rows) - 2, "as many successes as lines in the journal"
    for case_id in case_ids:
        state = "proposed"
        for _, before, action, after in [row for row in rows if row[0] == case_id and row[1] is not None]:
            assert before == state, "a transition from a state that was gone"
            assert TRANSITIONS[before, action] == after
            state = after
        assert store.all("SELECT state FROM recall_case WHERE case_id = %s", case_id) == [(state,)]


async def test_proposing_the_same_device_at_once_begins_one_case(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no)
    answers = await asyncio.gather(*(api.post("recalls", token, WHY) for _ in range(20)))
    assert sum(answer.json()["proposed"] for answer in answers if answer.status_code == 201) == 1
    assert store.all("SELECT count(*) FROM recall_case") == [(1,)]


def test_a_return_by_any_way_withdraws_the_case_and_cancels_what_was_asked_of_the_device(
    town: Town, prove: Prove, store: Store, database: Database
) -> None:
    prove(town.chair.device_no)
    with psycopg.connect(database.owner) as connection:
        insert_case(connection, town.chair.device_no)
    store.execute(
        "INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)"
        " VALUES (%s, 1, 'self_test', 'reversible', 'x', 'x', now() + interval '1 day')",
        town.chair.device_no,
    )
    alarm = store.alarm(town.chair.device_no, "battery_low")
    store.execute("UPDATE loan SET consented_at = now(), ended_at = now() WHERE device_no = %s", town.chair.device_no)
    assert store.all("SELECT state, why FROM recall_case") == [("withdrawn", "the loan ended")]
    assert store.all("SELECT state, reason FROM command") == [("cancelled", "the loan ended")]
    assert store.all("SELECT state FROM command_transition") == [("cancelled",)]
    assert store.all("SELECT cleared_at IS NOT NULL FROM alarm WHERE alarm_id = %s", alarm) == [(True,)]
    store.execute(
        "INSERT INTO loan (device_no, payer_id, legal_frame, started_at) VALUES (%s, %s, 'HSL', now())",
        town.chair.device_no,
        town.other.payer_id,
    )
    assert store.all(
        "SELECT consented_at FROM loan WHERE ended_at IS NULL AND device_no = %s", town.chair.device_no
    ) == [(None,)]


async def test_a_lost_device_leaves_service_and_may_turn_up(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token, number = make_token("analyst"), town.chair.device_no
    state = "SELECT stock_state, out_of_service_on IS NOT NULL FROM device WHERE device_no = %s"
    prove(number)
    case_id = await begin(api, token, town.chair.device_id)
    lost = await walk(api, token, case_id, "confirm", "order", "lose")
    assert (lost["state"], lost["possible"], lost["saved_sek_so_far"]) == ("lost", ["collect"], "0.00")
    assert store.all(state, number) == [("lost", True)]
    assert store.all("SELECT count(*) FROM loan WHERE device_no = %s AND ended_at IS NULL", number) == [(0,)]
    figures = (await api.get("recalls/summary", token)).json()
    assert figures["false_recalls"]["confirmed"] == 1, "it was unused all the same"
    assert figures["pick_up_overdue"] == 0
    found = await walk(api, token, case_id, "collect", "deregister", "scrap")
    assert found["state"] == "scrapped"
    assert store.all(state, number) == [("scrapped", True)]


async def test_an_order_past_its_days_is_overdue_in_figures_and_filter(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    token = make_token("analyst")
    prove(town.chair.device_no)
    case_id = await begin(api, token, town.chair.device_id)
    await walk(api, token, case_id, "confirm", "order")
    assert (await api.get("recalls", token, overdue=True)).json()["items"] == []
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_moves")
    yesterday = TODAY - timedelta(days=1)
    store.execute("UPDATE recall_case SET pick_up_by = %s, deregister_by = %s", yesterday, yesterday)
    [late] = (await api.get("recalls", token, overdue=True)).json()["items"]
    assert (late["case_id"], late["clocks"]["overdue"]) == (case_id, True)
    figures = (await api.get("recalls/summary", token)).json()
    assert (figures["pick_up_overdue"], figures["deregister_overdue"]) == (1, 1)
