"""`fjarrkoll bench alarms`."""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from fjarrkoll.alarm_run.faults import Fault
from fjarrkoll.alarm_run.judging import Result
from fjarrkoll.alarm_run.run import Order, run
from fleet.errors import ConfigurationError

# Outlives a restart and is rarely held in memory, unlike /tmp: durability must be paid for.
_TEMPORARY: Final = Path("/var/tmp")  # noqa: S108 - the folder made in it is ours alone


def measure_alarms(  # noqa: PLR0913 - every option is a knob of the run
    *,
    alarms: Annotated[int, typer.Option(min=1, help="Dispensers that jam.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="Jams a second.")] = 10.0,
    background: Annotated[float, typer.Option(min=0, help="Other messages a second meanwhile.")] = 500.0,
    background_devices: Annotated[
        int, typer.Option(min=0, help="A region beside: so many devices, one message a minute each.")
    ] = 0,
    kills: Annotated[int, typer.Option(min=0, help="kill -9 of the worker meanwhile.")] = 0,
    fault: Annotated[Fault, typer.Option(help="One thing that goes wrong after a third of the jams.")] = Fault.NONE,
    receiver_seconds: Annotated[float, typer.Option(min=0, help="How long the receiver takes to answer.")] = 0.0,
    control: Annotated[
        bool, typer.Option(help="A worker that records before it sends: the run is good if alarms are lost.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the kills' moments.")] = 1,
) -> None:
    """Time jams from the broker's acknowledgement to the webhook's receiver, and count what is lost or repeated.

    Starts its own servers and removes them; prints one JSON object. Ends with code 1 where an alarm was never sent,
    told out of order, or repeated more often than there were kills. `in_time` says whether the limits were kept: p99 of
    1 s and 5 s at most, 10 s where something failed.
    Examples: fjarrkoll bench alarms --alarms 1000 --kills 100; fjarrkoll bench alarms --background-devices 417000
    """
    order = Order(
        alarms=alarms,
        rate=rate,
        background=background,
        kills=kills,
        control=control,
        seed=seed,
        fault=fault,
        receiver_seconds=receiver_seconds,
    )
    result = _with_a_region(order, background_devices) if background_devices else _alone(order)
    typer.echo(json.dumps({**asdict(result), "sound": result.sound, "in_time": result.in_time}))
    if (result.never_sent > 0) if control else result.sound:
        return
    raise typer.Exit(1)


def _alone(order: Order) -> Result:
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-alarms-", dir=_TEMPORARY))
    folder.chmod(0o755)
    try:
        return run(order, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_a_region(order: Order, devices: int) -> Result:
    try:
        from benchmarks.alarms_under_load import measure_alarms_under_load  # noqa: PLC0415 - see the message below
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise ConfigurationError("an installed copy has no benchmark: run it in the project's own folder") from error
    return measure_alarms_under_load(order, devices, lambda text: typer.echo(text, err=True))
