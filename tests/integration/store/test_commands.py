"""`fjarrkoll migrate` and `fjarrkoll enroll` as people call them."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer import Typer
from typer.testing import CliRunner

from device_sim.fleet_file import read_fleet
from fjarrkoll import enroll, migrate
from fjarrkoll.services import Postgres
from fleet.errors import ConfigurationError, UnknownDeviceClassError
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, database_urls
from fleet.plumbing.store.register import RegisterError, token_hash
from fleet.registry import load_registry
from tests.fixtures.database import LATEST, Database, add_payer, drop_database

MODEL = load_registry()["scale"].models[0].key
ONE = ["one", "--class", "scale", "--model", MODEL, "--individual-number", "4711"]


def _environment(monkeypatch: pytest.MonkeyPatch, urls: DatabaseUrls | Database, folder: Path) -> None:
    monkeypatch.chdir(folder)
    for role in ("owner", "ingest", "worker", "api", "grafana"):
        monkeypatch.setenv(f"FJARRKOLL_{role.upper()}_DATABASE_URL", getattr(urls, role))


@pytest.fixture
def planned(
    postgres: Postgres, role_passwords: Passwords, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[DatabaseUrls]:
    """Addresses of a database that is not there yet."""
    name = f"planned_{secrets.token_hex(4)}"
    urls = database_urls(postgres.superuser_dsn(), name, role_passwords)
    _environment(monkeypatch, urls, tmp_path)
    yield urls
    drop_database(postgres, name)


@pytest.fixture
def store(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    _environment(monkeypatch, database, tmp_path)
    return database


def _run(arguments: list[str], command: Typer = enroll.app) -> str:
    result = CliRunner().invoke(command, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_migrate_makes_everything_and_then_says_there_is_nothing_to_do(
    planned: DatabaseUrls, postgres: Postgres
) -> None:
    said = _run(["--superuser-url", postgres.superuser_dsn()], migrate.app)
    assert f"Schema: from nothing to {LATEST}." in said
    assert "Table reading_scale: made." in said
    assert _run([], migrate.app) == f"Nothing to do: the database is at revision {LATEST}.\n"
    told = json.loads(_run(["--json"], migrate.app))
    assert (told["nothing"], told["revision_after"], told["reference_rows"]) == (True, LATEST, {})
    with psycopg.connect(planned.api) as connection:
        assert connection.execute("SELECT count(*) > 3 FROM device_class").fetchone() == (True,)


def test_migrate_says_which_setting_is_missing_or_wrong(
    planned: DatabaseUrls, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    superuser = ["--superuser-url", postgres.superuser_dsn()]
    monkeypatch.setenv("FJARRKOLL_API_DATABASE_URL", planned.owner)
    with pytest.raises(ConfigurationError, match="API_DATABASE_URL must name the user fjarrkoll_api"):
        _run(superuser, migrate.app)
    monkeypatch.setenv("FJARRKOLL_OWNER_DATABASE_URL", "postgresql://fjarrkoll_owner:x@127.0.0.1")
    with pytest.raises(ConfigurationError, match="names no database"):
        _run(superuser, migrate.app)
    monkeypatch.delenv("FJARRKOLL_OWNER_DATABASE_URL")
    with pytest.raises(ConfigurationError, match="OWNER_DATABASE_URL is not set"):
        _run([], migrate.app)


def test_enroll_one_registers_and_gives_the_broker_and_the_simulator_what_they_need(
    store: Database, tmp_path: Path
) -> None:
    add_payer(store, "kommun-07")
    passwords, fleet = tmp_path / "passwords", tmp_path / "fleet"
    files = ["--password-file", str(passwords), "--fleet-file", str(fleet)]
    told = json.loads(_run([*ONE, "--payer", "kommun-07", "--frame", "SoL", *files]))
    assert passwords.read_text(encoding="utf-8") == told["password_line"] + "\n"
    assert told["password_line"].startswith(told["device_id"] + ":$7$")
    assert passwords.stat().st_mode & 0o777 == 0o600
    entry = read_fleet(fleet)[0]
    assert (entry.device_id, entry.password, entry.model) == (told["device_id"], told["password"], MODEL)
    with psycopg.connect(store.owner) as connection:
        row = connection.execute(
            "SELECT device_id, individual_number, legal_frame, enrolled_at IS NOT NULL FROM device"
        ).fetchone()
    assert row == (told["device_id"], "4711", "SoL", True)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["--payer", "nowhere", "--frame", "HSL"], RegisterError, "no payer has the code 'nowhere'"),
        (["--payer", "nowhere"], ConfigurationError, "add --frame"),
        (["--payer", "kommun-07", "--frame", "LSS"], ConfigurationError, "'LSS' is unknown"),
        (["--payer", "kommun-07", "--frame", "HSL", "--prescriber", "no"], RegisterError, "no prescriber"),
        (["--model", "teapot"], RegisterError, "scale has no model 'teapot'; known:"),
        (["--class", "teapot"], UnknownDeviceClassError, "known: apap"),
    ],
)
def test_enroll_one_says_what_is_wrong(
    store: Database, arguments: list[str], error: type[Exception], sentence: str
) -> None:
    add_payer(store, "kommun-07")
    with pytest.raises(error, match=sentence):
        _run([*ONE, *arguments])


def test_enroll_token_prints_a_token_that_works(store: Database) -> None:
    payer = add_payer(store, "kommun-07")
    token = _run(["token", "--name", "anna", "--role", "carer", "--payer", "kommun-07", "--frame", "SoL",
                  "--audience", "technical", "--expires", "2999-01-01"]).strip()  # fmt: skip
    with psycopg.connect(store.api) as connection:
        row = connection.execute("SELECT payers, frames, audiences FROM find_token(%s)", [token_hash(token)]).fetchone()
    assert row == ([payer.payer_id], ["SoL"], ["technical"])
