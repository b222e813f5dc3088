"""`fjarrkoll bench`: measure ingest against the broker's and the database's own limits."""

from typing import Annotated

import typer

from fjarrkoll.alarm_run.cli import measure_alarms
from fjarrkoll.bench_copies import measure_copies
from fjarrkoll.bench_diagnosis import measure_diagnosis
from fjarrkoll.bench_fleet import measure_fleet_run
from fjarrkoll.bench_round_trip import measure_round_trip
from fjarrkoll.bench_shards import measure_shard_run
from fjarrkoll.chain.cli import measure_chain
from fjarrkoll.idle_bench import measure_idle
from fleet.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Measure ingest against the broker's and the database's own limits.")
app.command("alarms")(measure_alarms)
app.command("chain")(measure_chain)
app.command("copies")(measure_copies)
app.command("diagnosis")(measure_diagnosis)
app.command("fleet")(measure_fleet_run)
app.command("idle")(measure_idle)
app.command("shards")(measure_shard_run)
app.command("round-trip")(measure_round_trip)


@app.callback()
def entrance() -> None:
    """Measure ingest against the broker's and the database's own limits."""


@app.command("ingest")
def measure_ingest(  # noqa: PLR0913, PLR0917 - every option is a knob of the measurement
    messages: Annotated[int, typer.Option(min=1, help="Messages to send end to end.")] = 200_000,
    readings_per_message: Annotated[
        int, typer.Option(min=1, max=50, help="1 for live devices, 5 for stored-up readings.")
    ] = 1,
    devices: Annotated[int, typer.Option(min=1, help="Devices that the messages come from.")] = 10_000,
    peer_messages: Annotated[
        int, typer.Option(min=1, help="Of these, messages for the script people write themselves.")
    ] = 5_000,
    runs: Annotated[int, typer.Option(min=1, max=20, help="Whole runs on fresh servers; the median is printed.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")] = False,  # noqa: FBT002
    withhold: Annotated[
        int, typer.Option(min=0, hidden=True, help="Negative control: produce so many and do not send them.")
    ] = 0,
) -> None:
    """Measure generator → broker → ingest → database in one run, beside the limits of its parts.

    Starts its own durable PostgreSQL and Mosquitto, and removes them. Ends with code 1 where a reading was lost, stored
    twice or changed. Example: fjarrkoll bench ingest --runs 3
    """
    try:
        from benchmarks.measuring import measure, now_milliseconds, require_sound  # noqa: PLC0415 - see the message below
        from benchmarks.report import as_json, as_text  # noqa: PLC0415
        from benchmarks.workload import Workload  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    done = []
    for number in range(1, runs + 1):
        workload = Workload.ending_at(
            now_milliseconds(),
            messages=messages,
            readings_per_message=readings_per_message,
            devices=devices,
            withheld=withhold,
        )
        done.append(measure(workload, peer_messages, lambda text, number=number: _tell(number, runs, text)))  # type: ignore[misc]
    if json:
        typer.echo(as_json(done))
    else:
        typer.echo(as_text(done))
    for run in done:
        require_sound(run)


def _tell(number: int, runs: int, text: str) -> None:
    typer.echo(f"run {number} of {runs}: {text}" if runs > 1 else text, err=True)
