"""Nothing a caller sends makes a 5xx, nothing of it comes back, and every refusal says what to do."""

import base64
import json
from typing import Any

import pytest

from tests.integration.diagnostics.conftest import Api, MakeToken, Town

MARK = "zqxjkv"  # what must never come back
LONG = MARK * 500


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("devices", {"limit": "0"}),
    ("devices", {"limit": "9" * 400}),
    ("devices", {"limit": "1e999"}),
    ("devices", {"limit": "NaN"}),
    ("devices", {"limit": MARK}),
    ("devices", {MARK: "1"}),
    ("devices", {"state": MARK}),
    ("devices", {"text": f"{MARK}\0"}),
    ("devices", {"text": LONG}),
    ("devices", {"individual_number": f"\x1b[31m{MARK}"}),
    ("devices", {"class": f"{MARK};"}),
    ("devices", {"payer": f"{MARK} "}),
    ("devices", {"cursor": MARK}),
    ("devices", {"cursor": LONG}),
    ("devices", {"cursor": cursor(f'["{MARK}\\u0000"]')}),
    ("devices", {"cursor": cursor("[" * 250)}),
    ("alarms", {"cursor": cursor(f"[{2**63}]")}),
    ("alarms", {"severity": MARK}),
    ("alarms", {"taken": MARK}),
    ("idle", {"cursor": cursor('["9999-99-99", 1]')}),
    ("idle", {"cursor": cursor(f'["2026-01-01", {2**80}]')}),
    ("idle", {"verdict": MARK}),
    ("quarantine", {"reason": MARK}),
    ("devices/{id}/readings", {}),
    ("devices/{id}/readings", {"metric": MARK}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": MARK}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "2026-01-01T00:00:00"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "0001-01-01T00:00:00+14:00"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "to": "9999-12-31T23:59:59-14:00"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "1e999"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "99999999999999999999"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "from": "2001-01-01T00:00:00Z"}),
    ("devices/{id}/readings", {"metric": "battery.soc", "points": "99999"}),
    ("devices/{id}/events", {"event": f"{MARK}'--"}),
    ("devices/{id}/events", {"cursor": cursor('["2026-01-01T00:00:00Z", "x", 1]')}),
    (f"devices/{MARK}%00", {}),
    (f"devices/{LONG}", {}),
    (f"devices/..%2f{MARK}", {}),
    (f"commands/{MARK}", {}),
    (f"alarms/{MARK}", {}),
    ("alarms/99999999999999999999999", {}),
    (f"classes/{MARK}", {}),
    (f"{MARK}", {}),
]


@pytest.fixture
def token(make_token: MakeToken) -> str:
    return make_token("administrator")


def wrong_with(answer: Any) -> list[str]:
    """What is wrong with a refusal; empty where it is one, says what to do, and repeats nothing of what was sent."""
    problem = answer.json()
    holds = {
        f"status {answer.status_code}": 400 <= answer.status_code < 500,
        "no problem document": answer.headers["content-type"] == "application/problem+json",
        "repeats what was sent": MARK not in answer.text,
        "says nothing": bool(problem.get("detail") and problem.get("code")),
    }
    return [said for said, good in holds.items() if not good]


async def test_bad_addresses_and_queries(api: Api, token: str, town: Town) -> None:
    for address, query in QUERIES:
        answer = await api.get(address.replace("{id}", town.chair.device_id), token, **query)
        assert wrong_with(answer) == [], (address, query, answer.text)


def nested(depth: int) -> bytes:
    return b'{"name":"read_live","parameters":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"zqxjkv"',
    b"\xff\xfe\x00",
    b'{"name":"\\ud800"}',
    b'{"name":"read_live","parameters":{"seconds":NaN}}',
    b'{"name":"read_live","parameters":{"seconds":1e999}}',
    b'{"name":"read_live","parameters":{"seconds":-Infinity}}',
    b'{"name":"read_live","parameters":{"seconds":' + b"9" * 5000 + b"}}",
    b'{"name":"read_live","parameters":{"seconds":"zqxjkv"}}',
    b'{"name":"read_live","parameters":{"seconds":61}}',
    b'{"name":"read_live","parameters":{"zqxjkv":1}}',
    b'{"name":"read_live","parameters":{"zqxjkv zqxjkv":"x"}}',
    b'{"name":"read_live","zqxjkv":1}',
    b'{"name":"zqxjkv"}',
    b'{"name":"read_live\\u0000"}',
    nested(100),
    nested(1_000),
    nested(12_000),
    b'{"name":"read_live","parameters":{' + b",".join(b'"p%d":1' % n for n in range(4_000)) + b"}}",
    b'{"name":"' + b"zqxjkv" * 20_000 + b'"}',
]


async def test_bad_bodies(api: Api, token: str, town: Town) -> None:
    address = f"devices/{town.chair.device_id}/commands"
    headers = {"idempotency-key": "key-of-a-test", "content-type": "application/json"}
    for body in BODIES:
        answer = await api.call("POST", address, token, content=body, headers=headers)
        assert wrong_with(answer) == [], (body[:80], answer.text)


async def test_bad_idempotency_keys_and_waits(api: Api, token: str, town: Town) -> None:
    address = f"devices/{town.chair.device_id}/faults/read"
    assert wrong_with(await api.post(address, token)) == []
    for key in (b"", b"short", b"k" * 101, b"with space 1", b"tab\there-1", "åäö-åäö-åäö".encode()):
        assert wrong_with(await api.post(address, token, headers={"idempotency-key": key})) == [], key
    for wait in ("-1", "61", "NaN", MARK):
        headers = {"idempotency-key": "key-of-a-test"}
        answer = await api.call("POST", address, token, params={"wait": wait}, headers=headers)
        assert wrong_with(answer) == [], wait


async def test_a_body_of_another_type_is_refused(api: Api, token: str, town: Town) -> None:
    headers = {"idempotency-key": "key-of-a-test", "content-type": "text/plain"}
    address = f"devices/{town.chair.device_id}/commands"
    answer = await api.call("POST", address, token, content=b'{"name":"read_live"}', headers=headers)
    assert wrong_with(answer) == []


async def test_other_methods_are_refused(api: Api, token: str, town: Town) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = await api.call(method, f"devices/{town.chair.device_id}", token)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers


async def test_an_answer_that_is_no_refusal_is_found_out(api: Api, token: str) -> None:
    """The control: what is checked above does find something."""
    assert wrong_with(await api.get("devices", token)) == ["status 200", "no problem document", "says nothing"]


async def test_a_problem_speaks_the_callers_language(api: Api, token: str) -> None:
    swedish = await api.call("GET", "devices/d-nobody", token, headers={"accept-language": "sv-SE, en;q=0.5"})
    english = await api.call("GET", "devices/d-nobody", token, headers={"accept-language": "de, en"})
    assert swedish.json()["title"] == "Finns inte"
    assert swedish.headers["content-language"] == "sv"
    assert english.json()["title"] == "Not found"
    assert swedish.json()["code"] == english.json()["code"] == "not_found"


async def test_errors_point_at_places_and_limits(api: Api, token: str, town: Town) -> None:
    body = {"name": "x" * 500}
    headers = {"idempotency-key": "key-of-a-test"}
    answer = await api.post(f"devices/{town.chair.device_id}/commands", token, body, headers=headers)
    assert answer.status_code == 422
    assert json.loads(answer.text)["errors"] == [
        {"where": "body.name", "code": "string_too_long", "message": "at most 60 characters"}
    ]
    answer = await api.get("devices", token, limit=1000)
    assert answer.json()["errors"] == [{"where": "query.limit", "code": "less_than_equal", "message": "at most 200"}]
