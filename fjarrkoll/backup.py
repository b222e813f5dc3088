"""`fjarrkoll backup`: a copy of the database that can prove what it holds."""

from pathlib import Path
from typing import Annotated

import typer

from fjarrkoll.copies.back_up import back_up
from fjarrkoll.migrate import database_of
from fleet.plumbing.settings import load_settings

app = typer.Typer(add_completion=False)

SuperuserUrl = Annotated[
    str,
    typer.Option(
        envvar="FJARRKOLL_SUPERUSER_DATABASE_URL",
        help="Address of a superuser; the variable keeps its password out of the process list.",
    ),
]


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="New folder; it will hold personal data.")],
    superuser_url: SuperuserUrl,
) -> None:
    """Copy the database, beside running services, with a hash of every table."""
    database = database_of(load_settings().need("owner_database_url"))
    done = back_up(superuser_url, database, folder)
    typer.echo(f"{folder}: {done.rows} rows of {len(done.tables)} tables in {done.dump_bytes} bytes, {done.seconds} s.")
