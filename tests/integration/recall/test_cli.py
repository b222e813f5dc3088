"""The commands as people type them: propose, write the list, take the answers, move, figures, passport, register."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fjarrkoll.api import export, imports, passport, recall
from fjarrkoll.main import COMMANDS
from fleet.errors import FjarrkollError
from tests.fixtures.database import Database
from tests.integration.diagnostics.test_cli import api_url
from tests.integration.recall.conftest import MakeToken, Prove, Store, Town
from tests.integration.recall.test_lists import refill
from tests.integration.recall.test_register import BAD, GOOD, listed, units

__all__ = ["api_url", "units"]

ROOMS = {"recall": recall.app, "export": export.app, "import": imports.app, "passport": passport.app}
Run = Callable[..., Result]


@pytest.fixture
def run(
    api_url: str, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Database
) -> Run:
    monkeypatch.setenv("FJARRKOLL_ENV_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("FJARRKOLL_API_URL", api_url)
    monkeypatch.setenv("FJARRKOLL_API_TOKEN", make_token("analyst"))
    monkeypatch.setenv("FJARRKOLL_OWNER_DATABASE_URL", database.owner)
    return lambda room, *arguments: CliRunner().invoke(ROOMS[room], list(map(str, arguments)))


def test_every_command_is_known_to_the_program() -> None:
    assert ROOMS.keys() <= COMMANDS.keys()


def test_a_month_at_the_centre(run: Run, town: Town, prove: Prove, tmp_path: Path, store: Store) -> None:
    for device in (town.chair, town.dispenser):
        prove(device.device_no)
    assert "2" in run("recall", "propose", "--why", "månadens genomgång").stdout
    file = tmp_path / "lista.xlsx"
    written = json.loads(run("export", "recall", file, "--json").stdout)
    assert (written["rows"], written["bytes"]) == (2, file.stat().st_size)
    file.write_bytes(refill(file.read_bytes(), lambda row: row.update(answer="kan hämtas")))
    trial = run("import", "answers", file, "--dry-run").stdout
    assert "Tagna 2" in trial
    assert "Provkörning" in trial
    assert json.loads(run("import", "answers", file, "--json").stdout)["taken"] == 2
    listed_cases = json.loads(run("recall", "list", "--json").stdout)["items"]
    assert {item["state"] for item in listed_cases} == {"confirmed_unused"}
    case = listed_cases[0]["case_id"]
    moved = run("recall", "move", case, "order", "--order-number", "H-1", "--why", "bekräftat")
    assert "hämtorder lagd" in moved.stdout
    assert "order" in run("recall", "show", case).stdout
    assert "0 av 2" in run("recall", "summary").stdout
    assert "bekräftat oanvänd" in run("recall", "list", "--state", "confirmed_unused").stdout
    refused = run("recall", "move", case, "stock", "--why", "x")
    assert isinstance(refused.exception, FjarrkollError)
    assert "hämtorder lagd" in str(refused.exception)
    assert run("export", "recall", tmp_path / "lista.csv").exit_code == 0
    assert (tmp_path / "lista.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    hopeless = run("export", "recall", tmp_path / "no" / "lista.csv")
    assert isinstance(hopeless.exception, FjarrkollError)
    page = tmp_path / "pass.html"
    assert "Okänt" in run("passport", "show", "A-1", "--page", page).stdout
    assert "<svg" in page.read_text(encoding="utf-8")
    assert "Återlämnat" in run("passport", "return", "A-2", "--why", "lämnad").stdout
    assert json.loads(run("recall", "payers", "--json").stdout)["on_loan"] == 2
    assert "Prescriber unit" in run("recall", "letter", "-l", "en").stdout


@pytest.mark.usefixtures("units")
def test_the_register_is_tried_first_and_then_taken(run: Run, tmp_path: Path, store: Store) -> None:
    file = tmp_path / "individer.xlsx"
    file.write_bytes(listed(*GOOD, *BAD))
    trial = run("import", "register", file, "--dry-run")
    assert "Registrerade 3" in trial.stdout
    assert "alltid personligt" in trial.stdout.replace("\n", " ")
    assert store.all("SELECT count(*) FROM device") == [(0,)]
    report = json.loads(run("import", "register", file, "--json").stdout)
    assert (report["registered"], report["refused"]) == (3, 3)
    wrong = run("import", "register", file, "--title", "namn=Namn")
    assert "field=Heading" in str(wrong.exception)
    other = run("import", "register", file, "--title", "model=Artikel")
    assert isinstance(other.exception, FjarrkollError)
    assert "artikel" in str(other.exception)
