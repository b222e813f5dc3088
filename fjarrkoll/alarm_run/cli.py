"""`fjarrkoll bench alarms`."""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from fjarrkoll.alarm_run.run import Order, run

# Outlives a restart and is rarely held in memory, unlike /tmp: durability must be paid for.
_TEMPORARY: Final = Path("/var/tmp")  # noqa: S108 - the folder made in it is ours alone


def measure_alarms(  # noqa: PLR0913 - every option is a knob of the run
    *,
    alarms: Annotated[int, typer.Option(min=1, help="Dispensers that jam.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="Jams a second.")] = 10.0,
    background: Annotated[float, typer.Option(min=0, help="Other messages a second meanwhile.")] = 500.0,
    kills: Annotated[int, typer.Option(min=0, help="kill -9 of the worker meanwhile.")] = 0,
    control: Annotated[
        bool, typer.Option(help="A worker that records before it sends: the run is good if alarms are lost.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the kills' moments.")] = 1,
) -> None:
    """Time jams from the broker's acknowledgement to the webhook's receiver, and count what is lost or repeated.

    Starts its own servers and removes them; prints one JSON object. Ends with code 1 where an alarm was never sent,
    told out of order, or repeated more often than there were kills.
    Example: fjarrkoll bench alarms --alarms 1000 --kills 100
    """
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-alarms-", dir=_TEMPORARY))
    folder.chmod(0o755)
    try:
        order = Order(alarms=alarms, rate=rate, background=background, kills=kills, control=control, seed=seed)
        result = run(order, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    typer.echo(json.dumps({**asdict(result), "sound": result.sound}))
    if (result.never_sent > 0) if control else result.sound:
        return
    raise typer.Exit(1)
