"""`fjarrkoll figures show|report`: how alarms reach people, asked of the API, so that a token's scope decides."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from fjarrkoll.api.client import open_client
from fjarrkoll.api.output import JsonOption, LanguageOption, print_json, print_line
from fjarrkoll.figures.report import COLUMNS, list_rows, month_of, written
from fleet.errors import ConfigurationError
from fleet.plumbing.sheets.writing import write_csv, write_workbook

app: Final = typer.Typer(no_args_is_help=True, help="How alarms reach people, and the monthly report.")


@app.command()
def show(
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days up to now.")] = 30,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """The figures of the last days. Example: fjarrkoll figures show --days 7."""
    end = datetime.now(UTC)
    found = _asked(end - timedelta(days=days), end, language)
    if as_json:
        print_json(found)
    else:
        print_line(written(found, f"{days} d"))


@app.command()
def report(
    *,
    month: Annotated[str, typer.Option(help="Such as 2026-11.")],
    folder: Annotated[Path, typer.Option(help="Where the three files are written.")] = Path(),
    language: LanguageOption = "sv",
) -> None:
    """Write a month's report: larm-MONTH.md to read, .xlsx and .csv to work with."""
    try:
        begins, ends = month_of(month)
    except ValueError:
        raise ConfigurationError("a month is written 2026-11") from None
    found = _asked(begins, ends, language)
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / f"larm-{month}"
    base.with_suffix(".md").write_text(written(found, month), encoding="utf-8")
    rows = list_rows(found)
    with base.with_suffix(".csv").open("wb") as out:
        write_csv(out, COLUMNS, rows)
    with base.with_suffix(".xlsx").open("wb") as out:
        write_workbook(out, sheet="Larm", columns=COLUMNS, rows=rows, notes=[("Månad", month)])
    print_line(f"{base}.md, .xlsx, .csv: {found['overall']['alarms']} alarms")


def _asked(begins: datetime, ends: datetime, language: str) -> dict[str, Any]:
    with open_client("en" if language == "en" else "sv") as client:
        found: dict[str, Any] = client.get("alarm-reach", start=begins.isoformat(), end=ends.isoformat())
    return found
