"""The API in this process with something of everything in it, and requests made up from its own document."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

import httpx
import psycopg
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from diagnostics.app import build_app
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.rights import Role
from diagnostics.server import open_resources
from fleet.plumbing.store.register import create_token
from fleet.signals import Audience
from tests.fixtures.database import Database, add_device, add_payer
from tests.integration.diagnostics.conftest import NOW, Store

Wrap = Callable[[ASGIApp], ASGIApp]
_ANY: Final = Rate(burst=10**6, per_second=10**6)


@dataclass
class World:
    """What requests are sent to.

    Attributes:
        tokens: one of each role, all seeing everything.
        known: values that mean something, by the name of the parameter: most requests are about these.
        over: a command that nothing more happens to.
    """

    portal: BlockingPortal
    client: httpx.AsyncClient
    tokens: Mapping[Role, str]
    known: dict[str, list[Any]] = field(default_factory=dict)
    over: str = ""

    def send(self, role: Role, method: str, path: str, **more: Any) -> httpx.Response:
        """One request by a role."""
        made_up = {name: value for name, value in more.pop("headers", {}).items() if name.lower() != "authorization"}
        headers = {**made_up, "authorization": f"Bearer {self.tokens[role]}"}
        return self.portal.call(lambda: self.client.request(method, path, headers=headers, **more))


@contextmanager
def world(database: Database, wrap: Wrap = lambda app: app) -> Iterator[World]:
    """An API over a filled database; `wrap` may spoil it."""
    store = Store(database)
    known = _filled(database, store)
    with psycopg.connect(database.owner) as connection:
        tokens = {
            role: create_token(connection, f"fuzz-{role}", str(role), care_unit="Enhet 1", audiences=tuple(Audience))
            for role in Role
        }
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_resources(database.api, connections=2)) as resources,
    ):
        resources.limits = Limits(requests=Limiter(_ANY), commands=Limiter(_ANY), refusals=Limiter(_ANY))
        transport = httpx.ASGITransport(app=wrap(build_app(resources)))
        client = httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60)
        with portal.wrap_async_context_manager(client):
            made = World(portal, client, tokens, known)
            _asked(made)
            yield made


def _filled(database: Database, store: Store) -> dict[str, list[Any]]:
    payer = add_payer(database, "kommun-a")
    chair = add_device(database, "wheelchair", loan=(payer, "HSL"), individual_number="A-1")
    dispenser = add_device(database, "dispenser", loan=(payer, "SoL"), individual_number="A-2")
    in_store = add_device(database, "apap", individual_number="S-1")
    for device in (chair, dispenser, in_store):
        store.heard(device.device_no, first=NOW - timedelta(days=20), values={"battery.soc": 80.0})
    store.fault(chair.device_no, "vr2", "2", "WC-BAT-01", raised=NOW - timedelta(hours=3))
    store.fault(chair.device_no, "vr2", "999", None)
    store.reading(chair.device_no, "wheelchair", NOW - timedelta(hours=1), {"battery_soc": 80.0})
    store.event(chair.device_no, "charge_started", NOW - timedelta(hours=2))
    alarm = store.alarm(chair.device_no, "battery_low")
    jam = store.alarm(dispenser.device_no, "jam", Audience.CARE)
    [(model,)] = store.all("SELECT model_key FROM device WHERE device_no = %s", chair.device_no)
    return {
        "device_id": [chair.device_id, dispenser.device_id, in_store.device_id],
        "alarm_id": [alarm, jam],
        "model_key": [model],
        "class": ["wheelchair", "dispenser", "apap"],
        "payer": ["kommun-a"],
        "individual_number": ["A-1", "S-1"],
        "metric": ["battery.soc"],
    }


def _asked(world: World) -> None:
    """What only the API makes: a command, a setting that waits, a work order, a hold, a recall case."""
    chair, _, in_store = world.known["device_id"]

    def made(path: str, body: Any, name: str) -> Any:
        headers = {"idempotency-key": str(uuid.uuid4())}
        answer = world.send(Role.TECHNICIAN, "POST", f"/api/v1/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        found = answer.json()
        return found["order"]["order_id"] if name == "order_id" else found[name]

    over = made(f"devices/{chair}/commands", {"name": "read_versions"}, "command_id")
    made(f"commands/{over}/cancel", None, "command_id")
    world.over = over
    world.known["command_id"] = [
        made(f"devices/{chair}/commands", {"name": "self_test"}, "command_id"),
        made(f"devices/{chair}/commands", {"name": "read_faults"}, "command_id"),
    ]
    world.known["order_id"] = [made(f"devices/{chair}/orders", {"remark": "provkörd"}, "order_id")]
    world.known["hold_id"] = [made(f"devices/{in_store}/holds", {"reason": "Rörde sig av sig själv"}, "hold_id")]


def steered(case: Any, world: World, seed: int) -> Any:
    """The made-up request, in most cases about something that is there, and never one that waits on purpose."""
    random = Random(seed)
    for place in (case.path_parameters, case.query):
        for name in list(place or {}):
            if name in world.known and random.random() < 0.8:
                place[name] = random.choice(world.known[name])
    if isinstance(case.query, dict) and "wait" in case.query:
        case.query["wait"] = 0
    if case.path.endswith("/commands/{command_id}/events"):
        case.path_parameters["command_id"] = world.over
    return case
