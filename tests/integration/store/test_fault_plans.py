"""The fleet's faults stay quick: a page reads what the worker summed, and the sums are those of the faults."""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import diagnostics.faults
from diagnostics.faults.counting import FaultCount
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

DEVICES = int(os.environ.get("FJARRKOLL_PLAN_DEVICES", "6000"))
"""417000 is the whole region."""
PAYERS = 20
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SQL = load(Path(diagnostics.faults.__file__).parent)
ASKED: dict[str, Any] = {"days": 30, "device_class": None, "model": None}
# The answer worked out anew from the faults themselves, under the caller's row security.
DIRECTLY = b"""
    SELECT device_class, model_key, coalesce(fault_code, ''), CASE WHEN fault_code IS NULL THEN system ELSE '' END,
           CASE WHEN fault_code IS NULL THEN code ELSE '' END, module, coalesce(firmware, ''), count(*),
           count(DISTINCT device_no), count(*) FILTER (WHERE raised_at >= %(middle)s),
           count(*) FILTER (WHERE cleared_at IS NULL), min(raised_at), max(raised_at)
      FROM device_fault WHERE raised_at >= %(start)s AND raised_at < %(end)s
     GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    """Chairs heard for weeks, two faults each over a year, some of an earlier loan; to read only."""
    database = copy_database(postgres, template_database, "fault_plans", role_passwords)
    migrate(database.owner, load_registry())
    payers = [add_payer(database).payer_id for _ in range(PAYERS)]
    with psycopg.connect(database.owner, autocommit=True) as connection:
        # The register mirrors the open loan in the device's row; here the mirror alone is enough.
        connection.execute(
            "INSERT INTO device (device_id, individual_number, device_class, model_key, firmware, enrolled_at,"
            " payer_id, legal_frame, loan_started_at)"
            " SELECT 'd-' || n, n::text, 'wheelchair', CASE n %% 3 WHEN 0 THEN 'pg-vr2' ELSE 'dynamic-dx' END,"
            " '1.' || n %% 5, %s, CASE WHEN n %% 50 > 0 THEN (%s::integer[])[1 + n %% 20] END,"
            " CASE WHEN n %% 50 > 0 THEN CASE n %% 2 WHEN 0 THEN 'HSL' ELSE 'SoL' END END,"
            " CASE WHEN n %% 50 > 0 THEN %s - n %% 400 * interval '1 day' END FROM generate_series(1, %s) n",
            [NOW - timedelta(days=500), payers, NOW, DEVICES],
        )
        connection.execute(
            "INSERT INTO device_state (device_no, first_seen_at, last_seen_at) SELECT device_no, %s, %s FROM device",
            [NOW - timedelta(days=45), NOW],
        )
        connection.execute(
            "INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at,"
            " cleared_at, cleared_by, source) SELECT 1 + n * 7 %% %s, 'vr2', (1 + n %% 9)::text,"
            " CASE WHEN n %% 13 > 0 THEN 'WC-MOT-0' || 1 + n %% 5 END, at, at, at,"
            " CASE WHEN n %% 4 > 0 THEN at + interval '1 hour' END, CASE WHEN n %% 4 > 0 THEN 'device' END, 'event'"
            " FROM generate_series(1, %s) n, LATERAL (SELECT %s - n * %s AS at) t ON CONFLICT DO NOTHING",
            [DEVICES, 2 * DEVICES, NOW, timedelta(days=365) / (2 * DEVICES)],
        )
    asyncio.run(count(database))
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
    yield database
    drop_database(postgres, database.name)


async def count(database: Database) -> None:
    async with database_pool(database.worker, "test-faults", largest=1) as pool:
        assert await FaultCount(pool, lambda: NOW, share=1.0).round() == 2


@pytest.fixture
def api(fleet: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fleet.api) as connection:
        yield connection


def scope(payers: frozenset[int] | None, *frames: str) -> Scope:
    return Scope(payers=payers, frames=frozenset(frames), audiences=frozenset(Audience))


SCOPES = (
    scope(None, "HSL", "SoL"),
    scope(None, "SoL"),
    scope(frozenset({3}), "HSL", "SoL"),
    scope(frozenset({3, 4, 5}), "HSL"),
    scope(frozenset(), "HSL"),
)


@pytest.mark.parametrize("seen", SCOPES, ids=lambda seen: f"{seen.payers} {sorted(seen.frames)}")
def test_the_sums_are_those_of_the_faults_that_the_caller_sees(api: psycopg.Connection, seen: Scope) -> None:
    set_scope(api, seen)
    period = {"start": NOW - timedelta(days=30), "middle": NOW - timedelta(days=15), "end": NOW}
    directly = api.execute(DIRECTLY, period).fetchall()
    assert sorted(api.execute(SQL["groups"], ASKED).fetchall()) == sorted(directly)
    assert bool(directly) == (seen.payers != frozenset())


def test_device_days_are_those_that_were_lived(api: psycopg.Connection) -> None:
    set_scope(api, SCOPES[0])
    exposure = api.execute(SQL["exposure"], ASKED).fetchall()
    assert [sum(row[at] for row in exposure) for at in (3, 4, 5)] == [
        DEVICES,
        pytest.approx(DEVICES * 30, rel=1e-6),
        pytest.approx(DEVICES * 15, rel=1e-6),
    ]


@pytest.mark.parametrize("name", ["groups", "exposure"])
def test_a_page_touches_sums_and_no_device(api: psycopg.Connection, name: str) -> None:
    for seen in (SCOPES[0], SCOPES[2]):
        set_scope(api, seen)
        statement = b"EXPLAIN (ANALYZE, FORMAT JSON) " + SQL[name].as_bytes(api)
        row = api.execute(statement, ASKED).fetchone()
        assert row is not None
        plan = json.dumps(row[0])
        read = {part.split('"')[0] for part in plan.split('"Relation Name": "')[1:]}
        assert read <= {"fault_group", "device_days", "fault_code", "payer", "legal_frame"}
        assert row[0][0]["Plan"]["Actual Rows"] <= 200, "as many as models, codes and versions, not devices"
