"""The command-line program: one entrance, each command's room loaded only when it is used."""

import importlib
import sys
from typing import Final

import typer
import typer.core
from click import Command as ClickCommand
from click import Context

from fleet.errors import FjarrkollError

# Command name -> (module with a Typer `app` or a function `command`, one line of help). Importing a room costs up to half a second,
# so none is imported to show the list.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("fjarrkoll.up", "Start broker, database, ingest and diagnostics locally, without Docker."),
    "services": ("fjarrkoll.services.cli", "Install or show the local broker and database."),
    "migrate": ("fjarrkoll.migrate", "Bring a database to this release: roles, schema, profiles."),
    "enroll": ("fjarrkoll.enroll", "Register a device and give it credentials."),
    "ingest": ("ingest.cli", "Run the consumer that stores what devices send."),
    "diagnostics": ("diagnostics.cli", "Run the API or the alarm and command worker."),
    "simulate": ("device_sim.cli", "Play a fleet of devices, or replay real APAP cards."),
    "certify": ("device_sim.certify", "Prove that a device speaks the contract."),
    "devices": ("fjarrkoll.api.devices", "Search devices, show one, show its readings."),
    "faults": ("fjarrkoll.api.faults", "Show faults, or read them from a device now."),
    "alarms": ("fjarrkoll.api.alarms", "Show alarms and take them."),
    "idle": ("fjarrkoll.api.idle", "List devices that are not used, with reason and cost."),
    "dashboards": ("dashboards.cli", "Build, check or push the Grafana dashboards."),
    "doctor": ("fjarrkoll.doctor", "Check that every part of a running system answers."),
    "bench": ("fjarrkoll.bench", "Measure ingest against the broker's and the database's own limits."),
}


class LazyCommands(typer.core.TyperGroup):
    """A group whose members are imported on first use."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Names in the order of a day's work."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> ClickCommand | None:
        """The command, imported now, or a stand-in with its help when only the list is shown."""
        if cmd_name not in COMMANDS:
            return None
        module, summary = COMMANDS[cmd_name]
        if ctx.resilient_parsing or _only_listing(cmd_name):
            return ClickCommand(cmd_name, help=summary)
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


def _only_listing(name: str) -> bool:
    return name not in sys.argv[1:]


app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Fjärrkoll: telemetry and remote diagnostics for connected assistive devices.",
)


@app.callback()
def entrance() -> None:
    """Fjärrkoll: telemetry and remote diagnostics for connected assistive devices."""


def run() -> None:
    """Runs the program; an error we know ends with one sentence and exit code 1, a wrong call with 2."""
    try:
        app()
    except FjarrkollError as error:
        typer.echo(f"fjarrkoll: {error}", err=True)
        sys.exit(1)
