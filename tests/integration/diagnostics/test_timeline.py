"""One timeline per device: every kind in one order, both clocks, paged without gap or repeat, the loan a boundary."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from diagnostics.paging import encode_cursor
from fleet.signals import Audience
from tests.fixtures.database import lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

KINDS = ("readings", "event", "fault", "command", "alarm", "software", "loan", "order", "service")


@pytest.fixture
def eventful(town: Town, store: Store) -> Town:
    """The chair with one of everything, and readings over three months with a gap of two."""
    chair = town.chair.device_no
    for days in (0, 0.1, 1, 1.1, 5, 13, 75, 76, 90):
        store.reading(chair, "wheelchair", NOW - timedelta(days=days, hours=1), {"battery_soc": 50.0})
    store.event(chair, "charge_started", NOW - timedelta(days=2))
    store.fault(chair, "vr2", "2", "WC-BAT-01", raised=NOW - timedelta(days=3), cleared=NOW - timedelta(days=1))
    store.execute("UPDATE device_fault SET known_at = raised_at + interval '5 hours'")
    store.alarm(chair, "silence")
    store.execute(
        "UPDATE alarm SET taken_at = now(), taken_by = 'x', cleared_at = now() + interval '1 s', cleared_why = 'y'"
    )
    store.execute(
        "INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)"
        " VALUES (%s, 1, 'read_faults', 'read', 'x', 'key', now())",
        chair,
    )
    with psycopg.connect(store.database.ingest) as connection:
        connection.execute("UPDATE device SET firmware = '2.0' WHERE device_no = %s", [chair])
    store.execute(
        "INSERT INTO device_service (device_no, kind, done_on, passed, recorded_by)"
        " VALUES (%s, 'inspection', %s, true, 'x')",
        chair,
        (NOW - timedelta(days=20)).date(),
    )
    return town


async def walk(api: Api, token: str, device_id: str, **query: Any) -> list[dict[str, Any]]:
    """Every entry, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        page = (await api.get(f"devices/{device_id}/timeline", token, **query, **cursor)).json()
        assert len(page["items"]) <= query.get("limit", 50)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the timeline has no end")


async def test_everything_in_one_order_whatever_the_page_size(api: Api, make_token: MakeToken, eventful: Town) -> None:
    token, device_id = make_token(), eventful.chair.device_id
    order = await api.post(f"devices/{device_id}/orders", token, {"remark": "hjulet"})
    assert order.status_code == 201
    whole = await walk(api, token, device_id, limit=200)
    assert {entry["kind"] for entry in whole} == set(KINDS)
    times = [datetime.fromisoformat(entry["at"]) for entry in whole]
    assert times == sorted(times, reverse=True)
    names = [(entry["kind"], entry["entry_id"]) for entry in whole]
    assert len(names) == len(set(names))
    days = [entry["data"] for entry in whole if entry["kind"] == "readings"]
    assert sum(day["readings"] for day in days) == 9
    for limit in (1, 2, 7):
        assert await walk(api, token, device_id, limit=limit) == whole, "days of readings are counted whole"


async def test_both_clocks_are_shown_where_they_differ(api: Api, make_token: MakeToken, eventful: Town) -> None:
    found = await walk(api, make_token(), eventful.chair.device_id, kind="fault")
    raised = next(entry for entry in found if entry["data"]["what"] == "raised")
    assert raised["clocks_differ"] is True
    assert raised["happened_at"] < raised["known_at"]
    event = (await walk(api, make_token(), eventful.chair.device_id, kind="event"))[0]
    assert event["clocks_differ"] is False
    software = (await walk(api, make_token(), eventful.chair.device_id, kind="software"))[0]
    assert (software["happened_at"], software["at"]) == (None, software["known_at"])


@pytest.mark.parametrize("kind", KINDS)
async def test_one_kind_alone(api: Api, make_token: MakeToken, eventful: Town, kind: str) -> None:
    token = make_token()
    await api.post(f"devices/{eventful.chair.device_id}/orders", token, {"remark": "hjulet"})
    found = await walk(api, token, eventful.chair.device_id, kind=kind, limit=3)
    assert found
    assert {entry["kind"] for entry in found} == {kind}


async def test_the_next_borrowers_payer_sees_nothing_of_before(
    api: Api, make_token: MakeToken, eventful: Town, store: Store
) -> None:
    chair, now = eventful.chair, datetime.now(UTC) + timedelta(seconds=2)
    await api.post(f"devices/{chair.device_id}/orders", make_token(), {"remark": "hjulet"})
    return_device(store.database, chair.device_no, now)
    lend_device(store.database, chair.device_no, eventful.other, "HSL", now)
    found = await walk(api, make_token(payers=[eventful.other]), chair.device_id)
    # the open loan's own beginning, and the device's inspection, which is no borrower's
    assert {(entry["kind"], entry["data"]["what"]) for entry in found} == {
        ("loan", "started"),
        ("service", "inspection"),
    }
    assert (
        await api.get(f"devices/{chair.device_id}/timeline", make_token(payers=[eventful.payer]))
    ).status_code == 404
    whole = await walk(api, make_token(), chair.device_id)
    assert [e["data"]["what"] for e in whole if e["kind"] == "loan"] == ["started", "ended", "started"]


async def test_each_audience_has_its_own_timeline(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    device = town.dispenser
    store.event(device.device_no, "dose_taken", NOW - timedelta(hours=1), Audience.CARE)
    store.alarm(device.device_no, "care_rule", Audience.CARE)
    store.alarm(device.device_no, "technical_rule", Audience.TECHNICAL)
    technical = await walk(api, make_token(audiences=(Audience.TECHNICAL,)), device.device_id)
    care = await walk(api, make_token("carer", audiences=(Audience.CARE,)), device.device_id)
    assert [e["data"]["rule"] for e in technical if e["kind"] in {"alarm", "event"}] == ["technical_rule"]
    assert {e["kind"] for e in care} == {"alarm", "event", "loan"}
    assert [e["data"]["rule"] for e in care if e["kind"] == "alarm"] == ["care_rule"]


async def test_readings_before_a_long_gap_are_reached_without_walking_through_it(
    api: Api, make_token: MakeToken, eventful: Town
) -> None:
    token, pages = make_token(), 0
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get(f"devices/{eventful.chair.device_id}/timeline", token, kind="readings", **cursor)).json()
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages <= 5


async def test_what_a_device_says_is_data_in_a_timeline(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.fault(town.chair.device_no, "vr2", "<script>\u202e", None)
    found = await walk(api, make_token(), town.chair.device_id, kind="fault")
    assert found[0]["data"]["code"] == "<script>\u202e"
    assert "\u202e" not in found[0]["title"]["sv"]
    assert (await api.get(f"devices/{town.chair.device_id}/timeline", make_token(), kind="nothing")).status_code == 422
    made_up = (encode_cursor((moment, "~", "~")) for moment in ("9999-12-31T23:00:00Z", "2026-01-01T00:00:00"))
    for cursor in ("bogus", *made_up):
        answer = await api.get(f"devices/{town.chair.device_id}/timeline", make_token(), cursor=cursor)
        assert answer.status_code == 400, cursor
