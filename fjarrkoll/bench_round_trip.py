"""`fjarrkoll bench round-trip`: how long a fault read takes over the API while the fleet speaks."""

from typing import Annotated

import msgspec
import typer

from fleet.errors import ConfigurationError


def measure_round_trip(
    devices: Annotated[int, typer.Option(min=1, help="Devices that speak meanwhile.")] = 417_000,
    interval: Annotated[int, typer.Option(min=1, help="Seconds between two messages of a device.")] = 60,
    seconds: Annotated[float, typer.Option(min=5, help="How long devices are asked.")] = 60.0,
    after: Annotated[float, typer.Option(min=0, help="Seconds that the fleet speaks before that.")] = 90.0,
) -> None:
    """Ask ten devices for their fault codes once a second each, beside a region's load; print one JSON report.

    Starts its own durable PostgreSQL and Mosquitto, ingest, worker and API, and removes them. Ends with code 1 where a
    request was not answered. Example: fjarrkoll bench round-trip --devices 417000 --seconds 60
    """
    try:
        from benchmarks.round_trip import measure_round_trips  # noqa: PLC0415 - see the message below
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error

    found = measure_round_trips(devices, interval, seconds, after, lambda text: typer.echo(text, err=True))
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    if found.unanswered:
        typer.echo(f"not sound: {found.unanswered} requests without an answer", err=True)
        raise typer.Exit(1)
