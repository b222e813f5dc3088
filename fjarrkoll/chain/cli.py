"""`fjarrkoll bench chain`: kill every part of the chain, do all else to it, and count what is lost or doubled."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from fjarrkoll.chain.campaign import Order, campaign, endure
from fjarrkoll.chain.faults import FAULTS, PAST_KEEPALIVE_SECONDS, SILENCES
from fjarrkoll.chain.outage import Outage, endure_outage
from fjarrkoll.chain.report import Control, Report
from fjarrkoll.chain.strikes import PARTS
from fleet.errors import ConfigurationError

# Outlives a restart and is rarely held in memory, unlike /tmp: durability must be paid for.
_TEMPORARY: Final = Path("/var/tmp")  # noqa: S108 - the folder made in it is ours alone
_OF_CONTROL: Final = {
    Control.NO_OUTBOX: (("broker",), False),
    Control.ACKNOWLEDGE_ON_RECEIPT: (("ingest",), False),
    Control.NO_IDENTITY: (PARTS, True),
}


def measure_chain(  # noqa: PLR0913, PLR0917 - every option is a knob of the run
    kills: Annotated[int, typer.Option(min=0, help="Kills, the parts in turn; 0 for a fault or outage alone.")] = 30,
    messages: Annotated[int, typer.Option(min=1, help="Messages that the devices produce.")] = 20_000,
    parts: Annotated[str, typer.Option(help="What is killed, separated by commas.")] = ",".join(PARTS),
    fault: Annotated[str | None, typer.Option(help=f"Instead of kills: {', '.join(FAULTS)}, outage.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long devices produce around a fault.")] = 20.0,
    rate: Annotated[float, typer.Option(min=1, help="Messages a second.")] = 1500.0,
    control: Annotated[
        Control | None, typer.Option(help="Take a safeguard away; the run is good if that is noticed.")
    ] = None,
    silence: Annotated[
        float, typer.Option(min=1, help=f"Seconds that {' or '.join(SILENCES)} lasts.")
    ] = PAST_KEEPALIVE_SECONDS,
    *,
    database_delay: Annotated[
        float,
        typer.Option(min=0, max=1, help="Seconds added to whatever passes between ingest and database, each way."),
    ] = 0.003,
    outbox: Annotated[bool, typer.Option(help="Devices keep messages until they are stored.")] = True,
) -> None:
    """Kill broker, ingest and database in turn under traffic, then compare the database with what was produced.

    Starts its own durable PostgreSQL and Mosquitto, ends only what it started, and prints one JSON report. Ends with
    code 1 where anything was lost, stored twice or changed, or where a fault did not fire, so that nothing was proved.
    Example: fjarrkoll bench chain --kills 30 --messages 20000
    """
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-chain-", dir=_TEMPORARY))
    folder.chmod(0o755)
    try:
        if fault is not None:
            report = _ran(_fault(fault, folder, seconds, rate, messages, silence))
        else:
            chosen, kept = _OF_CONTROL[control] if control else (tuple(parts.split(",")), outbox)
            order = Order(
                name="kills",
                messages=messages,
                kills=kills,
                parts=chosen,
                rate=rate,
                outbox=kept,
                control=control,
                database_delay_seconds=database_delay,
            )
            report = _ran(campaign(order, folder, lambda text: typer.echo(text, err=True)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    typer.echo(report.as_json().decode())
    if not report.sound:
        raise typer.Exit(1)


def _fault(  # noqa: PLR0913, PLR0917 - the knobs of the command
    name: str, folder: Path, seconds: float, rate: float, messages: int, silence: float
) -> Coroutine[Any, Any, Report]:
    if name == "outage":
        return endure_outage(Outage(messages=messages, rate=rate), folder)
    if name not in FAULTS:
        raise ConfigurationError(f"there is no fault {name!r}: choose among {', '.join(FAULTS)}, outage")
    act = partial(SILENCES[name], seconds=silence) if name in SILENCES else None
    return endure(FAULTS[name], folder, seconds=seconds, rate=rate, act=act)


def _ran(work: Coroutine[Any, Any, Report]) -> Report:
    return asyncio.run(work)
