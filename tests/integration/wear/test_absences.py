"""Absences: who registers them, what they explain, and when a dispenser's dose alarms rest."""

from datetime import date, timedelta
from typing import Any

import pytest

from fleet.clock import local_day
from fleet.signals import Audience
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY: date = local_day(NOW)
AWAY = {"kind": "hospital", "from_day": TODAY.isoformat()}


async def away(api: Api, token: str, device_id: str, **more: Any) -> Any:
    return await api.post(f"devices/{device_id}/absences", token, {**AWAY, **more})


async def test_an_absence_is_registered_once_ended_and_withdrawn_with_a_line_in_the_audit_each(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("prescriber_unit", name="unit", payers=[town.payer])
    made = await away(api, token, town.chair.device_id, from_day=(TODAY - timedelta(days=5)).isoformat())
    assert made.status_code == 201, made.text
    number = made.json()["absence_id"]
    again = await away(api, token, town.chair.device_id, from_day=(TODAY - timedelta(days=5)).isoformat())
    assert again.json()["absence_id"] == number
    assert "sjukhus" in made.json()["meaning"]["sv"]
    [listed] = (await api.get("absences", token, current=True)).json()["items"]
    assert (listed["absence_id"], listed["until_day"], listed["noted_by"]) == (number, None, "unit")
    ended = await api.post(f"absences/{number}/end", token, {})
    assert ended.json()["until_day"] == (TODAY - timedelta(days=1)).isoformat()
    assert (await api.get("absences", token, current=True)).json()["items"] == []
    assert (await api.post(f"absences/{number}/end", token, {})).json()["code"] == "absence_refused"
    gone = await api.post(f"absences/{number}/withdraw", token, {"why": "fel hjälpmedel"})
    assert gone.json()["withdrawn_at"] is not None
    assert (await api.post(f"absences/{number}/withdraw", token, {"why": "fel"})).status_code == 409
    chair = town.chair.device_no
    assert store.audit() == [
        ("unit", "absence.register", chair),
        ("unit", "absence.register", chair),
        ("unit", "absences.read", None),
        ("unit", "absence.end", chair),
        ("unit", "absences.read", None),
        ("unit", "absence.withdraw", chair),
    ]


async def test_the_verdict_reads_what_was_registered(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    token = make_token("analyst")
    number = town.chair.device_no
    days = [TODAY - timedelta(days=ago) for ago in range(29)]
    store.days(number, "wheelchair", heard=days, used=days[25:])
    store.heard(number, at=NOW, first=NOW - timedelta(days=29), used=days[25])
    store.judge()
    assert store.all("SELECT verdict FROM idle_verdict WHERE device_no = %s", number) == [("unused",)]
    await away(api, token, town.chair.device_id, from_day=(TODAY - timedelta(days=20)).isoformat())
    store.judge()
    assert store.all("SELECT verdict, step FROM idle_verdict WHERE device_no = %s", number) == [("absent", "none")]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ({"from_day": (TODAY - timedelta(days=40)).isoformat()}, "before the loan"),
        ({"from_day": (TODAY + timedelta(days=400)).isoformat()}, "ahead"),
        ({"until_day": (TODAY - timedelta(days=1)).isoformat()}, "before the first"),
        ({"until_day": (TODAY + timedelta(days=800)).isoformat()}, "longer"),
    ],
)
async def test_days_that_cannot_be_are_refused(
    api: Api, make_token: MakeToken, town: Town, days: dict[str, str], sentence: str
) -> None:
    answer = await away(api, make_token("analyst"), town.chair.device_id, **days)
    assert (answer.status_code, answer.json()["code"]) == (409, "absence_refused")
    assert sentence in answer.json()["detail"]


async def test_only_those_who_see_a_borrowed_device_register_it_away(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    other = make_token("prescriber_unit", payers=[town.other])
    assert (await away(api, other, town.chair.device_id)).status_code == 404
    in_store = await away(api, make_token("analyst"), town.in_store.device_id)
    assert "Nobody borrows" in in_store.json()["detail"]
    number = (await away(api, make_token("analyst"), town.chair.device_id)).json()["absence_id"]
    assert (await api.post(f"absences/{number}/end", other, {})).status_code == 404
    assert (await api.get("absences", other)).json()["items"] == []


async def test_dose_alarms_rest_for_whoever_keeps_doses_until_the_day_after(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    carer = make_token("carer", audiences=(Audience.CARE,))
    device = town.dispenser.device_id
    until = TODAY + timedelta(days=3)
    made = (await away(api, carer, device, until_day=until.isoformat())).json()
    assert made["dose_alarms_rest"]
    shown = (await api.get(f"devices/{device}/doses", carer)).json()
    assert shown["standing"] == "away"
    [(midnight,)] = store.all("SELECT ended_at AT TIME ZONE 'Europe/Stockholm' FROM dose_absence")
    assert (midnight.date(), midnight.hour) == (until + timedelta(days=1), 0)
    assert store.all("SELECT count(*) FROM evaluation_due") == [(1,)], "judged anew at once"
    ended = await api.post(f"absences/{made['absence_id']}/end", carer, {})
    assert ended.status_code == 200, ended.text
    assert (await api.get(f"devices/{device}/doses", carer)).json()["standing"] == "unverified"


async def test_who_may_not_keep_doses_explains_use_and_rests_no_alarm(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unit = make_token("prescriber_unit")
    made = (await away(api, unit, town.dispenser.device_id)).json()
    assert not made["dose_alarms_rest"]
    assert "vilar INTE" in made["meaning"]["sv"]
    assert store.all("SELECT count(*) FROM dose_absence") == [(0,)]
    carer = make_token("carer", audiences=(Audience.CARE,))
    repaired = (await away(api, carer, town.dispenser.device_id, kind="repair")).json()
    assert not repaired["dose_alarms_rest"], "a machine in repair: its user is at home and needs the doses"
    rests = (await away(api, carer, town.dispenser.device_id, kind="travel")).json()["absence_id"]
    assert (await api.post(f"absences/{rests}/end", unit, {})).status_code == 409


async def test_what_the_doses_are_told_counts_for_the_verdict_too(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    carer = make_token("carer", audiences=(Audience.CARE,))
    address = f"devices/{town.dispenser.device_id}/doses/absence"
    for _ in range(2):
        assert (await api.post(address, carer, {"reason": "travel"})).status_code == 200
    assert store.all("SELECT kind, from_day, until_day FROM absence") == [("travel", TODAY, None)]
    assert (await api.post(f"{address}/end", carer)).status_code == 200
    assert store.all("SELECT until_day FROM absence") == [(TODAY,)]


async def test_an_absence_cannot_be_ended_in_another_age(api: Api, make_token: MakeToken, town: Town) -> None:
    carer = make_token("carer", audiences=(Audience.CARE,))
    made = (await away(api, carer, town.dispenser.device_id)).json()["absence_id"]
    for day in ("9999-12-31", "0001-01-01"):
        ended = await api.post(f"absences/{made}/end", carer, {"until_day": day})
        assert (ended.status_code, ended.json()["code"]) == (409, "absence_refused"), day
    far = await away(api, carer, town.chair.device_id, from_day="9999-12-31", until_day="9999-12-31")
    assert far.status_code == 409


@pytest.mark.parametrize("body", [{}, {"kind": "sick"}, {**AWAY, "name": "x"}, {**AWAY, "from_day": "9999-99-99"}])
async def test_what_is_no_absence_is_told_so(api: Api, make_token: MakeToken, town: Town, body: dict[str, str]) -> None:
    answer = await api.post(f"devices/{town.chair.device_id}/absences", make_token("analyst"), body)
    assert answer.status_code == 422
