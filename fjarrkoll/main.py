"""The command-line program: one entrance, each command's room loaded only when it is used."""

import importlib
import sys
from typing import Final

import typer

from fleet.errors import FjarrkollError
from fleet.plumbing.logs import configure_logs
from fleet.plumbing.settings import load_settings

PURPOSE: Final = "Fjärrkoll: telemetry and remote diagnostics for connected assistive devices."

# Command name -> (module with a Typer `app`, one line of help). Importing a room costs up to half a second, so none is
# imported to show the list.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("fjarrkoll.up", "Start broker, database, ingest and diagnostics locally, without Docker."),
    "services": ("fjarrkoll.services.cli", "Install or show the local broker and database."),
    "migrate": ("fjarrkoll.migrate", "Bring a database to this release: roles, schema, profiles."),
    "enroll": ("fjarrkoll.enroll", "Register a device and give it credentials."),
    "accounts": ("fjarrkoll.accounts", "Say who may sign in to the console."),
    "ingest": ("ingest.cli", "Run the consumer that stores what devices send."),
    "diagnostics": ("diagnostics.cli", "Run the API or the alarm and command worker."),
    "simulate": ("device_sim.cli", "Play a fleet of devices, or replay real APAP cards."),
    "certify": ("device_sim.certify", "Prove that a device speaks the contract."),
    "devices": ("fjarrkoll.api.devices", "Search devices, show one, show its readings."),
    "faults": ("fjarrkoll.api.faults", "Show faults, or read them from a device now."),
    "ready": ("fjarrkoll.api.ready", "Say whether devices are ready to be handed out, and stage what can be staged."),
    "orders": ("fjarrkoll.api.orders", "Draft, work, export and count work orders."),
    "timeline": ("fjarrkoll.api.timeline", "Show everything about one device in one order."),
    "diagnose": ("fjarrkoll.api.diagnose", "Find out what is probably wrong with a device, and what to do."),
    "command": ("fjarrkoll.api.command", "Ask a device to do something, follow, approve or take it back."),
    "hold": ("fjarrkoll.api.hold", "Hold a device after an incident, export and verify its evidence."),
    "alarms": ("fjarrkoll.api.alarms", "Show alarms, act upon them, try rules on history."),
    "area": ("fjarrkoll.api.area", "Say where devices stand, so that an outage of many is told as one."),
    "ladder": ("fjarrkoll.ladders.cli", "Show, check and set who is called about alarms."),
    "silence": ("fjarrkoll.ladders.silence", "Keep calm causes quiet for a while; safety causes always call."),
    "watch": ("fjarrkoll.watch.cli", "Watch the alarm engine from outside, and play its daily canary."),
    "figures": ("fjarrkoll.figures.cli", "How fast and how well alarms reach people, and the monthly report."),
    "doses": ("fjarrkoll.api.doses", "Doses of dispensers: schedules, outcomes, absences."),
    "absences": ("fjarrkoll.api.absences", "Absences of borrowers: list, register, end, withdraw."),
    "loans": ("fjarrkoll.api.loans", "What people know of a loan: interval, source, replacement, consent."),
    "sources": ("fjarrkoll.api.sources", "Makers' feeds and gateways: their health and outages."),
    "stores": ("fjarrkoll.api.stores", "Buffer stores and what lies in them."),
    "wear": ("fjarrkoll.api.wear", "How long models last, repairs and use; under- and over-used devices in stores."),
    "limits": ("fjarrkoll.api.limits", "Set limits of a whole class: alarm rules, days until unused counts."),
    "idle": ("fjarrkoll.api.idle", "List devices that are not used, with reason and cost."),
    "recall": ("fjarrkoll.api.recall", "Get unused devices back: propose, ask, order, collect; letters; payer check."),
    "passport": ("fjarrkoll.api.passport", "A device's technical life with advice, a page to print, its return."),
    "export": ("fjarrkoll.api.export", "Write lists for Excel."),
    "import": ("fjarrkoll.api.imports", "Take in lists: answers from prescribers, the register of devices and loans."),
    "dashboards": ("dashboards.cli", "Build, check or push the Grafana dashboards."),
    "doctor": ("fjarrkoll.doctor", "Check that every part of a running system answers."),
    "contract": ("fjarrkoll.contract", "Write the contract's documents from the code, or check them."),
    "keep": ("fjarrkoll.keep", "Roll readings up and drop what has been kept long enough."),
    "backup": ("fjarrkoll.backup", "Copy the database, with a hash of every table."),
    "restore": ("fjarrkoll.restore", "Bring a copy back into a new database and prove that it is whole."),
    "bench": ("fjarrkoll.bench", "Measure ingest against the broker's and the database's own limits."),
}


def run() -> None:
    """Runs the program; an error we know ends with one sentence and exit code 1, a wrong call with 2."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in {"--help", "-h"}:
        typer.echo(overview())
        sys.exit(0)
    if name not in COMMANDS:
        typer.echo(f"fjarrkoll: there is no command {name!r}\n\n{overview()}", err=True)
        sys.exit(2)
    configure_logs(load_settings())
    try:
        importlib.import_module(COMMANDS[name][0]).app(args=arguments, prog_name=f"fjarrkoll {name}")
    except FjarrkollError as error:
        typer.echo(f"fjarrkoll: {error}", err=True)
        sys.exit(1)


def overview() -> str:
    """The list of commands."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join([PURPOSE, "", "Usage: fjarrkoll COMMAND ... (each tells more with --help)", "", *lines])
