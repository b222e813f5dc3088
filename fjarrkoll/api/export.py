"""`fjarrkoll export`: lists as files that Excel opens."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fjarrkoll.api.client import open_client
from fjarrkoll.api.output import JsonOption, LanguageOption, print_json, print_line
from fleet.errors import FjarrkollError
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Write lists for Excel.")


class ExportError(FjarrkollError):
    """The list cannot be written where it was asked for."""


@app.callback()
def _lists() -> None:
    """Write lists for Excel."""


@app.command("recall")
def export_recall(  # noqa: PLR0913 - each is an option of the command
    file: Annotated[Path, typer.Argument(help="Where to write it; its ending (.xlsx or .csv) says as what")],
    *,
    state: Annotated[str | None, typer.Option(help="Exactly this state, such as proposed")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    prescriber: Annotated[str | None, typer.Option(help="Code of the prescriber unit")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed cases, too")] = False,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the recall list of a unit or payer. Example: fjarrkoll export recall lista.xlsx --prescriber rehab-07."""
    kind: Literal["xlsx", "csv"] = "csv" if file.suffix.lower() == ".csv" else "xlsx"
    filters = {"state": state, "payer": payer, "prescriber": prescriber, "open": not every}
    told = Text("Gör listan …", "Making the list …").to(language)
    with open_client(language) as client, _progress() as progress:
        progress.add_task(told, total=None)
        content, rows = client.download("recalls/list", format=kind, **filters)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ExportError(f"{file}: {error.strerror}") from error
    if as_json:
        print_json({"file": str(file), "rows": rows, "bytes": len(content)})
    else:
        print_line(Text(f"{rows} rader i {file}", f"{rows} rows in {file}").to(language))


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
