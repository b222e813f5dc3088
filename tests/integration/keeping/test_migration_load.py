"""reliability.md D25: a writer loses nothing and never stands still for two seconds while a release migrates."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.tables import shape_table
from tests.fixtures.database import drop_database
from tests.integration.store.probe import PROBE, metric, registry, with_metrics

LONGEST_STALL: Final = 2.0
_BIG: Final = 400_000
_PER_BATCH: Final = 25
_SECONDS_PER_BATCH: Final = _PER_BATCH / 500


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer did: messages committed, and the longest that one batch took."""

    messages: int
    longest: float


@pytest.fixture
def first_release(postgres: Postgres, role_passwords: Passwords) -> Iterator[DatabaseUrls]:
    """A database as revision 0001 left it, with a big table of readings and no roll-ups."""
    name = f"load_{secrets.token_hex(4)}"
    urls = bootstrap(postgres.superuser_dsn(), name, role_passwords)
    _upgrade_to(urls.owner, "0001")
    with psycopg.connect(urls.owner) as connection:
        shape_table(connection, PROBE)
        connection.execute(
            "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc)"
            " SELECT n %% 1000, at, at, 1, n, n %% 100 FROM generate_series(1, %s) n,"
            " LATERAL (SELECT now() - n * interval '1 second') a (at)",
            [_BIG],
        )
    yield urls
    drop_database(postgres, name)


def _upgrade_to(owner: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "fleet.plumbing:migrations")
    config.set_main_option("path_separator", "os")
    creator = partial(psycopg.connect, owner)
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=creator, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _write_during(urls: DatabaseUrls, work: Callable[[], object]) -> Written:
    """500 messages a second, each batch a transaction, before, during and after `work`."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        writer = executor.submit(_write_until, urls.ingest, stop)
        try:
            time.sleep(1)
            work()
            time.sleep(1)
        finally:
            stop.set()
        return writer.result()


def _write_until(ingest: str, stop: threading.Event) -> Written:
    messages, longest, due = 0, 0.0, time.monotonic()
    with psycopg.connect(ingest, autocommit=True) as connection:
        while not stop.is_set():
            started = time.monotonic()
            now = datetime.now(UTC)
            connection.execute(
                "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc)"
                " SELECT 1, %s, %s, 77, n, 1 FROM generate_series(%s::bigint, %s::bigint) n",
                [now, now, messages, messages + _PER_BATCH - 1],
            )
            messages += _PER_BATCH
            longest = max(longest, time.monotonic() - started)
            due += _SECONDS_PER_BATCH
            time.sleep(max(0.0, due - time.monotonic()))
    return Written(messages, longest)


def _stored(urls: DatabaseUrls) -> int:
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute("SELECT count(*) FROM reading_probe WHERE boot = 77").fetchone()
    assert row is not None
    return int(row[0])


def test_from_the_first_release_with_a_new_metric(first_release: DatabaseUrls) -> None:
    wider = with_metrics(*PROBE.metrics, metric("motor.heat"))
    written = _write_during(first_release, lambda: migrate(first_release.owner, registry(wider)))
    assert written.messages > 900
    assert _stored(first_release) == written.messages
    assert written.longest <= LONGEST_STALL
    with psycopg.connect(first_release.owner) as connection:
        connection.execute("SELECT motor_heat FROM reading_probe LIMIT 1")
        connection.execute("SELECT motor_heat__max FROM hourly_probe LIMIT 1")
        row = connection.execute(
            "SELECT count(*) FROM pg_indexes"
            " WHERE indexdef LIKE '%USING brin (received_at)%' AND tablename LIKE '%chunk'"
        ).fetchone()
    assert row is not None
    assert row[0] >= 1, "what was there before has the new index too"


def test_negative_control_a_lock_held_long_is_a_stall(first_release: DatabaseUrls) -> None:
    def careless() -> None:
        with psycopg.connect(first_release.owner) as connection:
            connection.execute("LOCK TABLE reading_probe IN ACCESS EXCLUSIVE MODE")
            time.sleep(LONGEST_STALL + 0.5)

    written = _write_during(first_release, careless)
    assert written.longest > LONGEST_STALL
    assert _stored(first_release) == written.messages
