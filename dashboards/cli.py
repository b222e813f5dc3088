"""`fjarrkoll dashboards`: build the Grafana dashboards, check them, push them to a running Grafana."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from dashboards import build as building
from dashboards.check import problems, shared_problems
from dashboards.push import connect, data_source
from dashboards.push import push as send
from dashboards.trial import Outcome, try_dashboard
from dashboards.variables import DEVICE_PAGE
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry

app = typer.Typer(no_args_is_help=True, help="Build, check or push the Grafana dashboards.")

DevicePage = Annotated[str, typer.Option(help="Address that a device id is appended to, for links out of Grafana.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of sentences.")]


@app.command()
def build(
    output: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = building.COMMITTED,
    device_page: DevicePage = DEVICE_PAGE,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write every dashboard as JSON. Example: fjarrkoll dashboards build --output /etc/grafana/fjarrkoll."""
    wanted = building.files(building.all_dashboards(load_registry(), device_page))
    changed = building.differences(wanted, output) if dry_run else building.write(wanted, output)
    if as_json:
        typer.echo(json.dumps({"dashboards": len(wanted), "changed": changed, "dry_run": dry_run}))
        return
    typer.echo(f"{len(wanted)} dashboards in {output}; {len(changed)} {'would change' if dry_run else 'changed'}")
    for path in changed:
        typer.echo(f"  {path}")


@app.command()
def check(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Run every query on FJARRKOLL_GRAFANA_DATABASE_URL too, in Grafana's role.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that the committed dashboards are current and sound. Example: fjarrkoll dashboards check --live."""
    boards = building.all_dashboards(load_registry())
    built = [board.to_json() for board in boards]
    found = [problem for board in built for problem in problems(board)] + shared_problems(built)
    stale = building.differences(building.files(boards), building.COMMITTED)
    found += [f"{path} is not what the code builds: run `fjarrkoll dashboards build`" for path in stale]
    outcomes = _live_outcomes() if live else []
    found += [f"{outcome.where}: {problem}" for outcome in outcomes for problem in outcome.problems]
    empty = [f"{outcome.where}: {what}" for outcome in outcomes for what in outcome.empty]
    if as_json:
        typer.echo(json.dumps({"problems": found, "empty": empty, "queries": len(outcomes)}, ensure_ascii=False))
    else:
        _tell(found, empty, len(boards), len(outcomes))
    if found:
        raise typer.Exit(1)


@app.command()
def push(device_page: DevicePage = DEVICE_PAGE, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Send dashboards and data source to FJARRKOLL_GRAFANA_URL. Example: fjarrkoll dashboards push --dry-run."""
    settings = load_settings()
    boards = building.all_dashboards(load_registry(), device_page)
    if dry_run:
        done = [f"dashboard {board.uid}: would be sent to {board.folder.title}" for board in boards]
    else:
        api = connect(settings.need("grafana_url"), settings.need("grafana_token"))
        database = settings.grafana_database_url
        done = send(api, boards, None if database is None else data_source(database.get_secret_value()))
    typer.echo(json.dumps({"done": done, "dry_run": dry_run}, ensure_ascii=False) if as_json else "\n".join(done))


def _live_outcomes() -> list[Outcome]:
    url = load_settings().need("grafana_database_url")
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as connection:
        return [
            outcome
            for board in building.all_dashboards(load_registry())
            for outcome in try_dashboard(connection, board, now, {})
        ]


def _tell(found: list[str], empty: list[str], boards: int, queries: int) -> None:
    for what in empty:
        typer.echo(f"no data: {what}", err=True)
    for problem in found:
        typer.echo(f"problem: {problem}", err=True)
    tried = f", {queries} queries run ({len(empty)} without data)" if queries else ""
    typer.echo(f"{boards} dashboards{tried}: {len(found)} problems")
