"""`fjarrkoll services`: install the local servers, or say where they are."""

import dataclasses
import json
from typing import Annotated

import typer

from fjarrkoll.services.binaries import install

app = typer.Typer(add_completion=False)


@app.command()
def services(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object with the path of each program.")] = False
) -> None:
    """Install PostgreSQL 17 with TimescaleDB and Mosquitto into the cache where missing, and list the programs."""
    found = {name: str(value) for name, value in dataclasses.asdict(install()).items()}
    typer.echo(json.dumps(found) if as_json else "\n".join(f"{name:<14} {path}" for name, path in found.items()))
