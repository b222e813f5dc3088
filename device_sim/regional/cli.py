"""`fjarrkoll simulate --devices N`: a whole region in one process, against a running system."""

import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from device_sim.regional.report import RegionalReport
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import load_settings

DEFAULT_REGION: Final = Path(".fjarrkoll/local/region.json")
_AHEAD_MILLISECONDS: Final = 1_000
console = Console(stderr=True)


def simulate_region(  # noqa: PLR0913, PLR0917 - every option is a knob of the run
    context: typer.Context,
    devices: Annotated[
        int | None, typer.Option(min=1, help="Play a region's first so many devices, each with its own outbox.")
    ] = None,
    region: Annotated[Path, typer.Option(help="Written by `fjarrkoll enroll region`.")] = DEFAULT_REGION,
    seed: Annotated[int, typer.Option(help="Same seed, start and boot, same bytes.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="How long they speak.")] = 60.0,
    interval: Annotated[int, typer.Option(min=1, help="Seconds between two messages of a device.")] = 60,
    readings_per_message: Annotated[int, typer.Option(min=1, max=50, help="Readings in each message.")] = 1,
    returning: Annotated[int, typer.Option(min=0, help="How many come back with a memory of readings.")] = 0,
    backlog_hours: Annotated[float, typer.Option(min=0, help="What those bring, in hours of readings.")] = 0.0,
    drain_seconds: Annotated[float, typer.Option(min=0, help="At most, until all is confirmed as stored.")] = 120.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on standard output.")] = False,
) -> None:
    """Play a fleet of devices, or replay real APAP cards.

    With --devices a whole region in this one process, against a running system: identity, outbox and receipts are each
    device's own, lines are shared as a gateway's are. Ends with code 1 where a reading was not confirmed as stored.
    Example: fjarrkoll enroll region --devices 417000, then fjarrkoll simulate --devices 417000 --seconds 600
    """
    if context.invoked_subcommand is not None:
        if devices is not None:
            raise ConfigurationError("--devices before a sub-command plays a region: leave one of the two out")
        return
    if devices is None:
        raise ConfigurationError("say --devices N for a region, or a sub-command: run or replay (see --help)")
    # Here, because numpy is slow to load.
    from device_sim.regional.lines import NoLinesError  # noqa: PLC0415
    from device_sim.regional.plan import RegionalPlan  # noqa: PLC0415
    from device_sim.regional.player import Player  # noqa: PLC0415
    from device_sim.regional.region_file import next_boot, read_region  # noqa: PLC0415

    enrolled, settings = read_region(region), load_settings()
    accounts = enrolled.first(devices)
    plan = RegionalPlan(
        devices=devices,
        seed=seed,
        interval_seconds=interval,
        readings_per_message=readings_per_message,
        stored_up=round(backlog_hours * 3600 / interval),
        returning=returning,
        boot=next_boot(region),
    )
    player = Player(plan, accounts, (settings.mqtt_host, settings.mqtt_port), tell=console.print)
    try:
        player.lines.connect()
        player.begin_at(time.time_ns() // 1_000_000 + _AHEAD_MILLISECONDS)
        report = player.play(seconds, drain_seconds)
    except NoLinesError as error:
        raise ConfigurationError(
            f"{error}; the broker lets a region in when `fjarrkoll up` has read {region}"
        ) from error
    finally:
        player.lines.close()
    typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else _sentence(devices, report))
    if report.unconfirmed:
        raise ConfigurationError(f"{report.unconfirmed} readings are not confirmed as stored: is ingest running?")


def _sentence(devices: int, report: RegionalReport) -> str:
    return (
        f"{devices} devices on {report.lines} lines: {report.readings} readings produced, {report.unconfirmed} not"
        f" confirmed, {report.given_up} given up for want of memory, {report.repeated} sent again;"
        f" at most {report.peak_mebibytes:.0f} MiB of memory, {report.state_mebibytes:.0f} of them the devices' own,"
        f" {report.cpu_seconds:.1f} s of CPU"
    )
