"""The API as it is described, tried with made-up requests by every role: no failure of ours, no undocumented answer.

It reads the OpenAPI document, so that a room that is added is tried too. FJARRKOLL_FUZZ_EXAMPLES sets how many requests
each operation gets from each role: few in every run, hundreds for a release (docs/remote-diagnosis.md).
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diagnostics.app import routes
from diagnostics.documentation.openapi import describe
from diagnostics.rights import Role
from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from tests.fixtures.database import Database, copy_database, drop_database
from tests.fixtures.logs import unwritten_logs
from tests.integration.fuzz.world import World, steered, world

EXAMPLES: Final = int(os.environ.get("FJARRKOLL_FUZZ_EXAMPLES", "1"))
SEED: Final = int(os.environ.get("FJARRKOLL_FUZZ_SEED", "20261128"))
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_DOCUMENT: Final[Any] = schemathesis.openapi.from_dict(describe(routes()))
OPERATIONS: Final[list[Any]] = [found.ok() for found in _DOCUMENT.get_all_operations()]
SHARES: Final = 4


@dataclass
class Spoiling:
    """Around an application: while an address is set, good answers for it are changed on their way out."""

    app: ASGIApp
    address: str = ""
    status: int = 200
    body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def spoil(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = [pair for pair in message["headers"] if pair[0] != b"content-length"]
                message = {**message, "status": self.status, "headers": headers}
            elif self.body is not None and message["type"] == "http.response.body":
                message = {**message, "body": self.body}
            await send(message)

        await self.app(scope, receive, spoil if scope.get("path", "") == self.address else send)


@pytest.fixture(scope="module", autouse=True)
def quiet_logs() -> Iterator[None]:
    with unwritten_logs():
        yield


@pytest.fixture(scope="module")
def copied(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    made = copy_database(postgres, template_database, "fuzzed", role_passwords)
    yield made
    drop_database(postgres, made.name)


@pytest.fixture(scope="module")
def spoiling() -> Spoiling:
    return Spoiling(routes())


@pytest.fixture(scope="module")
def api(copied: Database, spoiling: Spoiling) -> Iterator[World]:
    def around(app: ASGIApp) -> ASGIApp:
        spoiling.app = app
        return spoiling

    with world(copied, around) as made:
        yield made


def modes(operation: Any) -> tuple[GenerationMode, ...]:
    """Requests as described, and where there is anything to get wrong, requests that break the description."""
    described = operation.definition.raw
    breakable = described.get("parameters") or described.get("requestBody")
    return (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if breakable else (GenerationMode.POSITIVE,)


def attempt(operation: Any, api: World, mode: GenerationMode, examples: int) -> Counter[tuple[Role, int]]:
    """Some requests to one operation, each by every role; the seed decides them all.

    Raises:
        FailureGroup: an answer that is a failure of ours or not in the document.
    """
    statuses: Counter[tuple[Role, int]] = Counter()

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), lot=st.integers(0, 10**6))
    def try_it(case: Any, lot: int) -> None:
        steered(case, api, lot)
        told = case.as_transport_kwargs(base_url="http://api")
        known = ("params", "json", "data", "content", "files", "headers")
        more = {name: told[name] for name in known if told.get(name) is not None}
        if isinstance(more.get("data"), bytes | str):
            more["content"] = more.pop("data")
        for role in Role:
            answer = api.send(role, told["method"], told["url"], **more)
            statuses[role, answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

    try_it()
    return statuses


@pytest.mark.timeout(3600 if EXAMPLES > 10 else 300)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_role_gets_a_failure_or_an_undocumented_answer(api: World, share: int) -> None:
    statuses: Counter[tuple[Role, int]] = Counter()
    found = []
    for operation in OPERATIONS[share::SHARES]:
        for mode in modes(operation):
            try:
                statuses += attempt(operation, api, mode, EXAMPLES)
            except FailureGroup as failures:
                found.append(f"{operation.label}: {[str(failure) for failure in failures.exceptions]}")
    assert found == []
    for role in Role:
        answered = sum(times for (who, status), times in statuses.items() if who is role and status < 300)
        assert answered, (role, statuses)
        assert not statuses[role, 401] + statuses[role, 429], "what lies behind the gate is tried, not the gate"


def test_the_document_has_every_operation() -> None:
    assert len(OPERATIONS) > 80
    assert {operation.path.split("/")[3] for operation in OPERATIONS if operation.path.startswith("/api/")} >= {
        *("devices", "faults", "commands", "alarms", "idle", "recalls", "orders", "holds", "readiness", "doses"),
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (203, None), (200, b'{"items": 1}')],
    ids=["failure", "undocumented status", "wrong shape"],
)
def test_an_application_with_a_planted_fault_is_found_out(
    api: World, spoiling: Spoiling, status: int, body: bytes | None
) -> None:
    """The negative control: the same requests to the same application, one answer of which is not as described."""
    [operation] = [one for one in OPERATIONS if one.path == "/api/v1/classes"]
    spoiling.address, spoiling.status, spoiling.body = operation.path, status, body
    with pytest.raises(FailureGroup):
        attempt(operation, api, GenerationMode.POSITIVE, 1)
    spoiling.address = ""
    assert attempt(operation, api, GenerationMode.POSITIVE, 1)[Role.TECHNICIAN, 200] == 1
