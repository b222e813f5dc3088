"""`fjarrkoll bench shards`: the same load through one ingest worker and through two."""

from typing import Annotated

import msgspec
import typer

from fleet.errors import ConfigurationError


def measure_shard_run(
    messages: Annotated[
        int, typer.Option(min=1, help="Messages to send, with one shard and again with two.")
    ] = 200_000,
    readings_per_message: Annotated[int, typer.Option(min=1, max=50, help="Readings in each message.")] = 1,
    devices: Annotated[int, typer.Option(min=2, help="Devices that the messages come from.")] = 10_000,
    database_delay: Annotated[
        float, typer.Option(min=0, max=1, help="Seconds between ingest and database, each way: another machine.")
    ] = 0.0,
    withhold: Annotated[
        int, typer.Option(min=0, hidden=True, help="Negative control: produce so many and do not send them.")
    ] = 0,
) -> None:
    """Send the same load through one shard and through two (each a broker with its ingest); print one JSON report.

    `gain` is how many times as fast two are: on two cores that also carry brokers, database and generators it is CPU
    that limits, so `cost_of_a_message` (it must not grow) and `gain_of_the_limit` (what a single worker no longer
    holds back) say more. With --database-delay a worker waits instead. Ends with code 1 where anything was lost or
    doubled. Example: fjarrkoll bench shards --database-delay 0.02
    """
    try:
        from benchmarks.measuring import now_milliseconds  # noqa: PLC0415 - see the message below
        from benchmarks.shards import measure_shards  # noqa: PLC0415
        from benchmarks.workload import Workload  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    workload = Workload.ending_at(
        now_milliseconds(),
        messages=messages,
        readings_per_message=readings_per_message,
        devices=devices,
        withheld=withhold,
    )
    run = measure_shards(workload, database_delay, lambda text: typer.echo(text, err=True))
    typer.echo(msgspec.json.format(msgspec.json.encode(run.told()), indent=2).decode())
    if complaints := run.complaints():
        typer.echo(f"not sound: {', '.join(complaints)}", err=True)
        raise typer.Exit(1)
