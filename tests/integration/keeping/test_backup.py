"""The restore drill: dump, another cluster, every row as it was; and what must not pass for a backup."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from fjarrkoll.copies.back_up import back_up
from fjarrkoll.copies.manifest import DUMP, MANIFEST, CopyError, Manifest, read_manifest
from fjarrkoll.copies.restore import restore, verify
from fjarrkoll.services import Binaries, Postgres
from fleet.plumbing.store.bootstrap import Passwords, database_urls
from fleet.plumbing.store.migrate import migrate
from tests.fixtures.database import Database
from tests.integration.keeping.readings import Reading, roll_up_probe, store
from tests.integration.store.probe import registry_with_probe
from tests.integration.store.world import build_world

PASSWORDS = Passwords.generate()


@pytest.fixture(scope="module")
def other_cluster(binaries: Binaries, services_folder: Path) -> Iterator[Postgres]:
    """A server that has never heard of us."""
    with Postgres(binaries, services_folder / "other-cluster") as server:
        yield server


@pytest.fixture
def full(kept: Database) -> Database:
    """A row in every table, a thousand readings and their roll-ups."""
    now = datetime.now(UTC)
    build_world(kept.owner, now)
    start = now - timedelta(days=9)
    readings = [
        Reading(1, start + place * timedelta(minutes=11), start, place, place / 8, place % 5, place % 2 == 0)
        for place in range(1000)
    ]
    store(kept, readings, now)
    roll_up_probe(kept)
    return kept


def _backup(full: Database, folder: Path) -> Manifest:
    return back_up(full.superuser, full.name, folder)


def test_every_row_comes_back_on_another_cluster_and_the_system_runs_on_it(
    full: Database, other_cluster: Postgres, tmp_path: Path
) -> None:
    manifest = _backup(full, tmp_path / "backup")
    assert manifest.tables["reading_probe"].rows > 1000
    assert min(manifest.tables[name].rows for name in ("hourly_probe", "daily_probe", "alarm", "audit", "loan")) > 0
    done = restore(tmp_path / "backup", other_cluster.superuser_dsn(), "again", PASSWORDS)
    assert done.manifest == manifest
    urls = database_urls(other_cluster.superuser_dsn(), "again", PASSWORDS)
    assert migrate(urls.owner, registry_with_probe()).nothing
    with psycopg.connect(urls.api) as api:
        assert api.execute("SELECT FROM device").rowcount == 0  # row security came along
    with psycopg.connect(urls.ingest, autocommit=True) as ingest:
        ingest.execute(
            "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq) VALUES (1, now(), now(), 9, 9)"
        )
    with pytest.raises(CopyError, match=r"reading_probe has \d+ rows instead of"):
        verify(manifest, other_cluster.superuser_dsn(), "again")
    with pytest.raises(CopyError, match="there is a database again already"):
        restore(tmp_path / "backup", other_cluster.superuser_dsn(), "again", PASSWORDS)


def test_negative_control_one_changed_value_is_seen(full: Database, tmp_path: Path) -> None:
    manifest = _backup(full, tmp_path / "backup")
    verify(manifest, full.superuser, full.name)
    with psycopg.connect(full.superuser) as connection:
        changed = connection.execute("UPDATE audit SET actor = actor || ' ' WHERE audit_id = 1").rowcount
    assert changed == 1
    with pytest.raises(CopyError, match="audit has other values"):
        verify(manifest, full.superuser, full.name)


def test_a_flipped_byte_is_refused_before_anything_is_made(
    full: Database, other_cluster: Postgres, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    _backup(full, folder)
    dump = bytearray((folder / DUMP).read_bytes())
    dump[len(dump) // 2] ^= 1
    (folder / DUMP).write_bytes(dump)
    with pytest.raises(CopyError, match="damaged"):
        restore(folder, other_cluster.superuser_dsn(), "never", PASSWORDS)
    with psycopg.connect(other_cluster.superuser_dsn()) as connection:
        assert connection.execute("SELECT FROM pg_database WHERE datname = 'never'").rowcount == 0


def test_rows_that_do_not_match_the_manifest_leave_no_database(
    full: Database, other_cluster: Postgres, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    _backup(full, folder)
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    told["tables"]["loan"]["total"] = "1"
    (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CopyError, match="loan has other values"):
        restore(folder, other_cluster.superuser_dsn(), "wrong", PASSWORDS)
    with psycopg.connect(other_cluster.superuser_dsn()) as connection:
        assert connection.execute("SELECT FROM pg_database WHERE datname = 'wrong'").rowcount == 0


def test_what_is_no_backup_is_said_to_be_none(full: Database, tmp_path: Path) -> None:
    with pytest.raises(CopyError, match="no finished backup"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(CopyError, match="is damaged"):
        read_manifest(tmp_path)
    with pytest.raises(CopyError, match="is not empty"):
        _backup(full, tmp_path)


def test_the_dump_is_of_the_moment_that_was_hashed(full: Database, other_cluster: Postgres, tmp_path: Path) -> None:
    """Ingest writes on while the copy is made."""
    stop = threading.Event()

    def write() -> None:
        seq = 100_000
        while not stop.is_set():
            now = datetime.now(UTC)
            store(full, [Reading(1, now, now, seq)])
            seq += 1
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        _backup(full, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    done = restore(tmp_path / "backup", other_cluster.superuser_dsn(), "moment", PASSWORDS)
    with psycopg.connect(full.superuser) as connection:
        row = connection.execute("SELECT count(*) FROM reading_probe").fetchone()
    assert row is not None
    assert row[0] > done.manifest.tables["reading_probe"].rows, "nothing was written meanwhile"
