"""`fjarrkoll restore`: the drill that a copy of the database can come back."""

from pathlib import Path
from typing import Annotated

import typer

from fjarrkoll.backup import SuperuserUrl
from fjarrkoll.copies.restore import restore
from fjarrkoll.migrate import database_of, role_passwords
from fleet.plumbing.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def restore_database(
    folder: Annotated[Path, typer.Argument(help="Written by `fjarrkoll backup`.", exists=True, file_okay=False)],
    superuser_url: SuperuserUrl,
    into: Annotated[
        str | None, typer.Option(help="Name of the new database; that of FJARRKOLL_OWNER_DATABASE_URL if not given.")
    ] = None,
) -> None:
    """Bring a backup into a new database, on this or another cluster, and compare every row with the backup."""
    settings = load_settings()
    database = into or database_of(settings.need("owner_database_url"))
    done = restore(folder, superuser_url, database, role_passwords(settings))
    typer.echo(
        f"{database}: {done.manifest.rows} rows of {len(done.manifest.tables)} tables are as they were at"
        f" {done.manifest.made_at}; {done.seconds} s."
    )
