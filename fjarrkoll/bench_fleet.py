"""`fjarrkoll bench fleet`: a whole region's devices against the whole chain, and the database compared row by row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fleet.errors import ConfigurationError

if TYPE_CHECKING:  # an installed copy has no benchmarks
    from benchmarks.fleet_bars import Bar
    from benchmarks.fleet_results import FleetRun

PerGateway = Annotated[
    int,
    typer.Option(
        min=0, help="Devices behind one gateway, which is one connection; 0: one supplier speaks for all over 64."
    ),
]


def measure_fleet_run(  # noqa: PLR0913, PLR0917 - every option is a knob of the run
    devices: Annotated[int, typer.Option(min=1, help="Devices, each with its own outbox and receipts.")] = 417_000,
    minutes: Annotated[float, typer.Option(min=0.05, help="How long they speak.")] = 10.0,
    warm_seconds: Annotated[
        float, typer.Option(min=0, help="They speak so long before time and cost are counted.")
    ] = 0.0,
    interval: Annotated[int, typer.Option(min=1, help="Seconds between two messages of a device.")] = 60,
    readings_per_message: Annotated[int, typer.Option(min=1, max=50, help="Readings in each message.")] = 1,
    backlog_hours: Annotated[
        float, typer.Option(min=0, help="What returning devices bring, in hours of readings.")
    ] = 0.0,
    returning: Annotated[int, typer.Option(min=0, help="How many devices return with it at the beginning.")] = 0,
    stored_up_per_message: Annotated[int, typer.Option(min=1, max=40, help="Stored-up readings in one message.")] = 40,
    per_gateway: PerGateway = 50,
    kill_broker_after: Annotated[
        float | None, typer.Option(min=0, help="Seconds until the broker is killed and started: a reconnect storm.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    withhold: Annotated[
        int, typer.Option(min=0, hidden=True, help="Negative control: produce so many, send none.")
    ] = 0,
    *,
    judge: Annotated[bool, typer.Option("--bars", help="End with code 1 too where a bar of speed is missed.")] = False,
) -> None:
    """Let a region's devices speak through broker, ingest and database, the alarm worker on; print one JSON report.

    Starts its own durable PostgreSQL and Mosquitto, and removes them. Ends with code 1 where a reading was lost, stored
    twice, changed, or never confirmed to its device, with --bars also where it was too slow or too costly.
    Examples: fjarrkoll bench fleet --devices 417000 --minutes 10 --warm-seconds 90 --bars;
    fjarrkoll bench fleet --devices 2500000 --readings-per-message 5 --interval 300
    """
    try:
        from benchmarks.fleet_bars import bars  # noqa: PLC0415 - see the message below
        from benchmarks.fleet_run import FleetOrder, measure_fleet  # noqa: PLC0415 - see the message below
        from device_sim.regional.plan import RegionalPlan  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    plan = RegionalPlan(
        devices=devices,
        seed=seed,
        interval_seconds=interval,
        readings_per_message=readings_per_message,
        stored_up=round(backlog_hours * 3600 / interval),
        returning=returning,
        withheld=withhold,
    )
    order = FleetOrder(
        plan=plan,
        seconds=minutes * 60,
        in_array=stored_up_per_message,
        per_gateway=per_gateway,
        warm_seconds=warm_seconds,
        kill_broker_after=kill_broker_after,
    )
    run = measure_fleet(order, lambda text: typer.echo(text, err=True))
    _tell(run, bars(run), judge=judge)


def _tell(run: "FleetRun", held_against: Sequence["Bar"], *, judge: bool) -> None:
    """Prints the report; ends with code 1 where the run is not sound, or a bar was missed and bars are judged."""
    told = {
        **msgspec.to_builtins(run),
        "bars": [{**msgspec.to_builtins(bar), "held": bar.held} for bar in held_against],
    }
    typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    missed = [str(bar) for bar in held_against if not bar.held] if judge else []
    if complaints := [*run.complaints(), *missed]:
        typer.echo(f"not sound: {', '.join(complaints)}", err=True)
        raise typer.Exit(1)
