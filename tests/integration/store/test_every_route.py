"""Every route of API and console × role × {own, other payer, other frame}, made from the route tables.

What is somebody else's must look like what does not exist: the same status and body. No answer, list, count or error
may hold a label of a row that the caller's scope does not see. And every policy that goes missing is noticed by it.
"""

import json
import os
import re
import secrets
import time
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import httpx
import psycopg
import pytest
import structlog
from psycopg import sql

from diagnostics.app import build_app, routes
from diagnostics.console.app import ROUTES
from diagnostics.documentation.openapi import describe
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.rights import Role
from diagnostics.server import open_resources
from fleet.plumbing.store.register import create_token, token_hash
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.probe import CLASS, MODEL, registry_with_probe
from tests.integration.store.sight import expected
from tests.integration.store.world import DEVICES, A, B, Entry, WorldDevice, _happened, _present

SCOPE: Final = Scope(payers=frozenset({A}), frames=frozenset({"HSL"}), audiences=frozenset(Audience))
OWN: Final = "a-hsl"
# Relation -> the device whose objects stand for it.
FOREIGN: Final = {"other payer": "b-hsl", "other frame": "a-sol"}
NOBODYS: Final = "nobodys"
RELATIONS: Final = ("own", NOBODYS, *FOREIGN)
# Parts of an address that name nobody's object: reference data, and the administration's, which has tests of its own.
NOT_ANYBODYS: Final = frozenset(
    {"name", "model_key", "version", "kind", "rule", "setting", "policy", "code", "login", "review_id", "act"}
)
# Streams without an end; who may follow them is tried in tests/integration/diagnostics and tests/browser.
ENDLESS: Final = frozenset(
    {"/console/alarms/stream", "/console/demo/stream/{device_id}", "/api/v1/commands/{command_id}/events"}
)
pytestmark = pytest.mark.timeout(900)  # some thousand requests, on a machine that may be busy
_CLOCK: Final = datetime.now(UTC)
_OBJECTS: Final = {
    "alarm_id": "SELECT max(alarm_id) FROM alarm WHERE device_no = %s AND cleared_at IS NULL AND audience = 'care'",
    "command_id": "SELECT max(command_id::text) FROM command WHERE device_no = %s",
    "case_id": "SELECT max(case_id) FROM recall_case WHERE device_no = %s",
    "order_id": "SELECT max(order_id) FROM work_order WHERE device_no = %s AND audience = 'technical'",
    "absence_id": "SELECT max(absence_id) FROM absence WHERE device_no = %s",
    "hold_id": "SELECT max(hold_id) FROM incident_hold WHERE device_no = %s",
}
_NONE: Final = {
    "alarm_id": 999_999,
    "command_id": "00000000-0000-4000-8000-000000000000",
    "case_id": 999_999,
    "order_id": 999_999,
    "hold_id": 999_999,
    "absence_id": 999_999,
    "device_id": NOBODYS,
    "prescriber": NOBODYS,
}
_QUERY: Final = {
    "metric": "battery.soc",
    "class": CLASS,
    "rule": "technical_silence",
    "from": (_CLOCK - timedelta(days=30)).isoformat(),
    "to": _CLOCK.isoformat(),
}
_FORM: Final = {
    "why": "prov", "action": "need", "note": "prov", "as": "done", "reason": "prov av matrisen", "value": "",
    "name": "self_test", "setting": "technical_silence.after_seconds", "summary": "prov", "to": "annan",
}  # fmt: skip

_FORMS: Final[dict[str, dict[str, str]]] = {"/console/orders/{order_id}/move": {"as": "cancel"}}


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the matrix."""

    method: str
    path: str
    address: str
    role: str
    relation: str


@dataclass
class Town:
    """Clients of every role in one scope, and the ids of everybody's objects."""

    client: httpx.AsyncClient
    tokens: dict[str, str]
    sessions: dict[str, str]
    ids: dict[str, dict[str, object]]
    document: dict[str, Any] = field(default_factory=lambda: describe(routes()))

    async def ask(self, call: Call) -> tuple[int, str]:
        """Status and body of an answer, the id that was asked for taken out."""
        headers = {"x-request-id": "request-of-the-matrix", "idempotency-key": secrets.token_hex(8)}
        more: dict[str, Any] = {}
        if call.path.startswith("/console"):
            headers |= {"cookie": f"fjarrkoll_session={self.sessions[call.role]}", "origin": "http://matrix"}
            if call.method == "POST":
                whose = {"prescriber": str(self.ids[call.relation]["prescriber"])}
                more["data"] = {
                    **(_FORM | whose | _FORMS.get(call.path, {})),
                    "form_key": form_key(self.sessions[call.role]),
                }
        else:
            headers["authorization"] = f"Bearer {self.tokens[call.role]}"
            if call.method != "GET" and (body := self._body(call)) is not None:
                more["content"] = json.dumps(body)
                headers["content-type"] = "application/json"
        answer = await self.client.request(call.method, call.address, headers=headers, **more)
        return answer.status_code, without_ids(text_of(answer), self.ids[call.relation])

    def _body(self, call: Call) -> object:
        """The document's own example of what this route takes."""
        content = self.document["paths"][call.path][call.method.lower()].get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            return None
        named = next((part["$ref"] for part in [schema, *schema.get("anyOf", [])] if "$ref" in part), "/")
        found = self.document["components"]["schemas"].get(named.rsplit("/", 1)[1], {})
        return next(iter(found.get("examples", [])), {}) or _FALLBACK.get(call.path, {})


# Where the document has no example of what a route takes.
_FALLBACK: Final[dict[str, object]] = {
    "/api/v1/alarms/{alarm_id}/comment": {"note": "prov"},
    "/api/v1/devices/{device_id}/area": {"area": "norr"},
    "/api/v1/alarms/{alarm_id}/verdict": {"verdict": "true"},
    "/api/v1/devices/{device_id}/alarm-settings/{rule}/{setting}": {"value": None, "reason": "prov"},
    "/api/v1/devices/{device_id}/doses/absence": {"reason": "travel"},
    "/api/v1/devices/{device_id}/doses/schedule": {"version": 1, "times": ["08:00"]},
}


def text_of(answer: httpx.Response) -> str:
    """The body; of a workbook what stands in its sheets, without the moment at which it was made."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(BytesIO(answer.content)) as book:
        told = [name for name in book.namelist() if name.startswith("xl/")]
        return "\n".join(book.read(name).decode() for name in sorted(told))


def without_ids(text: str, ids: dict[str, object]) -> str:
    """A body without the id that the asker sent, and without what is new in every answer."""
    for value in sorted(map(str, ids.values()), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", "ID", text)
    return re.sub(r'name="proof" value="\w*"', "", text)


def form_key(secret: str) -> str:
    import hashlib  # noqa: PLC0415 - as the session makes it

    return hashlib.sha256(f"form {secret}".encode()).hexdigest()


def calls(town: Town, *, reads: bool = True, writes: bool = True, roles: Iterable[str] = tuple(Role)) -> Iterator[Call]:
    """Every route; what a POST does to one's own is proved elsewhere, here it only must not reach anybody else's."""
    table = [(path, method.upper()) for path, entry in town.document["paths"].items() for method in entry]
    table += [(re.sub(r":int", "", route.path), method) for route in ROUTES for method in route.methods or ()]
    for path, method in sorted(set(table)):
        read = method == "GET"
        if method == "HEAD" or path in ENDLESS or not (reads if read else writes) or path.startswith("/console/login"):
            continue
        named = set(re.findall(r"\{(\w+)", path)) - NOT_ANYBODYS | (
            {"prescriber"} if path.endswith(_BY_QUERY) else set()
        )
        relations = RELATIONS if named and read else RELATIONS[1:] if named else ("own",) if read else ()
        for role in roles:
            for relation in relations:
                yield Call(method, path, address(path, town.ids[relation]), str(role), relation)


_BY_QUERY: Final = ("/letter", "/extract")
"""Pages whose object stands in the question."""


def address(path: str, ids: dict[str, object]) -> str:
    """A path with its places filled."""
    reference = {"name": CLASS, "model_key": MODEL, "version": "1", "kind": "inspection", "rule": "technical_silence"}
    filled = {
        "policy": "default",
        "setting": "after_seconds",
        "code": "x",
        "login": "x",
        "review_id": "1",
        **reference,
        **ids,
    }
    place = re.sub(r"\{(\w+)\}", lambda match: str(filled[match[1]]), path)
    more = {"prescriber": str(ids["prescriber"])} if path.endswith("/letter") else {}
    more |= {"device": str(ids["device_id"])} if path.endswith("/extract") else {}
    if path.startswith("/console"):
        return str(httpx.URL(place, params=more))
    wanted = {name: value for name, value in _QUERY.items() if path.endswith(_ASKS.get(name, ()))}
    return str(httpx.URL(place, params={**wanted, **more}))


_ASKS: Final = {
    "metric": ("/readings",),
    "class": ("/dictionary", "/backtest"),
    "rule": ("/backtest",),
    "from": ("/readings", "/events", "/precision", "/backtest"),
    "to": ("/readings", "/events", "/precision", "/backtest"),
}


_WHOSE: Final = (*(device.name for device in DEVICES), "unit-")


def forbidden(entries: Iterable[Entry], scope: Scope = SCOPE) -> list[str]:
    """Labels of rows of which this scope sees nothing at all."""
    seen: dict[str, bool] = {}
    for entry in entries:
        seen[entry.label] = seen.get(entry.label, False) or expected(entry, scope)
    telling = {label for label, visible in seen.items() if not visible and label.startswith(_WHOSE)}
    # A label that is the beginning of one that is seen would be found in it.
    shown = [label for label, visible in seen.items() if visible]
    return sorted(label for label in telling if not any(label in other for other in shown))


# Some labels of the world stand in columns that have words of their own, which the API knows; here they get such words.
_SERVED: Final = (
    "UPDATE idle_figure SET verdict = 'used'",
    "UPDATE idle_verdict_change SET verdict = 'used'",
    "UPDATE dose SET first_outcome = 'taken'",
    "UPDATE alarm SET title_sv = 'x', title_en = 'x', reason_en = 'x'",
    "UPDATE work_order SET title_en = 'x'",
    "UPDATE work_order_finding SET title_sv = 'x', title_en = 'x'",
)


@pytest.fixture(scope="module", autouse=True)
def quiet_logs() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    yield
    structlog.configure(**before)  # other rooms keep it quiet for their whole session


@pytest.fixture
async def town(own_world: Database) -> AsyncIterator[Town]:
    """The world behind API and console, as six people of one payer and one frame."""
    tokens, sessions = {}, {}
    with psycopg.connect(own_world.owner) as connection:
        for statement in _SERVED:
            connection.execute(statement.encode())
        for role in Role:
            tokens[role.value] = create_token(
                connection, f"token-{role}", role.value, payers=[A], frames=["HSL"], audiences=tuple(Audience)
            )
            sessions[role.value] = session(connection, role.value)
        ids = {relation: objects(connection, name) for relation, name in {"own": OWN, **FOREIGN}.items()}
    async with open_resources(own_world.api, connections=3) as resources:
        resources.registry, resources.clock = registry_with_probe(), lambda: _CLOCK
        many = Rate(10**9, 10**9)
        resources.limits = Limits(*(Limiter(many) for _ in range(4)))
        transport = httpx.ASGITransport(build_app(resources), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://matrix", timeout=60) as client:
            yield Town(client, tokens, sessions, {**ids, NOBODYS: _NONE})


def session(connection: psycopg.Connection, role: str) -> str:
    """A session of a new account, as signing in leaves it behind."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        "WITH a AS (INSERT INTO account (login, role, care_unit, payers, frames, audiences)"
        " VALUES (%s, %s, 'x', %s, '{HSL}', '{technical,care,clinical}') RETURNING account_id)"
        " INSERT INTO console_session (session_hash, account_id) SELECT %s, account_id FROM a",
        [f"person-{role.replace('_', '-')}", role, [A], token_hash(secret)],
    )
    return secret


def objects(connection: psycopg.Connection, device: str) -> dict[str, object]:
    """The ids of what hangs on a device."""
    row = connection.execute(
        "SELECT device_no, payer_id, legal_frame FROM device WHERE device_id = %s", [device]
    ).fetchone()
    assert row is not None
    found: dict[str, object] = {"device_id": device, "prescriber": f"unit-{row[1]}-{row[2]}"}
    for name, question in _OBJECTS.items():
        answer = connection.execute(question.encode(), [row[0]]).fetchone()
        assert answer is not None
        assert answer[0] is not None, (device, name)
        found[name] = answer[0]
    return found


async def leaks(town: Town, entries: list[Entry], asked: Iterable[Call]) -> list[str]:
    """What answers hold that they must not, and every difference between somebody else's and nobody's."""
    return [found async for found in each_leak(town, entries, asked)]


async def leaks_at_all(town: Town, entries: list[Entry], asked: Iterable[Call]) -> bool:
    """Whether there is any; asks no further than the first."""
    async for _ in each_leak(town, entries, asked):
        return True
    return False


async def each_leak(town: Town, entries: list[Entry], asked: Iterable[Call]) -> AsyncIterator[str]:
    hidden, nobodys = forbidden(entries), dict[tuple[str, str, str], tuple[int, str]]()
    for call in asked:
        status, body = await town.ask(call)
        place = (call.role, call.method, call.path)
        if status >= 500:
            yield f"{place}: {status}"
        for label in hidden:
            if label in body:
                yield f"{place} {call.relation}: {label}"
        if call.relation == NOBODYS:
            nobodys[place] = (status, body)
        elif call.relation in FOREIGN and nobodys[place] != (status, body):
            yield f"{place}: {call.relation} is not as nobody's"


async def test_what_is_somebody_elses_looks_like_what_does_not_exist(town: Town, entries: list[Entry]) -> None:
    asked = list(calls(town))
    assert len(asked) > 1000
    assert len(forbidden(entries)) > 100
    assert await leaks(town, entries, asked) == []


async def test_the_matrix_reaches_every_route(town: Town) -> None:
    """Else it would prove nothing: each own thing is shown, each other one was looked for and not found."""
    shown, missed = {}, {}
    for call in calls(town, roles=("administrator",)):
        status, _ = await town.ask(call)
        if call.relation == "own":
            shown[call.path] = status
        elif call.relation in FOREIGN:
            missed[call.method, call.path] = status
    assert {path for path, status in shown.items() if status not in {200, 303}} <= NOT_SHOWN
    strange = sorted((*place, int(status)) for place, status in missed.items() if status != NOT_FOUND.get(place, 404))
    assert strange == [], str(strange)
    assert len(missed) > 40


# A unit of others has no cases that could be asked about, as a unit that does not exist; one is led back to the list.
NOT_FOUND: Final = {("POST", "/console/recalls/letter"): 303}
# The probe has no doses, names like x are nobody's, and no demo runs; the others are for whoever sees the whole
# installation.
NOT_SHOWN: Final = frozenset(
    {
        "/api/v1/sources/{code}",
        "/api/v1/classes/{name}/settings/idle/{policy}/estimate",
        "/api/v1/wear",
        "/api/v1/wear/{model_key}",
        "/console/demo",
        "/console/demo/watch/{device_id}",
        "/console/fleet/wear",
        "/api/v1/devices/{device_id}/doses",
        "/api/v1/readiness",
        "/console/administration/accounts/{login}",
        "/console/administration/ladders",
        "/console/administration/ladders/new",
        "/console/administration/ladders/{code}",
        "/console/audit/reviews/{review_id}",
        "/console/static/{name}",
    }
)


OTHERS: Final = ("other payer", "other frame")
ROUNDS: Final = 60


async def test_somebody_elses_takes_as_long_as_what_does_not_exist(town: Town) -> None:
    """Compared as distributions, asked in turn, so that a slow moment falls on both; one's own is told apart."""
    path = "/api/v1/devices/{device_id}"
    seconds: dict[str, list[float]] = {relation: [] for relation in RELATIONS}
    for _ in range(ROUNDS):
        for relation in RELATIONS:
            call = Call("GET", path, address(path, town.ids[relation]), "administrator", relation)
            begun = time.perf_counter()
            await town.ask(call)
            seconds[relation].append(time.perf_counter() - begun)
    slower = {relation: how_often_slower(seconds[relation], seconds[NOBODYS]) for relation in ("own", *OTHERS)}
    assert slower["own"] > 0.9, "the measure tells what differs"
    # For equal distributions 0.5, with a standard deviation of 0.053 at sixty each: five of them.
    assert all(abs(slower[relation] - 0.5) < 0.27 for relation in OTHERS), slower


def how_often_slower(some: list[float], others: list[float]) -> float:
    """Of all pairs of one of each, the share in which the first is the slower one."""
    return sum(one > other for one in some for other in others) / (len(some) * len(others))


async def test_more_of_others_changes_no_list_and_no_count(town: Town, own_world: Database) -> None:
    reads = calls(town, writes=False, roles=("administrator", "carer"))
    lists = [call for call in reads if "{" not in call.path and call.path not in OF_EVERYONE]
    before = [await town.ask(call) for call in lists]
    with psycopg.connect(own_world.owner) as connection:
        for device in (WorldDevice("more-b", open=(B, "HSL")), WorldDevice("more-sol", open=(A, "SoL"))):
            add(connection, device)
    after = [await town.ask(call) for call in lists]
    assert len(before) > 30
    told = [call.path for call, one, other in zip(lists, before, after, strict=True) if one != other]
    assert told == []


OF_EVERYONE: Final = frozenset({"/metrics", "/console/health", "/console/audit", "/console/audit/extract"})
"""Figures of the process itself, and how long ago things were; and the reads that this very test makes."""


def add(connection: psycopg.Connection, device: WorldDevice) -> None:
    """A further device with everything that hangs on it, on a loan of its own."""
    assert device.open is not None
    row = connection.execute(
        "INSERT INTO device (device_id, individual_number, device_class, model_key, enrolled_at)"
        " VALUES (%s, %s, %s, %s, now()) RETURNING device_no",
        [device.name, device.name, CLASS, MODEL],
    ).fetchone()
    assert row is not None
    connection.execute(
        "INSERT INTO loan (device_no, payer_id, legal_frame, started_at)"
        " VALUES (%s, %s, %s, now() - interval '20 days')",
        [row[0], *device.open],
    )
    now = datetime.now(UTC)
    list(_present(connection, device, row[0], now))
    list(_happened(connection, device, row[0], "open", now - timedelta(days=5)))


# Tables whose rows no route gives out but beside a device's, whose own policy hides them then, too;
# tests/integration/store/test_row_security.py watches over them.
NOT_SERVED: Final = frozenset({"incident_hold"})
# A few of each kind; the others with FJARRKOLL_WHOLE_MATRIX=1, which takes minutes.
TELLING: Final = ("device", "device_fault", "recall_case", "work_order")
WHOLE: Final = os.environ.get("FJARRKOLL_WHOLE_MATRIX") == "1"


async def test_tables_without_their_row_security_are_noticed(
    town: Town, own_world: Database, entries: list[Entry]
) -> None:
    asked = sorted(calls(town, writes=WHOLE, roles=("administrator",)), key=lambda call: "{" in call.path)
    unnoticed = set()
    with psycopg.connect(own_world.owner, autocommit=True) as connection:
        rows = connection.execute("SELECT DISTINCT tablename FROM pg_policies WHERE policyname = 'scoped'").fetchall()
        tables = sorted(row[0] for row in rows)
        assert set(TELLING) <= set(tables)
        for table in tables if WHOLE else TELLING:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
            if not await leaks_at_all(town, entries, asked):
                unnoticed.add(table)
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    assert unnoticed == (NOT_SERVED if WHOLE else set())
