"""`fjarrkoll doctor` tells a healthy system from one whose ingest is gone, and from none at all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fjarrkoll.services.process import free_port
from tests.fixtures.system import RunningSystem, within


def doctor(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "fjarrkoll", "doctor", "--json"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, {finding["part"]: finding for finding in json.loads(done.stdout)}


def test_a_running_system_is_well_until_ingest_is_killed(running_system: RunningSystem) -> None:
    running_system.local.write_env("unused")
    environment = {"FJARRKOLL_ENV_FILE": str(running_system.local.env_file)}
    _, healthy = doctor(environment)
    assert "pipeline" in healthy  # what other tests did to this system is not ours to judge
    assert {part: finding["well"] for part, finding in healthy.items() if part not in {"quarantine", "pipeline"}} == {
        "broker": True,
        "database": True,
        "ingest": True,
        "api": True,
    }
    ingest = running_system.local.parts["ingest"]
    ingest.kill()
    try:
        ill, _ = within(60.0, lambda: found if not (found := doctor(environment)[1]["ingest"])["well"] else None)
    finally:
        ingest.start()
    assert "behind" in ill["said"]
    assert ill["advice"]


def test_nothing_running_is_not_well(tmp_path: Path) -> None:
    environment = {
        "FJARRKOLL_ENV_FILE": str(tmp_path / "none"),
        "FJARRKOLL_MQTT_PORT": str(free_port()),
        "FJARRKOLL_API_URL": f"http://127.0.0.1:{free_port()}",
    }
    code, findings = doctor(environment)
    assert code == 1
    assert findings["broker"]["well"] is False
    assert findings["api"]["well"] is False
    assert findings["database"]["well"] is None
    assert "FJARRKOLL_OWNER_DATABASE_URL" in findings["database"]["advice"]
