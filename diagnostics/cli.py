"""`fjarrkoll diagnostics api` and `fjarrkoll diagnostics worker`."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from fleet.plumbing.logs import configure_logs
from fleet.plumbing.settings import Settings, load_settings

app: Final = typer.Typer(no_args_is_help=True, help="Run the API or the alarm and command worker.")

_EnvFile = Annotated[Path | None, typer.Option(help="File with FJARRKOLL_* lines; the local one where not given")]


def _prepared(env_file: Path | None) -> Settings:
    settings = load_settings(env_file)
    configure_logs(settings)
    return settings


@app.command()
def api(env_file: _EnvFile = None) -> None:
    """Serve the HTTP API until stopped."""
    from diagnostics.server import serve  # noqa: PLC0415 - FastAPI costs a third of a second that --help need not pay

    asyncio.run(serve(_prepared(env_file)))


@app.command()
def worker(env_file: _EnvFile = None) -> None:
    """Judge devices, raise and clear alarms, send notifications and commands, until stopped."""
    from diagnostics.worker import serve  # noqa: PLC0415 - as above

    asyncio.run(serve(_prepared(env_file)))
