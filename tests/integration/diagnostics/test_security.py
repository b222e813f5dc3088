"""Tokens, roles, audit and headers: closed unless opened, and every read of personal data leaves exactly one line."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from diagnostics.app import ROOMS, build_app, routes
from diagnostics.documentation.openapi import describe, operations
from diagnostics.gate import OPEN_PATHS
from diagnostics.problems import MEDIA_TYPE
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Resources
from diagnostics.rights import RIGHTS, Right, Role
from diagnostics.security import find_caller
from diagnostics.work import AuditMissingError, Door, _door
from fleet.plumbing.store.scope import Scope
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

KEY = {"idempotency-key": "key-of-a-test"}


def every_operation() -> list[tuple[str, str]]:
    document = describe(routes())
    return [(method.upper(), path) for path, entry in document["paths"].items() for method in entry]


def works_through_the_door(needs: Dependant) -> bool:
    return needs.call is _door or any(works_through_the_door(part) for part in needs.dependencies)


async def test_every_address_but_the_open_ones_needs_a_token(api: Api, resources: Resources) -> None:
    resources.limits.refusals = Limiter(Rate(burst=10_000, per_second=1))
    closed = [(method, path) for method, path in every_operation() if path not in OPEN_PATHS]
    assert len(closed) >= 15
    for method, path in [*closed, ("GET", "/"), ("GET", "/api/v1/nothing"), ("GET", "/docs/"), ("GET", "/metrics/")]:
        for header in ({}, {"authorization": "Bearer wrong-token-wrong"}, {"authorization": "Basic YTpi"}):
            answer = await api.client.request(method, path.replace("{", "").replace("}", ""), headers=header)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == MEDIA_TYPE


async def test_the_open_addresses(api: Api) -> None:
    assert (await api.get("/healthz", None)).json() == {"status": "alive"}
    assert (await api.get("/readyz", None)).json()["ready"] is True
    page = await api.get("/docs", None)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for outside in ("http://cdn", "https://", "<script", "src=", "@import", "url("):
        assert outside not in page.text
    assert (await api.get("/openapi.json", None)).json()["openapi"] == "3.1.0"


async def test_revoked_and_expired_tokens_stop_at_once(api: Api, make_token: MakeToken, store: Store) -> None:
    token = make_token("technician", name="soon-revoked")
    assert (await api.get("devices", token)).status_code == 200
    store.execute("UPDATE api_token SET revoked_at = now() WHERE name = 'soon-revoked'")
    assert (await api.get("devices", token)).status_code == 401
    old = make_token("technician", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert (await api.get("devices", old)).status_code == 401


async def test_a_changed_scope_holds_at_the_next_request(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("technician", payers=[town.payer], name="moved")
    assert len((await api.get("devices", token)).json()["items"]) == 2
    store.execute("UPDATE api_token SET payers = %s WHERE name = 'moved'", [town.other.payer_id])
    assert [item["individual_number"] for item in (await api.get("devices", token)).json()["items"]] == ["B-1"]


def requests_by_right(town: Town) -> dict[Right, list[tuple[str, str, Any]]]:
    device = f"devices/{town.chair.device_id}"
    return {
        Right.SEE_DEVICES: [
            ("GET", "devices", None),
            ("GET", device, None),
            ("GET", f"{device}/readings?metric=battery.soc", None),
            ("GET", f"{device}/events", None),
            ("GET", f"{device}/faults", None),
            ("GET", "alarms", None),
            ("GET", "classes", None),
            ("GET", "classes/scale", None),
        ],
        Right.SEE_IDLE: [("GET", "idle", None)],
        Right.SEE_RECALLS: [("GET", "recalls", None), ("GET", "recalls/summary", None)],
        Right.ANSWER_RECALLS: [("POST", "recalls/1/move", {"action": "need", "why": "behövs"})],
        Right.MOVE_RECALLS: [("POST", "recalls", {"why": "genomgång"})],
        Right.SEE_QUARANTINE: [("GET", "quarantine", None)],
        Right.SEE_METRICS: [("GET", "/metrics", None)],
        Right.TAKE_ALARMS: [
            ("POST", "alarms/{alarm}/take", None),
            ("POST", "alarms/{alarm}/hand-over", {"to": "x"}),
            ("POST", "alarms/{alarm}/resolve", {}),
            ("POST", "alarms/{alarm}/false", {}),
            ("POST", "alarms/{alarm}/comment", {"note": "x"}),
            ("POST", "alarms/{alarm}/verdict", {"verdict": "true"}),
        ],
        Right.SET_RULES: [
            ("POST", f"{device}/alarm-settings/x/y", {"reason": "x"}),
            ("PUT", f"{device}/area", {"area": "norr"}),
        ],
        Right.KEEP_DOSES: [
            ("GET", "doses/unsupervised", None),
            ("POST", f"{device}/doses/absence", {"reason": "travel"}),
            ("POST", f"{device}/doses/absence/end", {}),
            ("POST", f"{device}/doses/roll-verified", {}),
        ],
        Right.ENTER_SCHEDULES: [("POST", f"{device}/doses/schedule", {"version": 1, "times": ["08:00"]})],
        Right.COMMAND_READ: [("POST", f"{device}/faults/read?wait=0", None)],
        Right.COMMAND_REVERSIBLE: [("POST", f"{device}/commands", {"name": "self_test"})],
    }


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_what_the_table_says(
    api: Api, make_token: MakeToken, town: Town, store: Store, role: Role
) -> None:
    token = make_token(role, audiences=("technical", "care", "clinical"))
    for right, requests in requests_by_right(town).items():
        for method, address, body in requests:
            alarm = store.alarm(town.chair.device_no, f"rule_{address[-9:]}") if "{alarm}" in address else 0
            more = {"headers": {"idempotency-key": f"{role}-{right}-key"}}
            answer = await (
                api.post(address.format(alarm=alarm), token, body, **more)
                if method == "POST"
                else api.call(method, address, token)
            )
            allowed = right in RIGHTS[role]
            assert (answer.status_code != 403) == allowed, (right, address, answer.text)
            if allowed and body is None:
                known = {200, 202, 404} if "readings" in address else {200, 202}
                assert answer.status_code in known, (address, answer.text)


async def test_every_personal_answer_leaves_exactly_one_line(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("administrator", name="reader", audiences=("technical", "care", "clinical"))
    device, number = f"devices/{town.chair.device_id}", town.chair.device_no
    alarm = store.alarm(number, "battery_low")
    asked = await api.post(f"{device}/faults/read?wait=0", token, headers=KEY)
    expected = [
        ("GET", "devices", "devices.search", None),
        ("GET", device, "device.read", number),
        ("GET", f"{device}/readings?metric=battery.soc", "readings.read", number),
        ("GET", f"{device}/events", "events.read", number),
        ("GET", f"{device}/faults", "faults.read", number),
        ("GET", f"commands/{asked.json()['command_id']}", "command.read", number),
        ("GET", "alarms", "alarms.read", None),
        ("GET", f"alarms/{alarm}", "alarm.read", number),
        ("POST", f"alarms/{alarm}/take", "alarm.take", number),
        ("GET", "idle", "idle.read", None),
        ("GET", "quarantine", "quarantine.read", None),
    ]
    assert store.audit() == [("reader", "command.ask", number)]
    for method, address, action, device_no in expected:
        before = len(store.audit())
        answer = await api.call(method, address, token)
        assert answer.status_code == 200, (address, answer.text)
        assert store.audit()[before:] == [("reader", action, device_no)], address
    listed = store.all("SELECT detail -> 'devices' FROM audit WHERE action = 'devices.search'")[0][0]
    assert number in listed


def test_every_address_works_through_the_door() -> None:
    """The door refuses an answer without exactly one line in the audit; so whoever goes through it leaves one."""
    every = [route for room in ROOMS for route in room.router.routes if isinstance(route, APIRoute)]
    assert len(every) > 50
    assert [route.path for route in every if not works_through_the_door(route.dependant)] == []


async def test_what_cannot_be_recorded_is_not_read(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    token = make_token("administrator")
    with psycopg.connect(store.database.owner) as connection:
        connection.execute("REVOKE INSERT ON audit FROM fjarrkoll_api")
    for address in ("devices", f"devices/{town.chair.device_id}", "idle", "alarms", "quarantine"):
        answer = await api.get(address, token)
        assert answer.status_code == 500
        assert town.chair.individual_number not in answer.text
    answer = await api.post(f"devices/{town.chair.device_id}/faults/read?wait=0", token, headers=KEY)
    assert answer.status_code == 500
    assert store.all("SELECT count(*) FROM command") == [(0,)]  # and what cannot be recorded is not done


async def test_an_endpoint_that_forgets_its_line_gives_nothing_out(resources: Resources, make_token: MakeToken) -> None:
    caller = await find_caller(resources.pool, f"Bearer {make_token('technician')}")
    assert caller is not None
    with pytest.raises(AuditMissingError):
        async with Door(resources).open(caller):
            await asyncio.sleep(0)
    with pytest.raises(AuditMissingError):  # noqa: PT012 - the block is the unit
        async with Door(resources).open(caller) as work:
            await work.record("one")
            await work.record("two")


async def test_scopes_do_not_leak_through_pooled_connections(
    resources: Resources, api: Api, make_token: MakeToken, town: Town
) -> None:
    tokens = {
        make_token("technician", payers=[town.payer]): {"A-1", "A-2"},
        make_token("technician", payers=[town.other]): {"B-1"},
        make_token("technician", payers=[]): set(),
    }

    async def once(token: str, seen: set[str]) -> None:
        items = (await api.get("devices", token)).json()["items"]
        assert {item["individual_number"] for item in items} == seen

    await asyncio.gather(*(once(token, seen) for _ in range(30) for token, seen in tokens.items()))
    async with resources.pool.connection() as connection:
        rows = await (await connection.execute("SELECT count(*) FROM device")).fetchall()
    assert rows == [(0,)]  # outside a scope nothing is seen


async def test_security_headers_and_request_ids(api: Api, make_token: MakeToken) -> None:
    token = make_token("technician")
    for answer in (await api.get("devices", token), await api.get("devices", None), await api.get("nothing", token)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) >= 16
        assert "access-control-allow-origin" not in answer.headers
    given = await api.call("GET", "devices", token, headers={"x-request-id": "abc-12345"})
    assert given.headers["x-request-id"] == "abc-12345"
    forged = await api.call("GET", "devices", token, headers={"x-request-id": "a b<script>"})
    assert "script" not in forged.headers["x-request-id"]


async def test_too_many_requests_are_told_when_to_come_back(resources: Resources, make_token: MakeToken) -> None:
    resources.limits.requests = Limiter(Rate(burst=3, per_second=0.5))
    transport = httpx.ASGITransport(app=build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        api = Api(client)
        busy, calm = make_token("technician"), make_token("technician")
        answers = [await api.get("classes", busy) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 3
        assert (await api.get("classes", calm)).status_code == 200


async def test_who_keeps_trying_tokens_is_refused_without_asking_the_database(
    resources: Resources, api: Api, make_token: MakeToken
) -> None:
    resources.limits.refusals = Limiter(Rate(burst=2, per_second=0.01))
    statuses = [(await api.get("devices", "wrong-token-wrong")).status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert (await api.get("devices", make_token("technician"))).status_code == 429  # from the same address


async def test_without_a_database_the_answer_is_503_and_not_ready(
    resources: Resources, api: Api, make_token: MakeToken
) -> None:
    token = make_token("technician")
    await resources.pool.close()
    answer = await api.get("devices", token)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert (await api.get("/healthz", None)).status_code == 200
    ready = await api.get("/readyz", None)
    assert (ready.status_code, ready.json()["database"]) == (503, False)


def test_a_role_in_the_database_is_a_role_here() -> None:
    assert set(RIGHTS) == set(Role)
    assert Scope().settings() == ("", "", "", "")
    assert sum(1 for _ in operations(describe(routes()))) == len(every_operation())
