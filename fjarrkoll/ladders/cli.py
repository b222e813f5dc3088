"""`fjarrkoll ladder show|check|set`: who is called about alarms; addresses are written, and never shown."""

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer

from fjarrkoll.api.output import NOTHING, JsonOption, print_json, print_line, print_table
from fjarrkoll.ladders.file import read_plan
from fjarrkoll.ladders.store import apply, findings, ladders, said, uses
from fleet.errors import ConfigurationError
from fleet.ladder import Ladder, Step
from fleet.ladder_document import write_ladder
from fleet.plumbing.settings import load_settings
from fleet.rota import Finding

app: Final = typer.Typer(no_args_is_help=True, help="Show, check and set who is called about alarms.")


@app.command()
def show(*, as_json: JsonOption = False) -> None:
    """Every ladder, its steps, and where it is used."""
    with _database() as connection:
        found, used = ladders(connection), uses(connection)
    if as_json:
        print_json({"ladders": [write_ladder(ladder) for ladder in found], "uses": used})
        return
    for ladder in found:
        print_table(f"Ladder {ladder.code}", ["step", "calls", "then waits"], _rows(ladder))
        for use in used:
            if use["ladder"] == ladder.code:
                where = ", ".join(f"{name} {value}" for name, value in use.items() if value and name != "ladder")
                print_line(f"  used for {where or 'everything'}")


@app.command()
def check(*, as_json: JsonOption = False) -> None:
    """Gaps of the next four weeks, recipients nobody can reach. Exit code 1 where an alarm could get lost."""
    with _database() as connection:
        found = findings(connection, datetime.now(UTC))
    _tell(found, as_json=as_json)
    if any(flaw.refused for flaws in found.values() for flaw in flaws):
        raise typer.Exit(1)


@app.command("set")
def set_plan(
    file: Annotated[Path, typer.Argument(help="TOML or JSON with [[recipient]], [[ladder]] and [[use]] tables.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Check everything, change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write recipients, ladders and uses from a file; all of it or nothing."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file.name} cannot be read: {type(error).__name__}") from error
    plan = read_plan(text, is_json=file.suffix == ".json")
    with _database() as connection, connection.transaction() as work:
        found = apply(connection, plan, getpass.getuser(), datetime.now(UTC))
        if dry_run:
            raise psycopg.Rollback(work)
    _tell(found, as_json=as_json)
    if not as_json:
        print_line("nothing was changed (dry run)" if dry_run else "set")


def _tell(found: dict[str, list[Finding]], *, as_json: bool) -> None:
    if as_json:
        print_json({code: [_plain(flaw) for flaw in flaws] for code, flaws in found.items()})
        return
    for code, flaws in found.items():
        for flaw in flaws[:20]:
            print_line(f"{code}: {'REFUSED' if flaw.refused else 'note'}: {said(flaw)}")
        if not flaws:
            print_line(f"{code}: no gap in four weeks, everyone can be reached")


def _plain(flaw: Finding) -> dict[str, Any]:
    found = asdict(flaw)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def _rows(ladder: Ladder) -> list[list[str]]:
    rows = [
        [str(number), _called(step), f"{step.wait.total_seconds() / 60:g} min"]
        for number, step in enumerate(ladder.steps, 1)
    ]
    last = f"{ladder.repeat.total_seconds() / 60:g} min, again and again"
    return [*rows, ["last resort", ", ".join(ladder.last_resort), last]]


def _called(step: Step) -> str:
    parts = []
    for duty in step.duties:
        hours = ", ".join(
            f"{'+'.join(sorted(window.days))} {window.begins:%H:%M}-{window.ends:%H:%M}" for window in duty.windows
        )
        parts.append(f"{duty.recipient} ({hours})" if hours else duty.recipient)
    return "; ".join(parts) or NOTHING


def _database() -> psycopg.Connection:
    return psycopg.connect(load_settings().need("owner_database_url"))
