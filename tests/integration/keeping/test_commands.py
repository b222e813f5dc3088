"""`fjarrkoll keep`, `backup` and `restore` as somebody who types them."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import sleep

import psycopg

from fjarrkoll.services.process import free_port
from fleet.clock import local_day
from tests.fixtures.database import Database
from tests.fixtures.system import within
from tests.integration.keeping.readings import store

_PROGRAM = [sys.executable, "-m", "fjarrkoll"]


def _variables(database: Database, **more: str) -> dict[str, str]:
    own = {f"FJARRKOLL_{role.upper()}_DATABASE_URL": getattr(database, role) for role in ("owner", "ingest", "worker")}
    own |= {f"FJARRKOLL_{role.upper()}_DATABASE_URL": getattr(database, role) for role in ("api", "grafana")}
    own |= {"FJARRKOLL_SUPERUSER_DATABASE_URL": database.superuser, "FJARRKOLL_ENV_FILE": os.devnull}
    return {**os.environ, **own, **more}


def _run(database: Database, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_PROGRAM, *arguments],
        env=_variables(database, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def _weights(database: Database) -> datetime:
    """A hundred whole days of a scale, a reading at noon of each: no hour to run at makes two readings one day's."""
    now = datetime.now(UTC)
    with psycopg.connect(database.ingest) as connection:
        connection.execute(
            "INSERT INTO reading_scale (device_no, ts, received_at, boot, seq, body_weight)"
            " SELECT 1, at, at, 1, n, 80"
            " FROM generate_series(1, 100) n, LATERAL (SELECT %s::timestamp - n * interval '1 day') d (noon),"
            " LATERAL (SELECT noon AT TIME ZONE 'Europe/Stockholm') a (at)",
            [datetime.combine(local_day(now) - timedelta(days=1), time(12))],
        )
    store(database, [], now)
    return now


def test_keep_run_tells_what_it_does_and_status_how_far_it_is(database: Database) -> None:
    now = _weights(database)
    first = _run(database, "keep", "run", FJARRKOLL_KEEP_READINGS_DAYS="30")
    assert first.returncode == 0, first.stderr
    assert "scale: 100 hours and 100 days written" in first.stdout
    assert "reading_scale: " in first.stdout
    assert "wheelchair: no readings yet" in first.stdout
    told = json.loads(_run(database, "keep", "status", "--json").stdout)
    scale = next(entry for entry in told["classes"] if entry["device_class"] == "scale")
    assert now - datetime.fromisoformat(scale["rolled_up_until"]) < timedelta(hours=2)
    assert datetime.fromisoformat(scale["raw_from"]) > now - timedelta(days=40)
    assert told["columnstore"] is False
    assert "scale: rolled up until" in _run(database, "keep", "status").stdout


def test_a_dry_run_changes_nothing_and_a_wrong_limit_is_refused(database: Database) -> None:
    _weights(database)
    done = _run(database, "keep", "run", "--dry-run", FJARRKOLL_KEEP_READINGS_DAYS="30")
    assert "not rolled up yet" in done.stdout
    with psycopg.connect(database.owner) as connection:
        assert connection.execute("SELECT count(*) FROM hourly_scale").fetchone() == (0,)
    refused = _run(database, "keep", "run", FJARRKOLL_KEEP_AUDIT_DAYS="30")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "audit_days = 30" in refused.stderr


def test_keep_run_every_rolls_up_again_and_again_until_told_to_stop(database: Database) -> None:
    port = free_port()
    variables = _variables(database, FJARRKOLL_METRICS_PORT=str(port))
    with subprocess.Popen([*_PROGRAM, "keep", "run", "--every", "1"], env=variables, stderr=subprocess.PIPE) as process:
        sleep(1)
        _weights(database)

        def rolled_up() -> bool | None:
            with psycopg.connect(database.owner) as connection:
                row = connection.execute("SELECT count(*) FROM hourly_scale").fetchone()
            return True if row == (100,) else None

        try:
            within(30, rolled_up)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    assert process.returncode == 0


def test_backup_and_restore_under_another_name(database: Database, tmp_path: Path) -> None:
    _weights(database)
    folder = tmp_path / "copy"
    made = _run(database, "backup", str(folder))
    assert made.returncode == 0, made.stderr
    assert " rows of " in made.stdout
    assert folder.stat().st_mode & 0o077 == 0
    other = f"{database.name}_again"
    back = _run(database, "restore", str(folder), "--into", other)
    assert back.returncode == 0, back.stderr
    assert "are as they were" in back.stdout
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {other} WITH (FORCE)".encode())
    again = _run(database, "backup", str(folder))
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
