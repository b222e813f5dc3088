"""`fjarrkoll bench copies`: how long a backup and its restoring take, by rows."""

from typing import Annotated

import msgspec
import typer

from fleet.errors import ConfigurationError


def measure_copies(
    rows: Annotated[int, typer.Option(min=1000, help="Readings in the database.")] = 1_000_000,
) -> None:
    """Fill a database, back it up, restore it on another cluster, compare every row's hash; print one JSON report.

    Ends with code 1 above five minutes per million rows, or where a value changed on purpose goes unnoticed.
    Example: fjarrkoll bench copies --rows 1000000
    """
    try:
        from benchmarks.copies_drill import drill  # noqa: PLC0415 - see the message below
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    done = drill(rows, lambda text: typer.echo(text, err=True))
    typer.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    if complaints := done.complaints():
        typer.echo(f"not good enough: {', '.join(complaints)}", err=True)
        raise typer.Exit(1)
