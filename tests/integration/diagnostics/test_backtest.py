"""A rule over stored history: the alarms it would have raised, within what the caller may see."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.alarms import backtest
from diagnostics.work import Work
from fleet.signals import Audience
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

START = NOW - timedelta(days=3)
PERIOD = {"from": START.isoformat(), "to": NOW.isoformat()}


async def test_a_threshold_with_hysteresis_and_another_setting(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number, token = town.dispenser.device_no, make_token("technician", payers=[town.payer])
    for hour, level in enumerate([90, 25, 19, 25, 40, 18, 40]):
        store.reading(number, "dispenser", START + timedelta(hours=6 * hour + 1), {"battery_level": level})
    asked = {**PERIOD, "class": "dispenser", "rule": "battery_low"}
    found = (await api.get("alarms/backtest", token, **asked)).json()
    assert (found["alarms"], found["still_open"], found["alarming_devices"], found["devices"]) == (2, 0, 1, 1)
    first = found["examples"][0]
    assert first["device_id"] == town.dispenser.device_id
    lasted = [first["happened_at"], first["ended_at"]]
    expected = [START + timedelta(hours=13), START + timedelta(hours=25, seconds=1)]
    assert lasted == [moment.isoformat().replace("+00:00", "Z") for moment in expected]
    stricter = (await api.get("alarms/backtest", token, **asked, setting="below=15")).json()
    assert stricter["alarms"] == 0
    outside = await api.get("alarms/backtest", token, **asked, setting="below=90")
    assert outside.json()["code"] == "setting_refused"
    assert [action for _, action, _ in store.audit()] == ["alarms.backtest"] * 2


ASKED = {**PERIOD, "class": "dispenser", "rule": "battery_low"}


async def test_a_replay_that_takes_too_long_is_given_up_in_words(
    api: Api, make_token: MakeToken, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token("technician", payers=[town.payer])
    assert (await api.get("alarms/backtest", token, **ASKED)).status_code == 200, "control"
    monkeypatch.setattr(backtest, "REPLAY_SECONDS", -1.0)
    given_up = await api.get("alarms/backtest", token, **ASKED)
    assert (given_up.status_code, given_up.json()["code"]) == (503, "took_too_long")
    assert given_up.headers["retry-after"] == "30"


@pytest.mark.parametrize(
    "slow_work",
    [
        "SET LOCAL statement_timeout = 100; SELECT pg_sleep(20)",
        "SET LOCAL idle_in_transaction_session_timeout = 100",
    ],
)
async def test_what_the_database_gives_up_is_no_fault_of_ours(
    api: Api, make_token: MakeToken, town: Town, monkeypatch: pytest.MonkeyPatch, slow_work: str
) -> None:
    """The server itself ends the statement, or the transaction that waits while we reckon."""

    async def slow(work: Work, *_: Any) -> dict[int, Any]:
        for statement in slow_work.split("; "):
            await work.connection.execute(statement.encode())
        await asyncio.sleep(0.5)
        return {}

    monkeypatch.setattr(backtest, "_history", slow)
    answer = await api.get("alarms/backtest", make_token("technician", payers=[town.payer]), **ASKED)
    assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")


async def test_a_fault_of_ours_is_told_as_one_without_its_details(
    api: Api, make_token: MakeToken, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> dict[int, Any]:
        await asyncio.sleep(0)
        raise RuntimeError("nobody's business")

    monkeypatch.setattr(backtest, "_history", broken)
    answer = await api.get("alarms/backtest", make_token("technician", payers=[town.payer]), **ASKED)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (answer.json()["code"], "business" in answer.text) == ("internal_error", False)


async def test_late_word_is_kept_as_late_and_what_is_not_seen_is_not_tried(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number = town.dispenser.device_no
    store.event(number, "dose_missed", START + timedelta(hours=5), Audience.CARE)
    store.execute("UPDATE device_event SET received_at = ts + interval '9 hours'")
    store.event(number, "dose_missed", START + timedelta(hours=29), Audience.CARE)
    asked = {**PERIOD, "class": "dispenser", "rule": "dose_missed"}
    carer = make_token("carer", payers=[town.payer])
    found = (await api.get("alarms/backtest", carer, **asked)).json()
    assert (found["alarms"], found["noted_late"], found["still_open"]) == (1, 1, 1)
    technician = make_token("technician", payers=[town.payer])
    assert (await api.get("alarms/backtest", technician, **asked)).status_code == 404  # a rule of the care view
    other = make_token("carer", payers=[town.other])
    assert (await api.get("alarms/backtest", other, **asked)).json()["devices"] == 0
    backwards = {**asked, "from": PERIOD["to"], "to": PERIOD["from"]}
    assert (await api.get("alarms/backtest", carer, **backwards)).json()["code"] == "bad_period"
    unknown = {**asked, "rule": "dose_unknown"}
    assert (await api.get("alarms/backtest", carer, **unknown)).json()["code"] == "rule_needs_schedule"
