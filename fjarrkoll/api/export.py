"""`fjarrkoll export`: lists as files that Excel opens."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fjarrkoll.api.client import open_client
from fjarrkoll.api.output import JsonOption, LanguageOption, print_json, print_line
from fleet.errors import FjarrkollError
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Write lists for Excel.")


_File = Annotated[Path, typer.Argument(help="Where to write it; its ending (.xlsx or .csv) says as what")]


class ExportError(FjarrkollError):
    """The list cannot be written where it was asked for."""


@app.callback()
def _lists() -> None:
    """Write lists for Excel."""


@app.command("recall")
def export_recall(  # noqa: PLR0913 - each is an option of the command
    file: _File,
    *,
    state: Annotated[str | None, typer.Option(help="Exactly this state, such as proposed")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    prescriber: Annotated[str | None, typer.Option(help="Code of the prescriber unit")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed cases, too")] = False,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the recall list of a unit or payer. Example: fjarrkoll export recall lista.xlsx --prescriber rehab-07."""
    filters = {"state": state, "payer": payer, "prescriber": prescriber, "open": not every}
    _export("recalls/list", file, filters, language, as_json=as_json)


@app.command("pick-ups")
def export_pick_ups(
    file: _File,
    *,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    overdue: Annotated[bool, typer.Option(help="Only those that should have been fetched")] = False,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the pick-up list (hämtlista), most pressing first. Example: fjarrkoll export pick-ups hamtlista.xlsx."""
    with open_client(language) as client:
        content, rows = client.download("recalls/pick-ups", format=_kind(file), payer=payer, overdue=overdue)
    _save(file, content, rows, language, as_json=as_json)


@app.command("idle")
def export_idle(  # noqa: PLR0913 - each is an option of the command
    file: _File,
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    verdict: Annotated[str | None, typer.Option(help="Another verdict, such as silent")] = None,
    step: Annotated[str | None, typer.Option(help="note, contact or propose")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the idle list with reasons and a sheet of denominators. Example: fjarrkoll export idle oanvanda.xlsx."""
    filters = {"class": device_class, "payer": payer, "verdict": verdict, "step": step}
    _export("idle/list", file, filters, language, as_json=as_json)


@app.command("payers")
def export_payers(
    file: _File,
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the loans whose payer does not fit their prescriber. Example: fjarrkoll export payers betalarfel.xlsx."""
    _export("payer-checks/list", file, {"class": device_class}, language, as_json=as_json)


def _export(path: str, file: Path, filters: Mapping[str, object], language: str, *, as_json: bool) -> None:
    """Asks for a list line by line while it is made, and writes the file that comes last."""
    told = Text("Gör listan …", "Making the list …").to(language)
    content, rows = b"", 0
    with open_client(language) as client, _progress() as progress:
        task = progress.add_task(told, total=None)
        for line in client.lines(path, format=_kind(file), progress=True, **filters):
            if "content" in line:
                content, rows = base64.b64decode(line["content"]), line["rows"]
            else:
                progress.update(task, completed=line["rows"], total=line["of"])
    _save(file, content, rows, language, as_json=as_json)


def _save(file: Path, content: bytes, rows: int, language: str, *, as_json: bool) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ExportError(f"{file}: {error.strerror}") from error
    if as_json:
        print_json({"file": str(file), "rows": rows, "bytes": len(content)})
    else:
        print_line(Text(f"{rows} rader i {file}", f"{rows} rows in {file}").to(language))


def _kind(file: Path) -> Literal["xlsx", "csv"]:
    return "csv" if file.suffix.lower() == ".csv" else "xlsx"


def _progress() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
