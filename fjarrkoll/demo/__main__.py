"""`python -m fjarrkoll.demo`: the demo to watch; with --check unattended, its last line one JSON object."""

import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console
from rich.progress import Progress

from device_sim.connection import Line
from device_sim.ledger import Ledger
from device_sim.swarm import Plan, Swarm, build_swarm, today_in_sweden
from fjarrkoll.demo.accounts import make_accounts
from fjarrkoll.demo.check import Report, observe, replay_cards, report
from fjarrkoll.demo.client import DemoClient, DemoTokens
from fjarrkoll.demo.director import Director, Stagehand, listening, make_area
from fjarrkoll.demo.guide import guide
from fjarrkoll.demo.observe import compare, nights_stored
from fjarrkoll.demo.population import Population, populate
from fjarrkoll.demo.receiver import Received, receiver
from fjarrkoll.demo.story import Cast, cast, habits, make_things_happen
from fjarrkoll.local.system import LocalSystem
from fleet.errors import FjarrkollError
from fleet.plumbing.logs import configure_logs
from fleet.plumbing.settings import load_settings
from fleet.plumbing.store.register import create_token
from fleet.registry import Registry, load_registry

HISTORY_DAYS: Final = 60
HISTORY_SECONDS: Final = 30.0
LIVE_SECONDS: Final = 8.0
HEARTBEAT_SECONDS: Final = 10.0
DRAIN_SECONDS: Final = 30.0

console = Console(stderr=True)
app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the story plays on."""

    system: LocalSystem
    registry: Registry
    population: Population
    roles: Cast
    client: DemoClient
    received: Received
    ledger: Ledger
    ledger_path: Path
    token: str
    director: Director
    area: Sequence[str]


@app.command()
def demo(
    *,
    check: Annotated[bool, typer.Option("--check", help="Unattended: live through the story, observe, end.")] = False,
    devices: Annotated[int, typer.Option(min=20, max=2000, help="Simulated devices.")] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same lives.")] = 1,
    folder: Annotated[Path, typer.Option(help="Data of the demo; begins empty each time.")] = Path(".fjarrkoll/demo"),
) -> None:
    """The whole system with a simulated fleet, on this machine, without Docker."""
    configure_logs(load_settings())
    signal.signal(signal.SIGTERM, _as_interrupt)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        outcome = _run(folder.resolve(), devices, seed, check=check)
    except KeyboardInterrupt:
        console.print("\nstopped; nothing is left running")
        sys.exit(0 if not check else 130)
    except FjarrkollError as error:
        console.print(f"demo: {error}", style="bold")
        sys.exit(1)
    if outcome is not None:
        for complaint in outcome.missing:
            console.print(f"did not happen: {complaint}", style="bold")
        print(json.dumps(outcome.as_json()), flush=True)  # noqa: T201 - the check's last line is its product
        sys.exit(1 if outcome.missing else 0)


def _as_interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(folder: Path, devices: int, seed: int, *, check: bool) -> Report | None:
    registry = load_registry()
    with (
        receiver() as received,
        listening(director := Director(received)),
        LocalSystem(folder, registry, device_passwords={}, webhook_url=received.url) as system,
    ):
        console.print("broker and database are up; registering the fleet …")
        with psycopg.connect(system.urls.owner) as connection:
            population = populate(connection, registry, devices, datetime.now(UTC), seed)
            tokens, roles = _tokens(connection), cast(population)
            area = make_area(connection, roles.area)
            make_accounts(system, connection, director, roles.idle)
        everyone = (*population.playing, *population.replaying)
        system.broker.add_credentials({entry.device_id: entry.password for entry in everyone})
        system.start_parts()
        system.write_env(tokens.technician)
        path = folder / "ledger"
        with Ledger(path) as ledger:
            client = DemoClient(system.api_url, tokens)
            stage = Stage(
                system, registry, population, roles, client, received, ledger, path, tokens.analyst, director, area
            )
            return asyncio.run(_play(stage, seed, check=check))


def _tokens(connection: psycopg.Connection) -> DemoTokens:
    return DemoTokens(
        technician=create_token(connection, "demo technician", "technician", care_unit="demo workshop"),
        carer=create_token(connection, "demo carer", "carer", care_unit="demo alarm centre"),
        analyst=create_token(connection, "demo analyst", "analyst", care_unit="demo centre"),
    )


async def _play(stage: Stage, seed: int, *, check: bool) -> Report | None:
    started = time.monotonic()
    line = Line(stage.system.broker.host, stage.system.broker.port)
    plan = Plan(seed, HISTORY_DAYS, HISTORY_SECONDS, HEARTBEAT_SECONDS)
    swarm = build_swarm(stage.population.playing, stage.registry, line, plan, stage.ledger, habits(stage.roles))
    async with swarm.running():
        loop = asyncio.get_running_loop()
        stage.director.acts = _stagehand(stage, swarm, loop).acts()
        cards = asyncio.create_task(replay_cards(stage.population, stage.registry, line, stage.ledger))
        await _history(swarm, without=() if check else stage.roles.aside)
        for sentence in make_things_happen(swarm.connections, stage.roles):
            console.print(f"· {sentence}")
        if not check:
            await _watch(stage, swarm)
            return None
        await swarm.stay_alive(LIVE_SECONDS)
        observed = await observe(stage.client, stage.roles, stage.received)
        cards_here = await cards
        observed["nights_replayed"] = nights_stored(stage.system.urls.owner)
        await swarm.drained(DRAIN_SECONDS)
    stage.ledger.flush()
    stage.system.check()
    counts = compare(stage.system.urls.owner, stage.registry, stage.ledger_path)
    return report(counts, observed, started, cards_here=cards_here)


def _stagehand(stage: Stage, swarm: Swarm, loop: asyncio.AbstractEventLoop) -> Stagehand:
    roles = stage.roles
    spared = (roles.jammed, *roles.read, *roles.idle)
    return Stagehand(swarm.connections, stage.area, roles.aside, spared, stage.registry, loop)


async def _history(swarm: Swarm, without: Sequence[str]) -> None:
    with Progress(console=console) as progress:
        task = progress.add_task(f"{HISTORY_DAYS} days in {HISTORY_SECONDS:.0f} seconds", total=HISTORY_DAYS)
        await swarm.live_through_history(
            today_in_sweden(), lambda done, _: progress.update(task, completed=done), without=without
        )


async def _watch(stage: Stage, swarm: Swarm) -> None:
    """Until Ctrl-C: the fleet stays alive, and every alarm that reaches the webhook is shown."""
    console.print(guide(stage.system, stage.roles, stage.token), highlight=False, soft_wrap=True)
    shown = 0
    while True:
        await swarm.stay_alive(2.0)
        stage.system.check()
        for body in stage.received.bodies[shown:]:
            console.print(f"alarm: {json.dumps(body, ensure_ascii=False)}", highlight=False, soft_wrap=True)
        shown = len(stage.received.bodies)


if __name__ == "__main__":
    app()
