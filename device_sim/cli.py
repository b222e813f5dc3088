"""`fjarrkoll simulate`: play a fleet of enrolled devices against a broker, or replay a real APAP card."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from device_sim.connection import Connection, Line
from device_sim.fleet_file import read_fleet
from device_sim.ledger import Ledger
from device_sim.mischief import MISCHIEF
from device_sim.regional.cli import simulate_region
from device_sim.swarm import Plan, Swarm, build_swarm, today_in_sweden
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import Settings, load_settings
from fleet.registry import load_registry

app = typer.Typer(
    invoke_without_command=True, no_args_is_help=True, help="Play a fleet of devices, or replay real APAP cards."
)
app.callback()(simulate_region)
console = Console(stderr=True)

FleetOption = Annotated[Path, typer.Option("--fleet", help="Fleet file written by `fjarrkoll enroll` or the demo.")]
DEFAULT_FLEET = Path(".fjarrkoll/fleet.jsonl")
_CONFIRMED_WITHIN_SECONDS = 30.0


@app.command("run")
def run_fleet(  # noqa: PLR0913, PLR0917 - every option is a knob of the run
    fleet: FleetOption = DEFAULT_FLEET,
    devices: Annotated[int | None, typer.Option(min=1, help="How many of them; all when not given.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same messages.")] = 1,
    history_days: Annotated[int, typer.Option(min=0, help="Days of the past to live through first.")] = 0,
    history_seconds: Annotated[float, typer.Option(min=0, help="Real seconds those days take.")] = 30.0,
    seconds: Annotated[float, typer.Option(min=0, help="Real seconds to stay live afterwards.")] = 60.0,
    heartbeat: Annotated[float, typer.Option(min=0.1, help="Seconds between reports of a live device.")] = 10.0,
    ledger: Annotated[Path | None, typer.Option(help="Write down every message produced.")] = None,
    do: Annotated[
        list[str] | None, typer.Option(help=f"Make something happen, each to another device: {', '.join(MISCHIEF)}.")
    ] = None,
) -> None:
    """Play enrolled devices. Example: fjarrkoll simulate run --devices 20 --history-days 45 --do malformed."""
    settings = load_settings()
    for name in do or []:
        if name not in MISCHIEF:
            raise ConfigurationError(f"--do {name}: choose among {', '.join(MISCHIEF)}")
    plan = Plan(seed, history_days, history_seconds, heartbeat, _boots(fleet), _journals(fleet))
    with Ledger(ledger) as book:
        swarm = build_swarm(read_fleet(fleet)[:devices], load_registry(), _line(settings), plan, book, {})
        asyncio.run(_play(swarm, seconds, do or []))


@app.command("replay")
def replay(
    card: Annotated[Path, typer.Argument(help="Folder of the card, with STR.edf in it.")],
    fleet: FleetOption = DEFAULT_FLEET,
    device_id: Annotated[
        str | None, typer.Option(help="Which enrolled APAP unit it is; else the first of the right model.")
    ] = None,
    *,
    shift_to_today: Annotated[
        bool, typer.Option(help="Move the nights by whole weeks so that the last one is recent.")
    ] = True,
) -> None:
    """Replay a real card through the broker. Example: fjarrkoll simulate replay ../shared/data/apap/airsense10."""
    # Here, because the card reader brings numpy, which is slow to load.
    from device_sim.replay.play import replay_card  # noqa: PLC0415

    settings = load_settings()
    work = replay_card(
        card, read_fleet(fleet), load_registry(), _line(settings), device_id, shift=shift_to_today, boots=_boots(fleet)
    )
    console.print(f"{asyncio.run(work)} nights replayed and confirmed as stored")


async def _play(swarm: Swarm, seconds: float, mischief: Sequence[str]) -> None:
    chosen = _willing(swarm, mischief)
    async with swarm.running():
        with Progress(console=console) as progress:
            task = progress.add_task("history", total=max(1, swarm.plan.history_days))
            await swarm.live_through_history(today_in_sweden(), lambda done, _: progress.update(task, completed=done))
        for name, connection in zip(mischief, chosen, strict=True):
            console.print(f"{connection.device.identity.device_id}: {name}")
            MISCHIEF[name](connection)
        await swarm.stay_alive(seconds)
        unconfirmed = await swarm.drained(_CONFIRMED_WITHIN_SECONDS)
    given_up = sum(connection.device.outbox.given_up for connection in swarm.connections)
    published = sum(connection.published for connection in swarm.connections)
    console.print(f"published {published}, unconfirmed {unconfirmed}, given up for want of memory {given_up}")
    if unconfirmed:
        raise ConfigurationError(f"{unconfirmed} messages are not confirmed as stored: is ingest running?")


def _willing(swarm: Swarm, mischief: Sequence[str]) -> list[Connection]:
    """A device for each mischief: a dispenser for the jam, any other one for the rest."""
    left = list(swarm.connections)
    chosen: list[Connection] = []
    for name in mischief:
        fit = next((c for c in left if name != "jam" or c.device.identity.profile.name == "dispenser"), None)
        if fit is None:
            raise ConfigurationError(f"--do {name}: no device of the fleet is left that can do that")
        left.remove(fit)
        chosen.append(fit)
    return chosen


def _line(settings: Settings) -> Line:
    return Line(settings.mqtt_host, settings.mqtt_port, settings.mqtt_tls_ca)


def _journals(fleet: Path) -> Path:
    """Beside the fleet file too: a new run must not execute again what an earlier one has executed."""
    return fleet.with_name(f"{fleet.name}.journals")


def _boots(fleet: Path) -> Path:
    """Beside the fleet file, because it belongs to the same devices."""
    return fleet.with_name(f"{fleet.name}.boots")
