"""`fjarrkoll enroll demo`, which the compose file's demo profile begins with."""

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from device_sim.fleet_file import read_fleet
from fjarrkoll.enroll import app
from fjarrkoll.services import password_line
from tests.fixtures.database import Database


def test_it_registers_a_fleet_once_and_lets_the_broker_know(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FJARRKOLL_ENV_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("FJARRKOLL_OWNER_DATABASE_URL", database.owner)
    passwords, fleet = tmp_path / "passwords", tmp_path / "fleet.jsonl"
    passwords.write_text(password_line("ingest", "kept") + "\n", encoding="utf-8")
    before = passwords.read_text(encoding="utf-8")
    arguments = ["demo", "--devices", "20", "--fleet-file", str(fleet), "--password-file", str(passwords)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    entries = read_fleet(fleet)
    written = passwords.read_text(encoding="utf-8")
    assert len(entries) == 20
    assert written.startswith(before)
    assert {line.split(":")[0] for line in written.splitlines()[1:]} == {entry.device_id for entry in entries}
    assert not any(entry.password in first.output for entry in entries)
    second = CliRunner().invoke(app, arguments)
    assert "there already" in second.output
    assert passwords.read_text(encoding="utf-8") == written
    with psycopg.connect(database.owner) as connection:
        row = connection.execute("SELECT count(*) FROM device WHERE enrolled_at IS NOT NULL").fetchone()
    assert row is not None
    assert row[0] >= 20
