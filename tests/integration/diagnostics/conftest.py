"""An API over a migrated database without a network, tokens of every kind, and what ingest would have stored."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
import structlog
from psycopg import sql
from psycopg.types.json import Jsonb

from diagnostics.app import build_app
from diagnostics.faults.counting import FaultCount
from diagnostics.idle.run import Ran, refresh
from diagnostics.resources import Resources
from diagnostics.server import open_resources
from fleet.clock import to_milliseconds
from fleet.plumbing.database import database_pool
from fleet.plumbing.store.register import create_token
from fleet.plumbing.store.tables import reading_table
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import Database, MakeDevice, MakePayer, Payer

NOW = datetime.now(UTC).replace(microsecond=0)
Values = Mapping[str, float | bool]


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> Iterator[None]:
    """Log lines go nowhere; the pretty tracebacks of an unconfigured structlog cost seconds each."""
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    yield
    structlog.reset_defaults()


@dataclass(frozen=True)
class Store:
    """Writes what ingest would write, as the roles that may."""

    database: Database

    def execute(self, statement: str, *parameters: Any) -> None:
        with psycopg.connect(self.database.owner) as connection:
            connection.execute(statement.encode(), parameters)

    def all(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.owner) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def heard(
        self,
        device_no: int,
        *,
        at: datetime = NOW,
        first: datetime | None = None,
        used: date | None = None,
        values: Values | None = None,
        events: Mapping[str, datetime] | None = None,
    ) -> None:
        """A device that was heard, with the newest of what it said."""
        milliseconds = to_milliseconds(at)
        self.execute(
            """
            INSERT INTO device_state (device_no, boot, online, first_seen_at, last_seen_at, last_event_at,
                                      last_used_day, metric_values, latest_events)
            VALUES (%s, 1, true, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (device_no) DO UPDATE SET
                last_seen_at = excluded.last_seen_at, last_event_at = excluded.last_event_at,
                last_used_day = coalesce(excluded.last_used_day, device_state.last_used_day),
                metric_values = device_state.metric_values || excluded.metric_values,
                latest_events = device_state.latest_events || excluded.latest_events
            """,
            device_no,
            first or at,
            at,
            at,
            used,
            Jsonb({key: [value, milliseconds] for key, value in (values or {}).items()}),
            Jsonb({name: to_milliseconds(moment) for name, moment in (events or {}).items()}),
        )

    def reading(
        self,
        device_no: int,
        device_class: str,
        at: datetime,
        values: Values,
        *,
        delay: timedelta = timedelta(seconds=1),
    ) -> None:
        """A row of a class's hypertable, by metric column."""
        names = ["device_no", "ts", "received_at", "boot", "seq", *values]
        row = [device_no, at, at + delay, 1, to_milliseconds(at) % 2**31, *values.values()]
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(reading_table(device_class)),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() for _ in names),
        )
        with psycopg.connect(self.database.ingest) as connection:
            connection.execute(statement, row)

    def event(
        self,
        device_no: int,
        name: str,
        at: datetime,
        audience: Audience = Audience.TECHNICAL,
        data: dict[str, Any] | None = None,
    ) -> None:
        """A row of events."""
        self.execute(
            "INSERT INTO device_event (device_no, ts, received_at, boot, seq, event, audience, data)"
            " VALUES (%s, %s, %s, 1, %s, %s, %s, %s)",
            device_no,
            at,
            at + timedelta(seconds=1),
            to_milliseconds(at) % 2**31,
            name,
            audience,
            Jsonb(data or {}),
        )

    def fault(
        self,
        device_no: int,
        system: str,
        code: str,
        fault_code: str | None,
        *,
        raised: datetime = NOW,
        cleared: datetime | None = None,
    ) -> None:
        """A fault of a device."""
        self.execute(
            "INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at,"
            " cleared_at, cleared_by, source) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'event')",
            device_no,
            system,
            code,
            fault_code,
            raised,
            raised,
            raised + timedelta(seconds=1),
            cleared,
            None if cleared is None else "device",
        )

    def clear_fault(self, device_no: int, code: str) -> None:
        """The device says that a fault is over."""
        self.execute(
            "UPDATE device_fault SET cleared_at = now(), cleared_by = 'device' WHERE device_no = %s AND code = %s",
            device_no,
            code,
        )

    def alarm(self, device_no: int, rule: str, audience: Audience = Audience.TECHNICAL) -> int:
        """An open alarm."""
        with psycopg.connect(self.database.worker) as connection:
            row = connection.execute(
                "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv,"
                " reason_en, happened_at)"
                " VALUES (%s, %s, 'high', false, %s, 'Larm', 'Alarm', 'därför', 'because', now()) RETURNING alarm_id",
                [device_no, rule, audience],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def due(self, device_no: int) -> None:
        """Marks a device as ingest does, and wakes the worker."""
        self.execute(
            "INSERT INTO evaluation_due (device_no, since) VALUES (%s, clock_timestamp())"
            " ON CONFLICT (device_no) DO UPDATE SET since = excluded.since",
            device_no,
        )
        self.execute("SELECT pg_notify('fjarrkoll_due', '')")

    def watermark(self, at: datetime) -> None:
        """Up to when ingest has stored everything."""
        self.execute(
            "INSERT INTO ingest_watermark (shard, at) VALUES ('ingest-0', %s)"
            " ON CONFLICT (shard) DO UPDATE SET at = excluded.at",
            at,
        )

    def days(self, device_no: int, device_class: str, *, heard: Iterable[date], used: Iterable[date] = ()) -> None:
        """Days as ingest keeps them: a row for each day that was heard, with enough of it to be used where it was."""
        clause = load_registry()[device_class].usage.used_when[0]
        amounts = dict.fromkeys(heard, 0.0) | dict.fromkeys(used, clause.amount)
        with psycopg.connect(self.database.owner) as connection:
            connection.cursor().executemany(
                "INSERT INTO usage_day VALUES (%s, %s, %s, %s) ON CONFLICT (device_no, local_day, measure)"
                " DO UPDATE SET amount = greatest(usage_day.amount, excluded.amount)",
                [[device_no, day, clause.measure, amount] for day, amount in amounts.items()],
            )

    def judge(self, now: datetime = NOW, *, learn: bool = False) -> Ran:
        """A run of verdicts, as the worker makes it."""
        with psycopg.connect(self.database.worker) as connection:
            return refresh(connection, load_registry(), now, learn=learn)

    async def count_faults(self, now: datetime = NOW) -> int:
        """A round of groups and device-days, as the worker makes it."""
        async with database_pool(self.database.worker, "test-faults", largest=1) as pool:
            return await FaultCount(pool, lambda: now, share=1.0).round()

    def audit(self) -> list[tuple[str, str, int | None]]:
        """Who did what with which device, in order."""
        return [tuple(row) for row in self.all("SELECT actor, action, device_no FROM audit ORDER BY audit_id")]


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


MakeToken = Callable[..., str]


@pytest.fixture
def make_token(database: Database) -> MakeToken:
    """A token: `make_token("technician", payers=[payer], frames=["HSL"])`; every payer and frame where not said."""
    made = 0

    def make(
        role: str = "technician",
        *,
        payers: list[Payer] | None = None,
        frames: tuple[str, ...] = ("HSL", "SoL"),
        audiences: tuple[Audience, ...] | None = None,
        expires_at: datetime | None = None,
        name: str | None = None,
    ) -> str:
        nonlocal made
        made += 1
        with psycopg.connect(database.owner) as connection:
            return create_token(
                connection,
                name or f"{role}-{made}",
                role,
                care_unit="Enhet 1",
                payers=None if payers is None else [payer.payer_id for payer in payers],
                frames=frames,
                audiences=audiences,
                expires_at=expires_at,
            )

    return make


@pytest.fixture
async def resources(database: Database) -> AsyncIterator[Resources]:
    async with open_resources(database.api, connections=4) as opened:
        yield opened


@dataclass(frozen=True)
class Api:
    """Calls the API in this process, as a caller with a token."""

    client: httpx.AsyncClient

    async def get(self, address: str, token: str | None, **query: Any) -> httpx.Response:
        return await self.call("GET", address, token, params=query or None)

    async def post(self, address: str, token: str | None, body: Any = None, **more: Any) -> httpx.Response:
        if body is not None:
            more["content"] = json.dumps(body)
            more["headers"] = {"content-type": "application/json", **more.get("headers", {})}
        return await self.call("POST", address, token, **more)

    async def call(self, method: str, address: str, token: str | None, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {})}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        where = address if address.startswith("/") else f"/api/v1/{address}"
        return await self.client.request(method, where, headers=headers, **more)


@pytest.fixture
async def api(resources: Resources) -> AsyncIterator[Api]:
    transport = httpx.ASGITransport(app=build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30) as client:
        yield Api(client)


@dataclass(frozen=True)
class Town:
    """Two payers; devices of the first under each legal frame, and one of the second."""

    payer: Payer
    other: Payer
    chair: Any
    dispenser: Any
    elsewhere: Any
    in_store: Any


@pytest.fixture
def town(make_payer: MakePayer, make_device: MakeDevice) -> Town:
    payer, other = make_payer("kommun-a"), make_payer("kommun-b")
    return Town(
        payer,
        other,
        make_device("wheelchair", loan=(payer, "HSL"), individual_number="A-1"),
        make_device("dispenser", loan=(payer, "SoL"), individual_number="A-2"),
        make_device("wheelchair", loan=(other, "HSL"), individual_number="B-1"),
        make_device("wheelchair", individual_number="S-1"),
    )
