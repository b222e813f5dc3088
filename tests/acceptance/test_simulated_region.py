"""`fjarrkoll simulate --devices N` against a running system: let in, stored once, confirmed to every device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from device_sim.regional.region_file import read_region
from tests.fixtures.system import RunningSystem

ROOT = Path(__file__).resolve().parents[2]
ROWS = """
    SELECT count(*), count(DISTINCT (r.device_no, r.boot, r.seq)), count(DISTINCT r.device_no), count(DISTINCT r.boot)
      FROM reading_wheelchair r JOIN device d USING (device_no) WHERE d.device_id LIKE 'sim-%'
"""


def fjarrkoll(system: RunningSystem, *arguments: str) -> subprocess.CompletedProcess[str]:
    broker = system.local.broker
    variables = {
        "FJARRKOLL_ENV_FILE": os.devnull,
        "FJARRKOLL_OWNER_DATABASE_URL": system.local.urls.owner,
        "FJARRKOLL_MQTT_HOST": broker.host,
        "FJARRKOLL_MQTT_PORT": str(broker.port),
    }
    return subprocess.run(
        [sys.executable, "-m", "fjarrkoll", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


@pytest.mark.timeout(240)
def test_a_region_is_enrolled_let_in_played_twice_and_every_reading_is_stored_once(
    running_system: RunningSystem, tmp_path: Path
) -> None:
    file = tmp_path / "region.json"
    enrolled = fjarrkoll(
        running_system, "enroll", "region", "--devices", "150", "--per-gateway", "40", "--region", str(file)
    )
    assert enrolled.returncode == 0, enrolled.stderr
    assert file.stat().st_mode & 0o077 == 0
    again = fjarrkoll(running_system, "enroll", "region", "--devices", "150", "--region", str(file))
    assert "nothing done" in again.stdout

    running_system.local.admit(read_region(file))
    produced = 0
    for _ in range(2):
        played = fjarrkoll(
            *(running_system, "simulate", "--devices", "100", "--region", str(file), "--json"),
            *("--seconds", "4", "--interval", "2"),
        )
        assert played.returncode == 0, played.stderr
        report = json.loads(played.stdout)
        assert (report["unconfirmed"], report["given_up"], report["refused"], report["lines"]) == (0, 0, 0, 3)
        assert report["peak_mebibytes"] > 20
        produced += report["readings"]
    with psycopg.connect(running_system.local.postgres.superuser_dsn("fjarrkoll")) as connection:
        assert connection.execute(ROWS).fetchone() == (produced, produced, 100, 2)


def test_a_region_that_is_not_enrolled_is_told_how(running_system: RunningSystem, tmp_path: Path) -> None:
    nobody = fjarrkoll(running_system, "simulate", "--devices", "10", "--region", str(tmp_path / "none.json"))
    assert nobody.returncode == 1
    assert "fjarrkoll enroll region" in nobody.stderr
    assert "Traceback" not in nobody.stderr
