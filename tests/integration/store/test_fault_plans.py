"""The fleet's faults stay quick: a period is read by its index, and the exposure of every device in one pass."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import diagnostics.faults
from diagnostics.faults.exposure import ExposureCount
from diagnostics.queries import load
from fjarrkoll.services import Postgres
from fleet.plumbing.database import database_pool
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.scope import Scope
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import Database, add_payer, copy_database, drop_database
from tests.integration.store.sight import set_scope

DEVICES = 20_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SQL = load(Path(diagnostics.faults.__file__).parent)
ASKED: dict[str, Any] = {
    "start": NOW - timedelta(days=30),
    "middle": NOW - timedelta(days=15),
    "end": NOW,
    "device_class": None,
    "model": None,
}


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    """Twenty thousand chairs heard for weeks, two faults each over a year; to read only."""
    database = copy_database(postgres, template_database, "fault_plans", role_passwords)
    migrate(database.owner, load_registry())
    payers = [add_payer(database).payer_id for _ in range(20)]
    with psycopg.connect(database.owner, autocommit=True) as connection:
        # The register mirrors the open loan in the device's row; here the mirror alone is enough.
        connection.execute(
            "INSERT INTO device (device_id, individual_number, device_class, model_key, firmware, enrolled_at,"
            " payer_id, legal_frame, loan_started_at)"
            " SELECT 'd-' || n, n::text, 'wheelchair', CASE n %% 3 WHEN 0 THEN 'pg-vr2' ELSE 'dynamic-dx' END,"
            " '1.' || n %% 5, %s, (%s::integer[])[1 + n %% 20], 'HSL', %s FROM generate_series(1, %s) n",
            [NOW - timedelta(days=365), payers, NOW - timedelta(days=400), DEVICES],
        )
        connection.execute(
            "INSERT INTO device_state (device_no, first_seen_at, last_seen_at) SELECT device_no, %s, %s FROM device",
            [NOW - timedelta(days=45), NOW],
        )
        connection.execute(
            "INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at,"
            " cleared_at, cleared_by, source) SELECT 1 + n %% %s, 'vr2', (1 + n %% 9)::text, 'WC-MOT-0' || 1 + n %% 5,"
            " at, at, at, at + interval '1 hour', 'device', 'event' FROM generate_series(1, %s) n,"
            " LATERAL (SELECT %s - n * %s AS at) t",
            [DEVICES, 2 * DEVICES, NOW, timedelta(days=365) / (2 * DEVICES)],
        )
        connection.execute("ALTER TABLE loan DISABLE TRIGGER USER")
        connection.execute(
            "INSERT INTO loan (device_no, payer_id, legal_frame, started_at)"
            " SELECT device_no, payer_id, legal_frame, loan_started_at FROM device"
        )
        connection.execute("ALTER TABLE loan ENABLE TRIGGER USER")
    asyncio.run(count(database))
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
    yield database
    drop_database(postgres, database.name)


async def count(database: Database) -> None:
    async with database_pool(database.worker, "test-exposure", largest=1) as pool:
        assert await ExposureCount(pool, lambda: NOW).round() == DEVICES


@pytest.fixture
def api(fleet: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fleet.api) as connection:
        yield connection


def plan(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute(b"EXPLAIN (FORMAT JSON) " + SQL[name].as_bytes(connection), ASKED).fetchone()
    assert row is not None
    return json.dumps(row[0])


def test_a_period_is_read_by_its_index_and_no_scope_is_asked_for_each_row(api: psycopg.Connection) -> None:
    set_scope(api, Scope(payers=None, frames=frozenset({"HSL", "SoL"}), audiences=frozenset(Audience)))
    assert "device_fault_raised" in plan(api, "groups")


def test_groups_and_exposure_count_what_was_stored(api: psycopg.Connection) -> None:
    set_scope(api, Scope(payers=None, frames=frozenset({"HSL", "SoL"}), audiences=frozenset(Audience)))
    groups = api.execute(SQL["groups"], ASKED).fetchall()
    exposure = api.execute(SQL["exposure"], ASKED).fetchall()
    assert sum(row[7] for row in groups) == pytest.approx(2 * DEVICES * 30 / 365, rel=0.01)
    assert sum(row[4] for row in exposure) == pytest.approx(DEVICES * 30, rel=0.001)
    assert sum(row[5] for row in exposure) == pytest.approx(DEVICES * 15, rel=0.001)
