"""From nothing to here, again, two at once, and beside services that write and hold locks."""

import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import psycopg
import pytest

from fjarrkoll.services import Postgres
from fleet.plumbing.store import migrate as module
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import MigrationError, migrate
from tests.fixtures.database import LATEST, Database, drop_database
from tests.integration.store.probe import PROBE, metric, registry, with_metrics

MORE = with_metrics(*PROBE.metrics, metric("motor.heat"))


@pytest.fixture
def empty(postgres: Postgres, role_passwords: Passwords) -> Iterator[DatabaseUrls]:
    name = f"empty_{secrets.token_hex(4)}"
    yield bootstrap(postgres.superuser_dsn(), name, role_passwords)
    drop_database(postgres, name)


def _columns(url: str, table: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        return {row[0] for row in rows.fetchall()}


def test_from_nothing_and_again(empty: DatabaseUrls) -> None:
    first = migrate(empty.owner, registry(PROBE))
    assert (first.revision_before, first.revision_after) == (None, LATEST)
    assert [change.table for change in first.tables if change.made] == ["reading_probe", "hourly_probe", "daily_probe"]
    assert first.reference_rows["metric"] == 4
    assert not first.nothing
    second = migrate(empty.owner, registry(PROBE))
    assert second.nothing
    assert second.revision_after == LATEST


def test_two_at_once_take_turns(empty: DatabaseUrls) -> None:
    with ThreadPoolExecutor(2) as executor:
        done = list(executor.map(lambda _: migrate(empty.owner, registry(PROBE)), range(2)))
    assert sorted(one.nothing for one in done) == [False, True]


def test_a_migration_that_never_ends_is_not_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TURN_SECONDS", 0.3)
    with psycopg.connect(database.owner, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [module._LOCK])
        with pytest.raises(MigrationError, match="another migration"):
            migrate(database.owner, registry(PROBE))
    assert not migrate(database.owner, registry(PROBE)).nothing


def test_a_lock_that_is_given_up_is_waited_for(own_world: Database) -> None:
    holder = psycopg.connect(own_world.ingest)
    holder.execute("SELECT FROM reading_probe LIMIT 1")
    letting_go = threading.Timer(0.6, holder.rollback)
    letting_go.start()
    started = time.monotonic()
    migrate(f"{own_world.owner}?options={quote('-c lock_timeout=50ms')}", registry(MORE))
    letting_go.join()
    holder.close()
    assert time.monotonic() - started > 0.5
    assert "motor_heat" in _columns(own_world.owner, "reading_probe")


def test_a_lock_that_is_kept_ends_with_a_clear_error_and_nothing_half_done(
    own_world: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)
    with psycopg.connect(own_world.ingest) as holder:
        holder.execute("SELECT FROM reading_probe LIMIT 1")
        with pytest.raises(MigrationError, match="quieter time"):
            migrate(f"{own_world.owner}?options={quote('-c lock_timeout=20ms')}", registry(MORE))
    assert "motor_heat" not in _columns(own_world.owner, "reading_probe")


def test_ingest_goes_on_while_a_column_is_added(own_world: Database) -> None:
    """reliability.md D25: no insert fails, and none waits longer than two seconds."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        writer = executor.submit(_insert_until, own_world.ingest, stop)
        time.sleep(0.2)
        migrate(own_world.owner, registry(MORE))
        time.sleep(0.2)
        stop.set()
        waits = writer.result()
    with psycopg.connect(own_world.owner) as connection:
        row = connection.execute("SELECT count(*) FROM reading_probe WHERE boot = 77").fetchone()
    assert row == (len(waits),)
    assert len(waits) > 50
    assert max(waits) < timedelta(seconds=2)


def _insert_until(url: str, stop: threading.Event) -> list[timedelta]:
    waits: list[timedelta] = []
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            now = datetime.now(UTC)
            connection.execute(
                "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc)"
                " VALUES (1, %s, %s, 77, %s, 1)",
                [now, now, len(waits)],
            )
            waits.append(datetime.now(UTC) - now)
    return waits
