import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboards import build, cli
from tests.integration.dashboards.conftest import Filled

run = CliRunner()


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FJARRKOLL_ENV_FILE", str(tmp_path / "none"))


def test_build_writes_what_is_missing_and_a_dry_run_nothing(tmp_path: Path) -> None:
    dry = run.invoke(cli.app, ["build", "--output", str(tmp_path), "--dry-run", "--json"])
    assert json.loads(dry.stdout)["changed"]
    assert list(tmp_path.iterdir()) == []
    arguments = ["build", "--output", str(tmp_path), "--device-page", "https://console.example/d/"]
    assert run.invoke(cli.app, arguments).exit_code == 0
    board = json.loads((tmp_path / "hmc" / "fk-overview.json").read_text(encoding="utf-8"))
    page = next(v for v in board["templating"]["list"] if v["name"] == "device_page")
    assert page["current"]["value"] == "https://console.example/d/"


def test_check_is_content_with_what_is_committed_and_not_with_less(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run.invoke(cli.app, ["check"]).exit_code == 0
    monkeypatch.setattr(build, "COMMITTED", tmp_path)
    stale = run.invoke(cli.app, ["check"])
    assert stale.exit_code == 1
    assert "run `fjarrkoll dashboards build`" in stale.stderr


def test_check_live_runs_every_query(monkeypatch: pytest.MonkeyPatch, filled: Filled) -> None:
    monkeypatch.setenv("FJARRKOLL_GRAFANA_DATABASE_URL", filled.grafana)
    done = run.invoke(cli.app, ["check", "--live", "--json"])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["problems"], said["empty"]) == (0, [], [])
    assert said["queries"] > 100


def test_push_says_what_it_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run.invoke(cli.app, ["push", "--dry-run"])
    assert done.exit_code == 0
    assert "fk-overview" in done.stdout
