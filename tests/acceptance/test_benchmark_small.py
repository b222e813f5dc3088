"""The benchmark in small: it counts right, and fails when a reading is missing. How fast it was is not asked here."""

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from benchmarks.checking import check
from benchmarks.children import ChildError, child
from benchmarks.generator import Order, Report
from benchmarks.results import Check
from benchmarks.workload import METRICS, Workload
from fjarrkoll.services import Mosquitto
from fjarrkoll.services.process import free_port
from tests.fixtures.database import Database

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [key.replace(".", "_") for key in METRICS]


@dataclass(frozen=True)
class Said:
    """What one call of the benchmark gave."""

    code: int
    document: dict[str, Any]
    errors: str

    @property
    def run(self) -> dict[str, Any]:
        run: dict[str, Any] = self.document["runs"][0]
        return run


def bench(*arguments: str) -> Said:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "fjarrkoll",
            "bench",
            "ingest",
            "--json",
            "--devices",
            "150",
            "--peer-messages",
            "300",
            *arguments,
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return Said(done.returncode, json.loads(done.stdout), done.stderr)


@pytest.mark.timeout(260)
@pytest.mark.parametrize(("messages", "readings"), [(2000, 1), (2000, 5)])
def test_everything_generated_is_stored_once_and_every_figure_is_there(messages: int, readings: int) -> None:
    said = bench("--messages", str(messages), "--readings-per-message", str(readings))
    assert said.code == 0, said.errors
    rows, run, chain = (messages + 150) * readings, said.run, said.run["end_to_end"]
    nothing_wrong = {"lost": 0, "duplicated": 0, "altered": 0, "unexpected": 0, "quarantined": 0}
    assert (
        chain["check"].items()
        >= ({"expected": rows, "stored": rows, "devices_with_state": 150} | nothing_wrong).items()
    )
    assert chain["check"]["usage_difference"] < 1e-6
    assert chain["acknowledged"] == {"SUCCESS": messages}
    assert (chain["messages"]["amount"], chain["rows"]["amount"]) == (messages, messages * readings)
    assert run["peer"]["stored"] == 300 * readings
    assert set(chain["costs"]["seconds"]) == {"generator", "broker", "ingest", "database", "elsewhere"}
    assert chain["costs"]["seconds"]["ingest"] > 0
    assert chain["ingest_peak_mebibytes"] > 10
    assert 0 < chain["ingest_growth_mebibytes"] <= 50, "bounded by what may be in hand"
    assert set(run["rates"]) <= set(said.document["median"])
    assert all(rate > 0 for rate in run["rates"].values())
    rates = run["rates"]
    assert run["ratios"]["end_to_end_of_broker"] == pytest.approx(
        rates["end_to_end_messages_per_second"] / rates["broker_messages_per_second"]
    )
    assert run["ratios"]["rows_of_copy"] == pytest.approx(
        rates["end_to_end_rows_per_second"] / rates["copy_rows_per_second"]
    )
    assert {"Python", "PostgreSQL", "TimescaleDB", "Mosquitto"} <= set(run["machine"]["versions"])


@pytest.mark.timeout(260)
def test_a_reading_that_never_arrived_makes_the_benchmark_fail() -> None:
    said = bench("--messages", "1000", "--withhold", "1")
    assert said.code == 1
    assert "1 lost" in said.errors
    found = said.run["end_to_end"]["check"]
    assert (found["expected"], found["stored"], found["lost"], found["duplicated"]) == (1150, 1149, 1, 0)


def test_too_few_devices_for_so_many_minutes_are_refused_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fjarrkoll", "bench", "ingest", "--messages", "1000000", "--devices", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "use more devices" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def tables(database: Database) -> Database:
    """A ledger of two readings, and a table without a key in which the same two are stored."""
    with psycopg.connect(database.owner) as connection:
        for table in ("ledger", "stored"):
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE reading_wheelchair)").format(sql.Identifier(table)))
        for seq in (1, 2):
            add(connection, "ledger", seq)
            add(connection, "stored", seq)
        connection.execute("INSERT INTO usage_day VALUES (7, '2026-11-22', 'distance', 20)")
    return database


def add(connection: psycopg.Connection, table: str, seq: int, distance: float = 10.0) -> None:
    values = [distance if column == "drive_distance" else 1.0 for column in COLUMNS]
    names = ["device_no", "ts", "received_at", "boot", "seq", *COLUMNS]
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() for _ in names),
        ),
        [7, f"2026-11-22 12:0{seq}+00", "2026-11-22 13:00+00", 1, seq, *values],
    )


def checked(database: Database) -> Check:
    return check(database.superuser, "stored", "ledger", canary=0)


def test_the_check_finds_nothing_where_ledger_and_table_agree(tables: Database) -> None:
    found = checked(tables)
    assert (found.expected, found.stored, found.lost, found.duplicated, found.altered, found.unexpected) == (
        2,
        2,
        0,
        0,
        0,
        0,
    )
    assert found.usage_difference == 0
    assert found.complaints() == ["current state of 0 instead of 1 devices"], "there is no row of current state"


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        ("DELETE FROM stored WHERE seq = 2", "lost"),
        ("INSERT INTO stored SELECT * FROM stored WHERE seq = 2", "duplicated"),
        ("UPDATE stored SET battery_soc = 2 WHERE seq = 2", "altered"),
        ("UPDATE stored SET ts = ts + interval '1 ms' WHERE seq = 2", "altered"),
        ("UPDATE stored SET unknown = '{}' WHERE seq = 2", "altered"),
        ("INSERT INTO stored SELECT (s #= hstore('seq', '3')).* FROM stored s WHERE seq = 2", "unexpected"),
    ],
)
def test_the_check_finds_harm(tables: Database, harm: str, name: str) -> None:
    with psycopg.connect(tables.superuser, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hstore")
        connection.execute(harm.encode())
    found = checked(tables)
    assert {key for key in ("lost", "duplicated", "altered", "unexpected") if getattr(found, key)} == {name}
    assert f"1 {name}" in found.complaints()


def test_the_check_finds_usage_that_does_not_follow_from_the_readings(tables: Database) -> None:
    with psycopg.connect(tables.owner) as connection:
        connection.execute("UPDATE usage_day SET amount = 30")
    assert checked(tables).usage_difference == pytest.approx(0.5)


def order(broker: Mosquitto, username: str, password: str, messages: int = 50) -> Order:
    workload = Workload.ending_at(time.time_ns() // 1_000_000, messages=messages, readings_per_message=1, devices=5)
    return Order(host=broker.host, port=broker.port, username=username, password=password, workload=workload)


def test_the_generator_counts_refusals_by_their_reason_and_sends_nothing_twice(broker: Mosquitto) -> None:
    name, password = f"dev-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    broker.add_credentials({name: password})
    with child("benchmarks.generator", order(broker, name, password), Report) as generator:
        generator.go()
        report = generator.report()
    assert (report.sent, report.acknowledged) == (50, {"NOT_AUTHORIZED": 50})


def test_the_generator_says_why_it_cannot_begin(broker: Mosquitto) -> None:
    with (
        pytest.raises(ChildError, match="did not let the generator in"),
        child("benchmarks.generator", order(broker, "nobody-known", "wrong"), Report),
    ):
        pytest.fail("it began")


def test_the_generator_says_that_the_broker_went_away(broker: Mosquitto) -> None:
    nowhere = Order(
        host=broker.host,
        port=free_port(),
        username="bench",
        password="x",
        workload=order(broker, "bench", "x").workload,
    )
    with pytest.raises(ChildError, match="refused"), child("benchmarks.generator", nowhere, Report):
        pytest.fail("it began")
