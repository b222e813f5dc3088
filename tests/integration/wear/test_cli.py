"""The commands as people type them: absences, loans, sources, stores, wear, lists in and out."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fjarrkoll.api import absences, export, imports, loans, sources, stores, wear
from fjarrkoll.main import COMMANDS
from fleet.clock import local_day
from fleet.errors import FjarrkollError
from fleet.list_rows import ListKind
from tests.integration.diagnostics.conftest import NOW, MakeToken, Store, Town
from tests.integration.diagnostics.test_cli import api_url
from tests.integration.wear.test_imports import listed

__all__ = ["api_url"]

ROOMS = {
    "absences": absences.app,
    "loans": loans.app,
    "sources": sources.app,
    "stores": stores.app,
    "wear": wear.app,
    "import": imports.app,
    "export": export.app,
}
Run = Callable[..., Result]
TODAY: date = local_day(NOW)


@pytest.fixture
def run(api_url: str, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("FJARRKOLL_ENV_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("FJARRKOLL_API_URL", api_url)
    monkeypatch.setenv("FJARRKOLL_API_TOKEN", make_token("administrator"))

    def running(room: str, *arguments: object) -> Result:
        return CliRunner().invoke(ROOMS[room], list(map(str, arguments)))

    return running


def test_every_command_is_known_to_the_program() -> None:
    assert ROOMS.keys() <= COMMANDS.keys()


def test_what_people_know_of_loans_is_written_and_read_back(run: Run, town: Town, tmp_path: Path) -> None:
    assert "Borta från" in run("absences", "add", "A-1", "--kind", "hospital").stdout
    [entry] = json.loads(run("absences", "list", "--json").stdout)["items"]
    number = entry["absence_id"]
    assert "A-1" in run("absences", "list").stdout
    assert "Away" in run("absences", "end", number, "-l", "en").stdout
    assert "Återtagen" in run("absences", "withdraw", number, "--why", "fel").stdout
    assert "okänt" in run("sources", "set", "maker", "Makers feed").stdout
    assert "känt avbrott" in run("sources", "outage", "maker", "--from", TODAY, "--why", "driftstopp").stdout
    assert run("sources", "over", "maker").exit_code == 0
    assert "Makers feed" in run("sources", "list").stdout
    shown = run("loans", "set", "A-1", "--interval", "7", "--source", "maker", "--borrower", "k-12345678").stdout
    assert "Makers feed" in shown
    assert "k-12345678" not in shown
    assert (
        json.loads(run("loans", "set", "A-1", "--interval", "0", "--json").stdout)["prescribed_interval_days"] is None
    )
    assert "B-1" in run("loans", "replaced", "A-1", "B-1", "--from", TODAY - timedelta(days=3)).stdout
    assert run("loans", "not-replaced", "A-1", "--why", "fel").exit_code == 0
    assert json.loads(run("loans", "consent", "A-1", "--why", "underskrivet", "--json").stdout)["consented_at"]
    refused = run("loans", "equipment", "A-2", "--basic", "--service")
    assert isinstance(refused.exception, FjarrkollError)
    assert "alltid personligt förskriven" in str(refused.exception)
    assert json.loads(run("loans", "show", "A-2", "--json").stdout)["basic_equipment"] is False


def test_stores_wear_and_lists(run: Run, town: Town, tmp_path: Path, store: Store) -> None:
    assert run("stores", "set", "avd-3", "Avdelning 3").exit_code == 0
    file = tmp_path / "lista.xlsx"
    file.write_bytes(listed(ListKind.PLACEMENTS, {"individual_number": "S-1", "store": "avd-3"}))
    assert "Provkörning" in run("import", "placements", file, "--dry-run").stdout
    assert "Tagna 1" in run("import", "placements", file).stdout
    assert "avd-3" in run("stores", "list").stdout
    assert "om 1 av 1 vet vi" in run("wear", "stores").stdout.replace("\n", " ")
    assert "något buffertförråd" in run("stores", "take", "S-1").stdout
    assert "avd-3" in run("stores", "place", "S-1", "avd-3").stdout
    models = run("wear", "models")
    assert "okänt" in models.stdout
    key = json.loads(run("wear", "models", "--json").stdout)["items"][0]["model_key"]
    assert "för få" in run("wear", "curve", key).stdout
    absences_file = tmp_path / "borta.xlsx"
    row = {"individual_number": "A-1", "kind": "resa", "from_day": TODAY.isoformat()}
    absences_file.write_bytes(listed(ListKind.ABSENCES, row, {"individual_number": "Z", "kind": "resa"}))
    report = run("import", "absences", absences_file, "--title", "kind=Frånvaro")
    assert "nekade 1" in report.stdout, report.output
    out = tmp_path / "idle.xlsx"
    assert json.loads(run("export", "idle", out, "--verdict", "never_connected", "--json").stdout)["bytes"] > 4000
    assert json.loads(run("export", "pick-ups", tmp_path / "h.csv", "--json").stdout)["rows"] == 0
    assert (tmp_path / "h.csv").read_bytes().startswith(b"\xef\xbb\xbf")
