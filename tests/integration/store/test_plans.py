"""How the planner reaches rows: chunks pruned, keys used, scope evaluated once, ten thousand devices in no time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database, add_payer, copy_database, drop_database
from tests.integration.store.probe import CLASS, MODEL, PROBE, registry
from tests.integration.store.sight import set_scope

DEVICES = 10_000
_READINGS = "SELECT * FROM reading_probe_technical"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BOTH = frozenset({"HSL", "SoL"})


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    """Ten thousand devices of fifty payers, forty of them with eight weeks of hourly readings; to read only."""
    database = copy_database(postgres, template_database, "store_plans", role_passwords)
    migrate(database.owner, registry(PROBE))
    payers = [add_payer(database).payer_id for _ in range(50)]
    started = NOW - timedelta(days=100)
    rows = [
        NewDevice(
            device_class=CLASS,
            model_key=MODEL,
            individual_number=str(n),
            loan=NewLoan(payer_id=payers[n % 50], legal_frame="HSL" if n % 3 else "SoL", started_at=started),
        )
        for n in range(DEVICES)
    ]
    with psycopg.connect(database.owner) as connection:
        enroll_devices(connection, rows, NOW)
        connection.execute("INSERT INTO device_state (device_no, online) SELECT device_no, true FROM device")
        connection.execute(
            "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc)"
            " SELECT d, %s - n * interval '1 hour', now(), 1, n, 50"
            " FROM generate_series(1, 40) d, generate_series(1, 1344) n",
            [NOW],
        )
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
    yield database
    drop_database(postgres, database.name)


@pytest.fixture
def api(fleet: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fleet.api) as connection:
        set_scope(connection, Scope(payers=None, frames=BOTH, audiences=frozenset({Audience.TECHNICAL})))
        yield connection


def _plan(connection: psycopg.Connection, query: str, values: list[Any]) -> dict[str, Any]:
    row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode(), values).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def test_one_device_and_one_week_touch_that_weeks_chunks_by_the_primary_key(api: psycopg.Connection) -> None:
    week = [NOW - timedelta(days=14), NOW - timedelta(days=7)]
    row = api.execute("SELECT device_id FROM device WHERE device_no = 7").fetchone()
    assert row is not None
    for condition, value in (("device_no = %s", 7), ("device_id = %s", row[0])):
        plan = _plan(api, f"{_READINGS} WHERE {condition} AND ts >= %s AND ts < %s", [value, *week])
        scans = [node for node in _nodes(plan) if str(node.get("Relation Name", "")).startswith("_hyper")]
        assert 1 <= len(scans) <= 2, "a week touches at most two chunks"
        for node in _nodes(plan):
            assert not (node["Node Type"] == "Seq Scan" and node["Relation Name"].startswith("_hyper"))
        used = [str(node["Index Name"]) for node in _nodes(plan) if "Index Name" in node]
        assert sum("reading_probe_pkey" in name for name in used) == len(scans)
        assert plan["Actual Rows"] == 168


def test_a_question_without_a_period_touches_every_chunk(api: psycopg.Connection) -> None:
    """The control of the test above: there are more chunks than a week needs."""
    plan = _plan(api, "SELECT * FROM reading_probe_technical WHERE device_no = 7", [])
    scans = [node for node in _nodes(plan) if str(node.get("Relation Name", "")).startswith("_hyper")]
    assert len(scans) >= 8


def test_the_scope_is_read_once_per_statement(api: psycopg.Connection) -> None:
    plan = _plan(api, "SELECT * FROM device", [])
    scan = next(node for node in _nodes(plan) if node.get("Relation Name") == "device")
    assert "current_setting" not in json.dumps(scan.get("Filter"))
    assert "InitPlan" in scan["Filter"]
    assert all(node["Actual Loops"] <= 1 for node in _nodes(plan) if node.get("Parent Relationship") == "InitPlan")


def test_a_payers_devices_are_found_by_index(api: psycopg.Connection, fleet: Database) -> None:
    row = api.execute("SELECT min(payer_id) FROM payer").fetchone()
    assert row is not None
    set_scope(api, Scope(payers=frozenset({row[0]}), frames=BOTH, audiences=frozenset({Audience.TECHNICAL})))
    plan = _plan(api, "SELECT * FROM device", [])
    assert plan["Actual Rows"] == DEVICES / 50
    assert "device_payer" in {node.get("Index Name") for node in _nodes(plan)}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM device",
        "SELECT d.device_no, s.online FROM device d JOIN device_state s USING (device_no)",
        "SELECT d.device_no, s.last_used_day FROM device d JOIN device_state_seen s USING (device_no)",
    ],
)
def test_ten_thousand_devices_are_listed_with_one_look_by_key_at_most_for_each(
    api: psycopg.Connection, query: str
) -> None:
    """A look by key reads three pages. What would be slow is a policy that looks something up for each row."""
    assert _pages(api, query) < 4 * DEVICES


def _pages(connection: psycopg.Connection, query: str) -> int:
    """How many pages a query that gives every device reads, from memory or not."""
    row = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING off) {query}".encode()).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert plan["Actual Rows"] == DEVICES
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_a_page_of_states_is_reached_by_key(api: psycopg.Connection) -> None:
    plan = _plan(
        api,
        "SELECT * FROM device d JOIN device_state_seen s USING (device_no) ORDER BY d.device_no LIMIT 50",
        [],
    )
    states = [node for node in _nodes(plan) if node.get("Relation Name") == "device_state"]
    assert states
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in states) <= 100
