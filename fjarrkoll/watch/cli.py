"""`fjarrkoll watch run|look|canary|adopt`: the watch as a process, one look, one flight of the canary."""

import asyncio
import signal
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Final

import psycopg
import typer

from fjarrkoll.api.output import JsonOption, print_json, print_line
from fjarrkoll.watch.canary import fly
from fjarrkoll.watch.judging import SAID
from fjarrkoll.watch.telling import own_channels
from fjarrkoll.watch.watching import Watch
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import load_settings

app: Final = typer.Typer(no_args_is_help=True, help="Watch the alarm engine from outside, and play its daily canary.")


@app.command()
def run() -> None:
    """Watch until stopped."""
    asyncio.run(_until_stopped())


@app.command("look")
def look_once(*, as_json: JsonOption = False) -> None:
    """Look once and say what is wrong; exit code 1 where something is."""
    settings = load_settings()
    troubles = sorted(asyncio.run(Watch(settings, []).once()))
    if as_json:
        print_json({"troubles": troubles})
    else:
        for trouble in troubles:
            print_line(f"{trouble}: {SAID[trouble].en}")
        print_line("all is well" if not troubles else "")
    if troubles:
        raise typer.Exit(1)


@app.command()
def canary(
    *,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long its alarm may take.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Let the canary fly now, and say how long its alarm took; exit code 1 where it did not arrive."""
    journey = asyncio.run(fly(load_settings(), timedelta(minutes=minutes)))
    if as_json:
        print_json(asdict(journey))
    else:
        print_line(f"{'arrived' if journey.arrived else 'LOST'}: sent after {journey.to_sent} s")
    if not journey.arrived:
        raise typer.Exit(1)


@app.command()
def adopt(device_id: Annotated[str, typer.Argument(help="An enrolled dispenser that is in store.")]) -> None:
    """Make a device a canary: its alarms go to recipients marked `canary` from now on, and to nobody else."""
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        made = connection.execute(
            """
            INSERT INTO canary_device SELECT device_no FROM device
             WHERE device_id = %s AND device_class = 'dispenser' AND loan_started_at IS NULL
            ON CONFLICT DO NOTHING
            """,
            [device_id],
        ).rowcount
    if not made:
        raise ConfigurationError("no dispenser in store has this device id, or it is a canary already")
    print_line(f"{device_id} is a canary")


async def _until_stopped() -> None:
    settings = load_settings()
    watch = Watch(settings, own_channels(settings))
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    running = asyncio.create_task(watch.run(), name="watch")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if running.done():
        await running
    running.cancel()
    await asyncio.wait({running}, timeout=5)
