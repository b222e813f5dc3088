"""Route × role × {own, other payer, other frame}: who asks what of the world, and what an answer must not tell."""

import json
import re
import secrets
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql
from starlette.requests import Request

from diagnostics.app import build_app, routes
from diagnostics.console.app import ROUTES
from diagnostics.documentation.openapi import describe
from diagnostics.problems import not_found
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.rights import Role
from diagnostics.server import open_resources
from fleet.plumbing.store.register import create_token, token_hash
from fleet.plumbing.store.scope import Scope, scoped
from fleet.signals import Audience
from fleet.text import Text
from tests.fixtures.database import Database
from tests.fixtures.logs import unwritten_logs
from tests.integration.store.probe import CLASS, MODEL, registry_with_probe
from tests.integration.store.sight import expected
from tests.integration.store.world import DEVICES, A, Entry

SCOPE: Final = Scope(payers=frozenset({A}), frames=frozenset({"HSL"}), audiences=frozenset(Audience))
OWN: Final = "a-hsl"
# Relation -> the device whose objects stand for it.
FOREIGN: Final = {"other payer": "b-hsl", "other frame": "a-sol"}
NOBODYS: Final = "nobodys"
# One's own as well, but lent under another frame before: of that time nothing is to be seen.
LENT_BEFORE: Final = "own, lent before"
OBJECTS_OF: Final = {"own": OWN, LENT_BEFORE: "other-frame", **FOREIGN}
RELATIONS: Final = ("own", LENT_BEFORE, NOBODYS, *FOREIGN)
# Parts of an address that name nobody's object: reference data, and the administration's, which has tests of its own.
NOT_ANYBODYS: Final = frozenset(
    {"name", "model_key", "version", "kind", "rule", "setting", "policy", "code", "login", "review_id", "act"}
)
# Streams without an end; who may follow them is tried in tests/integration/diagnostics and tests/browser.
ENDLESS: Final = frozenset(
    {"/console/alarms/stream", "/console/demo/stream/{device_id}", "/api/v1/commands/{command_id}/events"}
)
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
    statements: list[str]
    document: dict[str, Any] = field(default_factory=lambda: describe(routes()))

    async def ask(self, call: Call) -> tuple[int, str]:
        """Status and body of an answer, the id that was asked for taken out; `statements` are those that it took."""
        self.statements.clear()
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
        relations = RELATIONS if named and read else RELATIONS[2:] if named else ("own",) if read else ()
        for role in roles:
            for relation in relations:
                if relation == LENT_BEFORE and role != Role.ADMINISTRATOR:
                    continue  # one role that sees everything is enough
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


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    with unwritten_logs():
        yield


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that this process sends to the database, as it is sent; not what a pool does between requests."""
    sent, really = list[str](), psycopg.AsyncCursor.execute

    async def execute(cursor: Any, query: Any, *values: Any, **more: Any) -> Any:
        text = query.as_string(cursor) if isinstance(query, sql.Composable) else str(query)
        if text not in BETWEEN:
            sent.append(text)
        return await really(cursor, query, *values, **more)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", execute)
    return sent


BETWEEN: Final = frozenset({"", "SELECT 1", "RESET ALL"})


@pytest.fixture
async def town(
    own_world: Database, statements: list[str], quiet_logs: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    """The world behind API and console and one control, as six people of one payer and one frame."""
    monkeypatch.setattr("diagnostics.app.declared", with_control)
    tokens, sessions = {}, {}
    with psycopg.connect(own_world.owner) as connection:
        for statement in _SERVED:
            connection.execute(statement.encode())
        for role in Role:
            tokens[role.value] = create_token(
                connection, f"token-{role}", role.value, payers=[A], frames=["HSL"], audiences=tuple(Audience)
            )
            sessions[role.value] = session(connection, role.value)
        ids = {relation: objects(connection, name) for relation, name in OBJECTS_OF.items()}
    async with open_resources(own_world.api, connections=3) as resources:
        resources.registry, resources.clock = registry_with_probe(), lambda: _CLOCK
        many = Rate(10**9, 10**9)
        resources.limits = Limits(*(Limiter(many) for _ in range(4)))
        transport = httpx.ASGITransport(build_app(resources), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://matrix", timeout=60) as client:
            yield Town(client, tokens, sessions, {**ids, NOBODYS: _NONE}, statements)


def with_control() -> FastAPI:
    """The API's routes and one that does as none may."""
    app = routes()
    app.get("/api/v1/control/{device_id}", include_in_schema=False)(looks_up_first)
    return app


async def looks_up_first(request: Request, device_id: str) -> None:
    """A control: finds a device wherever it is, and refuses afterwards. The same answer for more work."""
    pool = request.app.state.door.resources.pool
    async with scoped(pool, Scope.everything()) as connection:
        found = await (await connection.execute(_WHOSE_IS, [device_id])).fetchone()
        if found is not None:
            await connection.execute("SELECT firmware FROM device WHERE device_no = %s", found[:1])
    raise not_found(Text("Hjälpmedlet", "The device"))


_WHOSE_IS: Final = "SELECT device_no, payer_id FROM device WHERE device_id = %s"


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
    hidden, nobodys = forbidden(entries), dict[tuple[str, str, str], tuple[int, str, list[str]]]()
    for call in asked:
        status, body = await town.ask(call)
        place = (call.role, call.method, call.path)
        if status >= 500:
            yield f"{place}: {status}"
        for label in hidden:
            if label in body:
                yield f"{place} {call.relation}: {label}"
        told = (status, body, list(town.statements))
        if call.relation == NOBODYS:
            nobodys[place] = told
        elif call.relation in FOREIGN and nobodys[place] != told:
            what = "answered" if nobodys[place][:2] != told[:2] else "looked up"
            yield f"{place}: {call.relation} is not {what} as nobody's"
